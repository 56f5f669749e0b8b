#include "engine/control/disclosure_reader.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/limits.h"
#include "codecs/codec.h"
#include "engine/catalog/opt_in_time.h"
#include "engine/catalog/people.h"
#include "engine/catalog/processor_event.h"
#include "engine/catalog/unless_gone.h"
#include "engine/consent/audio_use.h"
#include "engine/control/purpose_right.h"

namespace assent {
namespace {

using nlohmann::json;

std::vector<std::string> texts_in(const std::string& list_json) {
  std::vector<std::string> texts;
  const json list = json::parse(list_json, nullptr, false);
  if (!list.is_array()) return texts;
  for (const json& one : list) {
    if (one.is_string()) texts.push_back(one.get<std::string>());
  }
  return texts;
}

// With since when it is as it is.
std::string described(const ProcessorRow& processor) {
  std::string text = processor.name + " (" + processor.host + ", since " + to_rfc3339(processor.since);
  if (processor.removed) text += ", until " + to_rfc3339(*processor.removed);
  return text + ")";
}

bool is_use(const LedgerRow& row) {
  return row.kind == name_of(LedgerKind::access) || row.kind == name_of(LedgerKind::refusal) ||
         row.kind == name_of(LedgerKind::export_keys);
}

bool is_erasure(const LedgerRow& row) {
  return row.kind == name_of(LedgerKind::erasure_step) || row.kind == name_of(LedgerKind::erasure_done);
}

}  // namespace

// What a call is made of, while it is read.
struct DisclosureReader::Sources {
  std::vector<ParticipantRow> participants;
  std::vector<ConsentRow> consents;  // of everybody
  std::vector<SegmentRow> segments;
  std::set<ParticipantId> own;
  std::optional<WallTime> erased;  // the last time that something of the call was
};

Result<DisclosedPerson> DisclosureReader::person(const ExportJob& job) {
  const auto row = parts_.catalog.subject(job.subject);
  if (!row) return row.error();
  if (!*row || (*row)->erased) return error(Errc::not_found, "the person has been erased");
  DisclosedPerson person;
  person.id = job.id;
  person.subject = job.subject;
  person.at = parts_.clock().wall;
  const auto tenant = parts_.catalog.tenant((*row)->tenant);
  if (!tenant) return tenant.error();
  if (*tenant) person.tenant = (*tenant)->name;
  const auto key = parts_.keys.open((*row)->key);
  if (!key) return key.error();
  auto reference = unless_gone(open_subject_ref(*key->key, **row));
  if (!reference) return reference.error();
  person.reference = *std::move(reference);
  const auto standing = parts_.catalog.standing_consents(job.subject);
  if (!standing) return standing.error();
  for (const StandingConsentRow& one : *standing) {
    auto evidence = unless_gone(open_evidence(*key->key, one));
    if (!evidence) return evidence.error();
    person.standing.push_back({one, *std::move(evidence)});
  }
  return person;
}

Result<DisclosedCall> DisclosureReader::call(const CallRow& row, SubjectId subject) {
  DisclosedCall call;
  call.subject = subject;
  Sources from;
  const auto now = parts_.catalog.call(row.id);  // as it is by now
  if (!now) return now.error();
  call.row = now->value_or(row);
  const auto tenant = parts_.catalog.tenant(row.tenant);
  if (!tenant) return tenant.error();
  if (*tenant) call.tenant = (*tenant)->name;
  auto recording = parts_.catalog.recording_of(row.id);
  if (!recording) return recording.error();
  call.recording = *std::move(recording);
  if (call.recording) {
    auto segments = parts_.catalog.segments(call.recording->id);
    if (!segments) return segments.error();
    from.segments = *std::move(segments);
  }
  if (auto added = add_ledger(from, call); !added) return added.error();
  if (call.recording && call.recording->state == RecordingState::erased) {
    call.erased = from.erased ? from.erased : call.recording->ended;
  }
  if (auto added = add_people(subject, from, call); !added) return added.error();
  if (auto added = add_legs(from, call); !added) return added.error();
  if (auto added = add_texts(call); !added) return added.error();
  if (auto added = add_receipts(subject, call); !added) return added.error();
  if (auto added = add_recipients(call); !added) return added.error();
  auto holds = parts_.catalog.holds_over(HoldTarget::call, row.id.bytes);
  if (!holds) return holds.error();
  call.holds = *std::move(holds);
  return call;
}

Result<void> DisclosureReader::add_ledger(Sources& from, DisclosedCall& call) {
  LedgerFilter filter{call.row.id, std::nullopt, 0, limits::kCatalogListRows};
  for (;;) {
    auto rows = parts_.catalog.ledger(filter);
    if (!rows) return rows.error();
    for (LedgerRow& row : *rows) {
      filter.after_seq = row.seq;
      if (is_erasure(row)) from.erased = row.at;
      if (is_use(row)) call.accesses.push_back(std::move(row));
    }
    if (rows->size() < filter.limit) return {};
  }
}

Result<void> DisclosureReader::add_people(SubjectId subject, Sources& from, DisclosedCall& call) {
  auto rows = parts_.catalog.participants(call.row.id);
  if (!rows) return rows.error();
  auto consents = parts_.catalog.consents(call.row.id);
  if (!consents) return consents.error();
  from.participants = *std::move(rows);
  from.consents = *std::move(consents);
  std::map<ParticipantId, KeyId> own_keys;
  for (const ParticipantRow& row : from.participants) {
    DisclosedParticipant one{row.id, row.role, row.subject == subject, std::nullopt, std::nullopt};
    if (one.is_them) {
      from.own.insert(row.id);
      own_keys[row.id] = row.key;
      one.opt_in = opt_in_time(row.id, from.consents);
      auto key = unless_gone(parts_.keys.open(row.key));
      if (!key) return key.error();
      if (*key) {
        auto fields = unless_gone(open_participant(*(*key)->key, row));
        if (!fields) return fields.error();
        one.fields = *std::move(fields);
      }
    }
    call.participants.push_back(std::move(one));
  }
  for (const ConsentRow& consent : from.consents) {
    if (from.own.contains(consent.participant)) call.consents.push_back(consent);
  }
  auto said = open_said(parts_.keys, own_keys, call.consents);
  if (!said) return said.error();
  call.said = *std::move(said);
  return {};
}

Result<void> DisclosureReader::add_legs(const Sources& from, DisclosedCall& call) {
  auto rows = parts_.catalog.legs(call.row.id);
  if (!rows) return rows.error();
  const auto recorded = parts_.catalog.last_recorded();
  if (!recorded) return recorded.error();
  // Each by their own consent alone: under one-party, the person's own yes would otherwise disclose what others said.
  const HearingQuestion question{kDisclosurePurpose, Policy::per_party, call.row.created,
                                 std::max(parts_.clock().wall, *recorded)};
  const std::vector<bool> open = legs_open_for(question, from.participants, *rows, from.consents);
  for (std::size_t i = 0; i < rows->size(); ++i) {
    LegRow& row = (*rows)[i];
    const bool is_theirs = from.own.contains(row.participant);
    if (!is_theirs && !open[i]) continue;
    DisclosedLeg leg;
    const auto owner = std::find_if(from.participants.begin(), from.participants.end(),
                                    [&](const ParticipantRow& one) { return one.id == row.participant; });
    if (owner == from.participants.end()) return error(Errc::corrupt, "a leg is of nobody in its call");
    leg.role = owner->role;
    leg.party = static_cast<std::size_t>(owner - from.participants.begin());
    leg.is_theirs = is_theirs;
    leg.row = std::move(row);
    if (auto added = add_leg(from, std::move(leg), call); !added) return added;
  }
  return {};
}

Result<void> DisclosureReader::add_leg(const Sources& from, DisclosedLeg leg, DisclosedCall& call) {
  auto key = unless_gone(parts_.keys.open(leg.row.key));
  if (!key) return key.error();
  if (!*key || call.erased) {
    if (!leg.is_theirs) return {};
    leg.erased = from.erased ? from.erased : call.row.ended;
    if (!leg.erased) leg.erased = call.row.created;
    call.legs.push_back(std::move(leg));
    return {};
  }
  if (leg.is_theirs) {
    const auto text = unless_gone(open_leg_metrics(*(*key)->key, leg.row));
    if (!text) return text.error();
    if (*text) {
      const auto metrics = leg_metrics_from(**text);
      if (!metrics) return metrics.error();
      leg.metrics = *metrics;
    }
  }
  if (auto added = add_audio(from, leg, call.row.id); !added) return added;
  if (leg.is_theirs || !leg.audio.empty()) call.legs.push_back(std::move(leg));
  return {};
}

Result<void> DisclosureReader::add_audio(const Sources& from, DisclosedLeg& leg, CallId call) {
  std::vector<SegmentRow> segments;
  for (const SegmentRow& segment : from.segments) {
    if (segment.leg != leg.row.id) continue;
    // Another's spoken answer has a purpose of its own, and is nobody's but theirs.
    if (!leg.is_theirs && !is_for(segment.use, kDisclosurePurpose)) continue;
    if (segment.state == SegmentState::quarantined) {
      ++leg.quarantined;
      continue;
    }
    const auto object = parts_.store.open(segment.object);
    if (!object && object.error().code != Errc::not_found) return object.error();
    object ? segments.push_back(segment) : void(++leg.lost);
  }
  std::sort(segments.begin(), segments.end(), [](const SegmentRow& a, const SegmentRow& b) {
    return std::pair(a.started, a.number) < std::pair(b.started, b.number);
  });
  // Times in a segment are whole milliseconds, so that what follows a hole may be laid as much later than its time
  // says: none of the last words is cut off for it.
  constexpr auto kLaidLater = 2ms;
  const std::string name = "calls/" + to_text(call) + "/" + to_text(leg.row.id);
  const auto codecs = parse_codecs(leg.row.codec).value_or(std::vector<Codec>());
  for (SegmentRow& segment : segments) {
    if (leg.audio.empty() || segment.ended - leg.audio.back().start > limits::kExportAudioSpan) {
      DisclosedAudio audio;
      audio.name = name + (leg.audio.empty() ? "" : "-" + std::to_string(leg.audio.size() + 1)) + ".wav";
      audio.start = std::chrono::floor<milliseconds>(segment.started);
      audio.end = audio.start;
      for (const Codec& codec : codecs) audio.rate_hz = std::max(audio.rate_hz, codec.sample_rate());
      leg.audio.push_back(std::move(audio));
    }
    DisclosedAudio& audio = leg.audio.back();
    audio.end = std::max(audio.end, segment.ended + kLaidLater);
    audio.has_spoken_answer = audio.has_spoken_answer || segment.use != AudioUse::recording;
    audio.segments.push_back(std::move(segment));
  }
  return {};
}

Result<void> DisclosureReader::add_texts(DisclosedCall& call) {
  const auto notes = parts_.catalog.notes(call.row.id);
  if (!notes) return notes.error();
  const auto key = unless_gone(parts_.keys.open(call.row.key));
  if (!key) return key.error();
  for (const NoteRow& row : *notes) {
    DisclosedNote note{row, std::nullopt};
    if (*key) {
      auto text = unless_gone(open_note(*(*key)->key, row));
      if (!text) return text.error();
      note.text = *std::move(text);
    }
    call.notes.push_back(std::move(note));
  }
  if (!*key) return {};
  auto ref = unless_gone(open_call_ref(*(*key)->key, call.row));
  if (!ref) return ref.error();
  call.ref = *std::move(ref);
  for (DisclosedLeg& leg : call.legs) {
    if (!leg.is_theirs) continue;
    auto label = unless_gone(open_leg_label(*(*key)->key, leg.row));
    if (!label) return label.error();
    leg.label = *std::move(label);
  }
  return {};
}

Result<void> DisclosureReader::add_receipts(SubjectId subject, DisclosedCall& call) {
  auto receipts = parts_.receipts.of_call(call.row.id);
  if (!receipts && receipts.error().code == Errc::conflict) {
    call.no_receipts = receipts.error().what;
    return {};
  }
  if (!receipts) return receipts.error();
  for (SignedReceipt& receipt : *receipts) {
    if (receipt.subject == subject) call.receipts.push_back(std::move(receipt));
  }
  return {};
}

// Of what they agreed to at any time, as the register has it now; processors as they are, or were when they left.
Result<void> DisclosureReader::add_recipients(DisclosedCall& call) {
  std::set<std::string> granted;
  for (const ConsentRow& consent : call.consents) {
    if (consent.decision == "granted") granted.insert(consent.purpose);
  }
  const auto purposes = parts_.catalog.purposes();
  if (!purposes) return purposes.error();
  const auto processors = parts_.catalog.processors();
  if (!processors) return processors.error();
  std::map<std::string, const PurposeRow*> newest;
  for (const PurposeRow& purpose : *purposes) newest[purpose.id] = &purpose;  // oldest first
  for (const std::string& name : granted) {
    DisclosedRecipients who{name, {}, {}};
    if (const auto found = newest.find(name); found != newest.end()) {
      who.description = found->second->description;
      who.names = texts_in(found->second->processors_json);
    }
    for (const ProcessorRow& processor : *processors) {
      if (is_fed_by(processor, name)) who.names.push_back(described(processor));
    }
    call.recipients.push_back(std::move(who));
  }
  return {};
}

}  // namespace assent
