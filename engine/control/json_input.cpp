#include "engine/control/json_input.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "engine/catalog/notices.h"
#include "engine/consent/consent_state.h"
#include "engine/control/json_object.h"
#include "engine/control/leg_input.h"
#include "engine/control/tokens.h"

namespace assent {
namespace {

using nlohmann::json;
using Faults = std::vector<FieldError>;

constexpr TextRule kNonEmpty{};
constexpr TextRule kMaybeEmpty{limits::kRefBytes, true, false};
constexpr TextRule kName{limits::kNameBytes, false, false};
constexpr TextRule kNoteText{limits::kNoteBytes, false, true};

// What was read when there was nothing wrong with it, else the problem that lists all of it.
template <typename T>
Read<T> unless(Faults faults, T value) {
  if (faults.empty()) return value;
  Problem problem{ProblemType::invalid, {}, std::move(faults)};
  const FieldError& first = problem.errors.front();
  problem.detail = first.pointer + " " + first.what;
  if (problem.errors.size() > 1) problem.detail += " (and " + std::to_string(problem.errors.size() - 1) + " more)";
  if (problem.errors.size() > limits::kApiFaults) problem.errors.resize(limits::kApiFaults);
  return problem;
}

std::string element(const std::string& array_pointer, std::size_t index) {
  return array_pointer + "/" + std::to_string(index);
}

Notice read_notice(const json& value, const std::string& pointer, Faults& faults) {
  JsonObject object(value, pointer, faults);
  Notice notice;
  notice.id = object.text("id");
  notice.version = object.text("version");
  notice.language = object.optional_text("language", kMaybeEmpty).value_or("");
  notice.hash = object.optional_text("hash", kMaybeEmpty).value_or("");
  object.finish();
  return notice;
}

std::optional<Notice> optional_notice(JsonObject& object, Faults& faults) {
  const json* value = object.optional_value("notice");
  if (value == nullptr) return std::nullopt;
  return read_notice(*value, object.pointer_to("notice"), faults);
}

ParticipantSpec read_participant(const json& value, const std::string& pointer, Faults& faults) {
  JsonObject object(value, pointer, faults);
  ParticipantSpec participant;
  participant.ref = object.text("ref");
  participant.subject = object.optional_text("subject");
  participant.role = object.text("role");
  participant.name = object.optional_text("name");
  participant.address = object.optional_text("address");
  object.finish();
  return participant;
}

std::vector<ParticipantSpec> read_participants(JsonObject& object, std::size_t least, Faults& faults) {
  std::vector<ParticipantSpec> participants;
  std::set<std::string> refs;
  const std::string pointer = object.pointer_to("participants");
  for (const json* value : object.array("participants", {least, limits::kParticipantsPerCall})) {
    const std::string here = element(pointer, participants.size());
    participants.push_back(read_participant(*value, here, faults));
    const std::string& ref = participants.back().ref;
    if (!ref.empty() && !refs.insert(ref).second) faults.push_back({here + "/ref", "is another participant's already"});
  }
  return participants;
}

struct Legs {
  std::vector<LegSpec> specs;
  bool no_memory = false;  // for a key of one of them
};

Legs read_legs(JsonObject& object, Faults& faults) {
  Legs legs;
  std::set<std::string> labels;
  const std::string pointer = object.pointer_to("legs");
  for (const json* value : object.array("legs", {0, limits::kLegsPerCall})) {
    const std::string here = element(pointer, legs.specs.size());
    legs.specs.push_back(read_leg(*value, here, faults, legs.no_memory));
    const std::string& label = legs.specs.back().label;
    if (!label.empty() && !labels.insert(label).second) faults.push_back({here + "/label", "is another leg's already"});
  }
  return legs;
}

std::vector<LegChange> read_changes(JsonObject& object, Faults& faults, bool& no_memory) {
  std::vector<LegChange> changes;
  const std::string pointer = object.pointer_to("changes");
  for (const json* value : object.array("changes", {0, limits::kLegsPerCall})) {
    changes.push_back(read_leg_change(*value, element(pointer, changes.size()), faults, no_memory));
  }
  return changes;
}

void check_participants_exist(const CallSpec& call, Faults& faults) {
  for (std::size_t i = 0; i < call.legs.size(); ++i) {
    const std::string& wanted = call.legs[i].participant;
    const bool exists = std::any_of(call.participants.begin(), call.participants.end(),
                                    [&](const ParticipantSpec& participant) { return participant.ref == wanted; });
    if (!exists && !wanted.empty()) {
      faults.push_back({element("/legs", i) + "/participant", "must be the ref of one of the participants"});
    }
  }
}

void read_purposes(JsonObject& object, std::vector<std::string>& purposes, Faults& faults) {
  const std::string pointer = object.pointer_to("purposes");
  for (const json* value : object.array("purposes", {0, limits::kPurposes})) {
    const std::string here = element(pointer, purposes.size());
    std::string purpose = read_text(*value, here, kNonEmpty, faults);
    const bool is_there = std::find(purposes.begin(), purposes.end(), purpose) != purposes.end();
    if (is_there && !purpose.empty()) faults.push_back({here, "comes twice"});
    purposes.push_back(std::move(purpose));
  }
}

// What somebody who passes a decision on says of how it was made: a WithdrawalSpec or ConsentSpec takes it.
template <typename Spec>
void read_signal(JsonObject& object, Spec& spec, Faults& faults) {
  const json* value = object.optional_value("signal");
  if (value == nullptr) return;
  JsonObject signal(*value, object.pointer_to("signal"), faults);
  spec.signal_type = signal.text("type");
  spec.signal_value = signal.optional_text("value", kMaybeEmpty).value_or("");
  const auto type = parse_signal_type(spec.signal_type);
  if (!spec.signal_type.empty() && (!type || !may_be_stated(*type))) {
    signal.fault("type", "must be api, dtmf, voice, web or siprec");
  }
  signal.finish();
}

enum class Participant { named, named_unless_withdrawn };

// Participant, decision and purposes: what a decision is, whoever tells of it.
ConsentSpec read_decision(JsonObject& object, Participant participant, Faults& faults) {
  ConsentSpec spec;
  const auto who = object.optional_text("participant");
  spec.participant = who.value_or("");
  spec.decision = object.text("decision");
  const auto decision = parse_decision(spec.decision);
  if (!spec.decision.empty() && (!decision || *decision == Decision::expired)) {
    object.fault("decision", "must be granted, denied or withdrawn");
  }
  const bool may_be_all = participant == Participant::named_unless_withdrawn && decision == Decision::withdrawn;
  if (!who && !may_be_all) object.fault("participant", "is missing");
  read_purposes(object, spec.purposes, faults);
  spec.notice = optional_notice(object, faults);
  return spec;
}

// As `unless`, and a fault that is only that there was no room for a key is nobody's mistake.
template <typename T>
Read<T> unless_unkept(Faults faults, const Legs& legs, T value) {
  Read<T> read = unless(std::move(faults), std::move(value));
  if (read || !legs.no_memory) return read;
  Problem problem = read.error();
  problem.type = ProblemType::exhausted;
  return problem;
}

std::vector<std::string> read_names(JsonObject& object, std::string_view name, JsonObject::Count count,
                                    Faults& faults) {
  std::vector<std::string> names;
  const std::string pointer = object.pointer_to(name);
  for (const json* value : object.array(name, count)) {
    const std::string here = element(pointer, names.size());
    std::string text = read_text(*value, here, kNonEmpty, faults);
    const bool is_there = std::find(names.begin(), names.end(), text) != names.end();
    if (is_there && !text.empty()) faults.push_back({here, "comes twice"});
    names.push_back(std::move(text));
  }
  return names;
}

std::optional<WallTime> read_time(JsonObject& object, std::string_view name) {
  const auto text = object.optional_text(name);
  if (!text) return std::nullopt;
  const auto time = parse_rfc3339(*text);
  if (!time && !text->empty()) object.fault(name, "must be a time such as 2026-11-24T22:59:00Z");
  return time;
}

// A body that is one object, of which `fill` takes the members; what it does not take is a fault.
template <typename Fill>
auto read_object(std::string_view body, Fill fill)
    -> Read<decltype(fill(std::declval<JsonObject&>(), std::declval<Faults&>()))> {
  auto parsed = parse_json_body(body);
  if (!parsed) return parsed.error();
  Faults faults;
  JsonObject object(*parsed, "", faults);
  auto spec = fill(object, faults);
  object.finish();
  return unless(std::move(faults), std::move(spec));
}

}  // namespace

Read<CallSpec> read_call_spec(std::string_view body) {
  auto parsed = parse_json_body(body);
  if (!parsed) return parsed.error();
  Faults faults;
  JsonObject object(*parsed, "", faults);
  CallSpec call;
  call.ref = object.text("ref");
  call.tenant = object.optional_text("tenant", kMaybeEmpty).value_or("");
  call.policy = object.optional_text("policy");
  call.notice = optional_notice(object, faults);
  const json* source = object.optional_value("source");
  if (source != nullptr) call.rtpengine = read_call_source(*source, object.pointer_to("source"), faults);
  call.participants = read_participants(object, source == nullptr ? 1 : 0, faults);
  Legs legs = read_legs(object, faults);
  call.legs = std::move(legs.specs);
  object.finish();
  check_participants_exist(call, faults);
  return unless_unkept(std::move(faults), legs, std::move(call));
}

Read<LegsSpec> read_legs_spec(std::string_view body) {
  auto parsed = parse_json_body(body);
  if (!parsed) return parsed.error();
  Faults faults;
  JsonObject object(*parsed, "", faults);
  LegsSpec spec;
  spec.participants = read_participants(object, 0, faults);
  Legs legs = read_legs(object, faults);
  spec.legs = std::move(legs.specs);
  spec.changes = read_changes(object, faults, legs.no_memory);
  object.finish();
  if (faults.empty() && spec.legs.empty() && spec.participants.empty() && spec.changes.empty()) {
    faults.push_back({"", "must name at least one leg or participant, or change one"});
  }
  return unless_unkept(std::move(faults), legs, std::move(spec));
}

Read<ConsentSpec> read_consent_spec(std::string_view body) {
  return read_object(body, [](JsonObject& object, Faults& faults) {
    ConsentSpec spec = read_decision(object, Participant::named_unless_withdrawn, faults);
    read_signal(object, spec, faults);
    constexpr auto kMost = std::chrono::duration_cast<std::chrono::seconds>(limits::kValidityMax).count();
    if (const auto time_s = object.optional_integer("validity_s", 1, kMost)) {
      spec.validity = std::chrono::seconds(*time_s);
      const auto decision = parse_decision(spec.decision);
      if (decision && *decision != Decision::granted) object.fault("validity_s", "is for a grant only");
    }
    return spec;
  });
}

Read<SignalSpec> read_signal_spec(std::string_view body) {
  return read_object(body, [](JsonObject& object, Faults& faults) {
    SignalSpec spec;
    spec.id = object.optional_text("id");
    spec.call = object.text("call");
    spec.decision = read_decision(object, Participant::named, faults);
    return spec;
  });
}

Read<PauseSpec> read_pause_spec(std::string_view body) {
  return read_object(body, [](JsonObject& object, Faults&) {
    PauseSpec spec{object.text("reason")};
    return spec;
  });
}

Read<NoteSpec> read_note_spec(std::string_view body) {
  return read_object(body, [](JsonObject& object, Faults&) {
    NoteSpec spec{object.text("text", kNoteText)};
    return spec;
  });
}

Read<StandingSpec> read_standing_spec(std::string_view body) {
  return read_object(body, [](JsonObject& object, Faults& faults) {
    StandingSpec spec;
    spec.tenant = object.optional_text("tenant");
    spec.purposes = read_names(object, "purposes", {1, limits::kPurposes}, faults);
    spec.from = read_time(object, "from");
    spec.until = read_time(object, "until");
    spec.notice = optional_notice(object, faults);
    spec.evidence = object.optional_text("evidence", kNoteText);
    return spec;
  });
}

Read<WithdrawalSpec> read_withdrawal_spec(std::string_view body) {
  return read_object(body.empty() ? "{}" : body, [](JsonObject& object, Faults& faults) {
    WithdrawalSpec spec;
    spec.tenant = object.optional_text("tenant");
    read_purposes(object, spec.purposes, faults);
    read_signal(object, spec, faults);
    spec.notice = optional_notice(object, faults);
    return spec;
  });
}

Read<ErasureSpec> read_erasure_spec(std::string_view body) {
  return read_object(body.empty() ? "{}" : body,
                     [](JsonObject& object, Faults&) { return ErasureSpec{object.optional_text("tenant")}; });
}

Read<HoldSpec> read_hold_spec(std::string_view body) {
  return read_object(body, [](JsonObject& object, Faults&) {
    HoldSpec spec;
    const std::string on = object.text("on");
    if (!on.empty() && !parse_name(on, spec.target)) object.fault("on", "must be recording, call, subject or tenant");
    spec.id = object.text("id");
    spec.tenant = object.optional_text("tenant");
    if (spec.tenant && spec.target != HoldTarget::subject) object.fault("tenant", "is for a subject only");
    spec.reason = object.text("reason");
    if (!spec.reason.empty() && !is_case_reference(spec.reason)) {
      object.fault("reason", "must be a case reference of 1 to 64 letters, digits, spaces and .,:;-_/#()");
    }
    spec.until = read_time(object, "until");
    return spec;
  });
}

Read<DisclosureSpec> read_disclosure_spec(std::string_view body) {
  return read_object(body.empty() ? "{}" : body, [](JsonObject& object, Faults&) {
    DisclosureSpec spec{object.optional_text("tenant"), object.optional_text("recipient")};
    if (!spec.recipient) return spec;
    if (const auto recipient = AgeRecipient::parse(*spec.recipient); !recipient) {
      object.fault("recipient", recipient.error().what);
    }
    return spec;
  });
}

Read<NoticeSpec> read_notice_spec(std::string_view body) {
  return read_object(body, [](JsonObject& object, Faults&) {
    NoticeSpec spec{object.text("id", kName), object.text("version", kName), object.text("language", kName),
                    object.text("text", kNoteText)};
    if (!spec.language.empty() && !is_language_tag(spec.language)) {
      object.fault("language", "must be a tag such as en or de-CH (RFC 5646)");
    }
    return spec;
  });
}

Read<PurposeSpec> read_purpose_spec(std::string_view body) {
  return read_object(body, [](JsonObject& object, Faults& faults) {
    PurposeSpec spec;
    spec.id = object.text("id", kName);
    spec.version = object.optional_text("version", kName).value_or("1");
    spec.description = object.text("description", kNoteText);
    spec.lawful_basis = object.optional_text("lawful_basis").value_or("consent");
    constexpr auto kHours = std::chrono::duration_cast<std::chrono::hours>(limits::kRetentionMax).count();
    spec.retention_hours = object.optional_integer("retention_hours", 1, kHours);
    spec.processors = read_names(object, "processors", {0, limits::kProcessors}, faults);
    return spec;
  });
}

Read<WaiveSpec> read_waive_spec(std::string_view body) {
  return read_object(body, [](JsonObject& object, Faults&) {
    WaiveSpec spec{object.text("reason"), std::nullopt};
    if (const auto erasure = object.optional_text("erasure")) {
      spec.erasure = parse_id<ErasureId>(*erasure);
      if (!spec.erasure) object.fault("erasure", "must be an erasure's id");
    }
    return spec;
  });
}

Read<ConfirmationSpec> read_confirmation_spec(std::string_view body) {
  return read_object(body, [](JsonObject& object, Faults&) {
    const std::string event = object.text("event");
    const auto id = parse_id<EventId>(event);
    if (!id && !event.empty()) object.fault("event", "must be the id of an event");
    return ConfirmationSpec{id.value_or(EventId())};
  });
}

Read<TokenSpec> read_token_spec(std::string_view body) {
  return read_object(body, [](JsonObject& object, Faults&) {
    TokenSpec spec;
    spec.id = object.text("id");
    if (!spec.id.empty() && !is_token_id(spec.id)) object.fault("id", "must be 1 to 64 of a-z, 0-9, '.', '_' and '-'");
    const std::string role = object.text("role");
    if (const auto known = parse_role(role)) {
      spec.role = *known;
    } else if (!role.empty()) {
      object.fault("role", "must be admin, supervisor, agent or ingest");
    }
    return spec;
  });
}

}  // namespace assent
