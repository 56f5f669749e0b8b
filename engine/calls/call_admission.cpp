#include "engine/calls/call_admission.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

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

std::string notice_json(const std::optional<Notice>& notice) {
  if (!notice) return {};
  return nlohmann::json{
      {"id", notice->id}, {"version", notice->version}, {"language", notice->language}, {"hash", notice->hash}}
      .dump();
}

Result<AdmittedCall> CallAdmission::prepare(const CallSpec& spec, const PipelineDefaults& defaults, WallTime now) {
  if (spec.participants.empty()) return error(Errc::invalid, "participants: at least one is needed");
  if (spec.legs.empty()) return error(Errc::invalid, "legs: at least one is needed");
  if (spec.participants.size() > limits::kParticipantsPerCall || spec.legs.size() > limits::kLegsPerCall) {
    return error(Errc::invalid, "a call has at most " + std::to_string(limits::kParticipantsPerCall) +
                                    " participants and " + std::to_string(limits::kLegsPerCall) + " legs");
  }
  if (auto named = check_names(spec.participants, spec.legs, {}, {}); !named) return named.error();
  ConsentSettings consent = defaults.consent;
  if (spec.policy) {
    const auto policy = parse_policy(*spec.policy);
    if (!policy) {
      return error(Errc::invalid, "policy: \"" + *spec.policy + "\" is none of all-party, per-party, one-party");
    }
    consent.policy = *policy;
  }

  std::vector<Booking> bookings;
  auto tenant = people_.tenant_or_new(spec.tenant.empty() ? std::string(kDefaultTenant) : spec.tenant, now, bookings);
  if (!tenant) return tenant.error();
  auto call_key = keys_.make(KeyKind::call, tenant->key, bookings);
  if (!call_key) return call_key.error();

  const std::optional<Notice> notice = spec.notice ? spec.notice : defaults.notice;
  const CallIdentity identity{new_id<CallId>(now), tenant->id, new_id<RecordingId>(now), notice_json(notice), now};
  bookings.push_back(booking::AddCall{{identity.id, tenant->id, call_key->id, std::string(to_text(consent.policy)),
                                       seal_call_ref(*call_key->key, identity.id, spec.ref), identity.notice_json, now,
                                       std::nullopt, CallState::live}});
  AdmittedCall admitted{{identity, consent, {}, {}}, spec.tenant, call_key->id, {}, {}};
  for (const ParticipantSpec& each : spec.participants) {
    auto known = participant(each, identity.id, *tenant, now, bookings);
    if (!known) return known.error();
    admitted.call.participants.push_back({known->id, each.ref});
    admitted.participants.push_back(std::move(*known));
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
    auto known = participant(each, context.call, *tenant, now, admitted.bookings);
    if (!known) return known.error();
    admitted.joining.push_back({known->id, each.ref});
    admitted.participants.push_back(std::move(*known));
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

Result<KnownParticipant> CallAdmission::participant(const ParticipantSpec& spec, CallId call, const Tenant& tenant,
                                                    WallTime now, std::vector<Booking>& bookings) {
  const auto subject = people_.subject_or_new(tenant, spec.subject, now, bookings);
  if (!subject) return subject.error();
  const auto id = new_id<ParticipantId>(now);
  auto sealed = seal_participant(*subject->key.key, id, {spec.ref, spec.name, spec.address});
  if (!sealed) return sealed.error();
  bookings.push_back(booking::AddParticipant{{id, call, subject->id, spec.role, std::move(*sealed)}});
  return KnownParticipant{spec, id, subject->key.id};
}

Result<NewLeg> CallAdmission::leg(const LegSpec& spec, CallId call, int index, const KnownParticipant& owner,
                                  const OpenKey& call_key, WallTime now, std::vector<Booking>& bookings) {
  const auto subject = keys_.open(owner.subject_key);
  if (!subject) return subject.error();
  auto key = keys_.make(KeyKind::leg, *subject, bookings);
  if (!key) return key.error();
  const auto id = new_id<LegId>(now);
  bookings.push_back(booking::AddLeg{
      {id, call, owner.id, index, seal_leg_label(*call_key.key, id, spec.label), key->id, to_text(spec.codec), {}}});
  return NewLeg{
      id,          spec.label, spec.participant,     {{spec.payload_type, spec.codec}}, spec.dtmf_payload_type,
      spec.source, key->id,    key->key->duplicate()};
}

}  // namespace assent
