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

Result<AdmittedCall> CallAdmission::prepare(const CallSpec& spec, WallTime now) {
  if (spec.participants.empty()) return error(Errc::invalid, "participants: at least one is needed");
  if (spec.legs.empty()) return error(Errc::invalid, "legs: at least one is needed");
  if (spec.participants.size() > limits::kParticipantsPerCall || spec.legs.size() > limits::kLegsPerCall) {
    return error(Errc::invalid, "a call has at most " + std::to_string(limits::kParticipantsPerCall) +
                                    " participants and " + std::to_string(limits::kLegsPerCall) + " legs");
  }
  if (auto named = check_names(spec.participants, spec.legs, {}, {}); !named) return named.error();
  ConsentSettings consent = defaults_.consent;
  if (spec.policy) {
    const auto policy = parse_policy(*spec.policy);
    if (!policy) {
      return error(Errc::invalid, "policy: \"" + *spec.policy + "\" is none of all-party, per-party, one-party");
    }
    consent.policy = *policy;
  }

  std::vector<Booking> bookings;
  auto tenant = tenant_named(spec.tenant.empty() ? std::string(kDefaultTenant) : spec.tenant, bookings, now);
  if (!tenant) return tenant.error();
  auto call_key = keys_.make(KeyKind::call, tenant->key, bookings);
  if (!call_key) return call_key.error();

  const std::optional<Notice> notice = spec.notice ? spec.notice : defaults_.notice;
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
  const auto row = catalog_.tenant(context.tenant);
  if (!row) return row.error();
  if (!*row) return error(Errc::not_found, "the call's tenant is gone");
  auto tenant_key = keys_.open((*row)->key);
  if (!tenant_key) return tenant_key.error();
  auto call_key = keys_.open(context.call_key);
  if (!call_key) return call_key.error();

  AdmittedLegs admitted;
  const Tenant tenant{context.tenant, *tenant_key};
  for (const ParticipantSpec& each : spec.participants) {
    auto known = participant(each, context.call, tenant, now, admitted.bookings);
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

Result<CallAdmission::Tenant> CallAdmission::tenant_named(const std::string& name, std::vector<Booking>& bookings,
                                                          WallTime now) {
  const auto row = catalog_.tenant(name);
  if (!row) return row.error();
  if (*row) {
    auto key = keys_.open((*row)->key);
    if (!key) return key.error();
    return Tenant{(*row)->id, std::move(*key)};
  }
  auto epoch = keys_.epoch(bookings);
  if (!epoch) return epoch.error();
  auto key = keys_.make(KeyKind::tenant, *epoch, bookings);
  if (!key) return key.error();
  const auto id = new_id<TenantId>(now);
  bookings.push_back(booking::AddTenant{{id, name, key->id}});
  return Tenant{id, std::move(*key)};
}

Result<OpenKey> CallAdmission::subject_key(const ParticipantSpec& spec, const Tenant& tenant, WallTime now,
                                           SubjectId& subject, std::vector<Booking>& bookings) {
  subject = new_id<SubjectId>(now);
  const BlindIndex index =
      spec.subject ? subject_index(*tenant.key.key, *spec.subject) : subject_index(*tenant.key.key, subject);
  // Known already, or named by an earlier participant of the same request.
  for (const Booking& booking : bookings) {
    const auto* added = std::get_if<booking::AddSubject>(&booking);
    if (added == nullptr || !std::equal(index.begin(), index.end(), added->row.blind_index.begin())) continue;
    subject = added->row.id;
    return keys_.open(added->row.key);
  }
  const auto row = catalog_.subject(tenant.id, index);
  if (!row) return row.error();
  if (*row) {
    subject = (*row)->id;
    return keys_.open((*row)->key);
  }
  auto key = keys_.make(KeyKind::subject, tenant.key, bookings);
  if (!key) return key.error();
  Bytes sealed_ref;
  if (spec.subject) sealed_ref = seal_subject_ref(*key->key, subject, *spec.subject);
  bookings.push_back(
      booking::AddSubject{{subject, tenant.id, Bytes(index.begin(), index.end()), std::move(sealed_ref), key->id}});
  return key;
}

Result<KnownParticipant> CallAdmission::participant(const ParticipantSpec& spec, CallId call, const Tenant& tenant,
                                                    WallTime now, std::vector<Booking>& bookings) {
  SubjectId subject;
  const auto key = subject_key(spec, tenant, now, subject, bookings);
  if (!key) return key.error();
  const auto id = new_id<ParticipantId>(now);
  auto sealed = seal_participant(*key->key, id, {spec.ref, spec.name, spec.address});
  if (!sealed) return sealed.error();
  bookings.push_back(booking::AddParticipant{{id, call, subject, spec.role, std::move(*sealed)}});
  return KnownParticipant{spec, id, key->id};
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
