#include "engine/calls/call_admission.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/calls/call_memory.h"
#include "engine/catalog/notices.h"
#include "engine/catalog/person_fields.h"

namespace assent {
namespace {

constexpr std::string_view kDefaultTenant = "default";

Result<void> check_names(const std::vector<ParticipantSpec>& participants, const std::vector<LegSpec>& legs,
                         std::set<std::string> refs, std::set<std::string> labels) {
  for (const ParticipantSpec& participant : participants) {
    if (participant.ref.empty()) return error(Errc::invalid, "participants: each needs a ref that is not empty");
    if (!refs.insert(participant.ref).second) {
      return error(Errc::invalid, "participants: the ref \"" + participant.ref + "\" is there twice");
    }
  }
  for (const LegSpec& leg : legs) {
    if (leg.label.empty()) return error(Errc::invalid, "legs: each needs a label that is not empty");
    if (!labels.insert(leg.label).second) {
      return error(Errc::invalid, "legs: the label \"" + leg.label + "\" is there already");
    }
    if (!refs.contains(leg.participant)) {
      return error(Errc::invalid,
                   "legs: \"" + leg.label + "\" belongs to \"" + leg.participant + "\", who is no participant");
    }
  }
  return {};
}

}  // namespace

Result<std::string> CallAdmission::notice_json(const std::optional<Notice>& named, const PipelineDefaults& defaults) {
  if (named) {
    const auto row = find_notice(catalog_, {named->id, named->version, named->language, named->hash});
    if (!row) return row.error();
    return notice_json_of(*row);
  }
  if (!defaults.notice) return std::string();
  const Notice& usual = *defaults.notice;
  return notice_json_of({usual.id, usual.version, usual.language, {}, from_hex(usual.hash).value_or(Bytes()), {}, {}});
}

Result<AdmittedCall> CallAdmission::prepare(const CallSpec& spec, const PipelineDefaults& defaults, WallTime now) {
  if (spec.participants.empty()) return error(Errc::invalid, "participants: at least one is needed");
  if (spec.legs.empty()) return error(Errc::invalid, "legs: at least one is needed");
  if (spec.participants.size() > limits::kParticipantsPerCall || spec.legs.size() > limits::kLegsPerCall) {
    return error(Errc::invalid, "a call has at most " + std::to_string(limits::kParticipantsPerCall) +
                                    " participants and " + std::to_string(limits::kLegsPerCall) + " legs");
  }
  if (auto named = check_names(spec.participants, spec.legs, {}, {}); !named) return named.error();
  const std::string tenant_name = spec.tenant.empty() ? std::string(kDefaultTenant) : spec.tenant;
  const TenantConsent& rules = defaults.rules.of(tenant_name);
  ConsentSettings consent = defaults.consent;
  consent.policy = rules.policy;
  consent.validity = rules.validity;
  consent.purposes = purposes_.all();
  if (spec.policy) {
    const auto policy = parse_policy(*spec.policy);
    if (!policy) {
      return error(Errc::invalid, "policy: \"" + *spec.policy + "\" is none of all-party, per-party, one-party");
    }
    consent.policy = *policy;
  }

  std::vector<Booking> bookings;
  auto tenant = people_.tenant_or_new(tenant_name, now, bookings);
  if (!tenant) return tenant.error();
  auto call_key = keys_.make(KeyKind::call, tenant->key, bookings);
  if (!call_key) return call_key.error();

  const auto notice = notice_json(spec.notice, defaults);
  if (!notice) return notice.error();
  const CallIdentity identity{new_id<CallId>(now), tenant->id, new_id<RecordingId>(now), *notice, now};
  const CallTerms terms{consent, defaults.default_purposes, rules, defaults.notice};
  bookings.push_back(
      booking::AddCall{{identity.id, tenant->id, call_key->id, std::string(to_text(consent.policy)),
                        seal_call_ref(*call_key->key, identity.id, spec.ref), identity.notice_json, now, std::nullopt,
                        CallState::live, seal_call_settings(*call_key->key, identity.id, to_json(terms, purposes_))}});
  AdmittedCall admitted{{identity, consent, {}, {}}, spec.tenant, call_key->id, {}, {}};
  for (const ParticipantSpec& each : spec.participants) {
    auto made = participant(each, identity.id, *tenant, rules, now, bookings);
    if (!made) return made.error();
    admitted.call.participants.push_back(std::move(made->joins));
    admitted.participants.push_back(std::move(made->known));
  }
  int index = 0;
  for (const LegSpec& each : spec.legs) {
    const auto owner = std::find_if(admitted.participants.begin(), admitted.participants.end(),
                                    [&](const KnownParticipant& known) { return known.spec.ref == each.participant; });
    auto made = leg(each, identity.id, index++, *owner, *call_key, now, bookings);
    if (!made) return made.error();
    admitted.call.legs.push_back(std::move(*made));
  }
  admitted.bookings = std::move(bookings);
  return admitted;
}

Result<AdmittedLegs> CallAdmission::prepare_legs(const LegsSpec& spec, const CallContext& context, WallTime now) {
  std::set<std::string> refs;
  for (const KnownParticipant& known : context.participants) refs.insert(known.spec.ref);
  if (auto named = check_names(spec.participants, spec.legs, refs, {context.labels.begin(), context.labels.end()});
      !named) {
    return named.error();
  }
  if (context.participants.size() + spec.participants.size() > limits::kParticipantsPerCall ||
      context.labels.size() + spec.legs.size() > limits::kLegsPerCall) {
    return error(Errc::invalid, "a call has at most " + std::to_string(limits::kParticipantsPerCall) +
                                    " participants and " + std::to_string(limits::kLegsPerCall) + " legs");
  }
  const auto tenant = people_.tenant(context.tenant);
  if (!tenant) return tenant.error();
  auto call_key = keys_.open(context.call_key);
  if (!call_key) return call_key.error();

  AdmittedLegs admitted;
  for (const ParticipantSpec& each : spec.participants) {
    auto made = participant(each, context.call, *tenant, context.rules, now, admitted.bookings);
    if (!made) return made.error();
    admitted.joining.push_back(std::move(made->joins));
    admitted.participants.push_back(std::move(made->known));
  }
  auto index = static_cast<int>(context.labels.size());
  for (const LegSpec& each : spec.legs) {
    const auto is_owner = [&](const KnownParticipant& known) { return known.spec.ref == each.participant; };
    const auto old = std::find_if(context.participants.begin(), context.participants.end(), is_owner);
    const KnownParticipant& owner =
        old != context.participants.end()
            ? *old
            : *std::find_if(admitted.participants.begin(), admitted.participants.end(), is_owner);
    auto made = leg(each, context.call, index++, owner, *call_key, now, admitted.bookings);
    if (!made) return made.error();
    admitted.legs.push_back(std::move(*made));
  }
  return admitted;
}

Result<CallAdmission::Joining> CallAdmission::participant(const ParticipantSpec& spec, CallId call,
                                                          const Tenant& tenant, const TenantConsent& rules,
                                                          WallTime now, std::vector<Booking>& bookings) {
  const auto subject = people_.subject_or_new(tenant, spec.subject, now, bookings);
  if (!subject) return subject.error();
  const auto id = new_id<ParticipantId>(now);
  auto sealed = seal_participant(*subject->key.key, id, {spec.ref, spec.name, spec.address});
  if (!sealed) return sealed.error();
  bookings.push_back(booking::AddParticipant{{id, call, subject->id, spec.role, std::move(*sealed)}});
  Joining made{{spec, id, subject->key.id}, {id, spec.ref}};
  if (!rules.counts_standing(spec.role)) return made;
  auto on_file = standing(subject->id, now);
  if (!on_file) return on_file.error();
  made.joins.standing = std::move(*on_file);
  return made;
}

// For each purpose the consent on file that is valid longest. What is missing, over, not begun or withdrawn is nothing,
// and no error: then the participant is asked.
Result<std::vector<StandingGrant>> CallAdmission::standing(SubjectId subject, WallTime now) {
  auto rows = catalog_.standing_consents(subject);
  if (!rows) return rows.error();
  constexpr auto end_of = [](const StandingConsentRow& row) { return row.until.value_or(WallTime::max()); };
  std::erase_if(*rows,
                [&](const StandingConsentRow& row) { return row.withdrawn || row.from > now || end_of(row) <= now; });
  std::stable_sort(rows->begin(), rows->end(),
                   [&](const StandingConsentRow& a, const StandingConsentRow& b) { return end_of(a) > end_of(b); });
  std::vector<StandingGrant> grants;
  PurposeSet covered;
  for (const StandingConsentRow& row : *rows) {
    PurposeSet given;
    for (const auto& name : nlohmann::json::parse(row.purposes_json, nullptr, false)) {
      const auto purpose = name.is_string() ? purposes_.find(name.get_ref<const std::string&>()) : std::nullopt;
      if (purpose) given |= PurposeSet::of(*purpose);  // one that is not asked for any more is left out
    }
    given -= covered;
    if (given.empty()) continue;
    covered |= given;
    grants.push_back({row.id, given, row.until});
  }
  return grants;
}

Result<NewLeg> CallAdmission::leg(const LegSpec& spec, CallId call, int index, const KnownParticipant& owner,
                                  const OpenKey& call_key, WallTime now, std::vector<Booking>& bookings) {
  const auto subject = keys_.open(owner.subject_key);
  if (!subject) return subject.error();
  auto key = keys_.make(KeyKind::leg, *subject, bookings);
  if (!key) return key.error();
  const auto id = new_id<LegId>(now);
  const LegMedia media{spec.payload_type, spec.dtmf_payload_type, spec.source, {}};  // its ports come with it
  LegRow row{id, call, owner.id, index, seal_leg_label(*call_key.key, id, spec.label), key->id, to_text(spec.codec),
             {}};
  row.sealed_media = seal_leg_media(*call_key.key, id, to_json(media));
  bookings.push_back(booking::AddLeg{std::move(row)});
  return NewLeg{
      id,          spec.label, spec.participant,     {{spec.payload_type, spec.codec}}, spec.dtmf_payload_type,
      spec.source, key->id,    key->key->duplicate()};
}

}  // namespace assent
