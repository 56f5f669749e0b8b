#include "engine/calls/call_admission.h"

#include <algorithm>
#include <iterator>
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

bool holds(std::span<const OpenKey> keys, KeyId id) {
  return std::any_of(keys.begin(), keys.end(), [&](const OpenKey& one) { return one.id == id; });
}

// Those whose erasure takes the whole call: everybody who must say yes in it. Whoever's consent is on file by their
// role is none of them, or one who leaves the firm would take all of its calls.
void add_guards_among(const std::vector<ParticipantSpec>& specs, const std::vector<Subject>& subjects,
                      const TenantConsent& rules, std::vector<OpenKey>& guards) {
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const OpenKey& key = subjects[i].key;
    if (!rules.counts_standing(specs[i].role) && !holds(guards, key.id)) guards.push_back(key);
  }
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
  const auto people = subjects(spec.participants, *tenant, now, bookings);
  if (!people) return people.error();
  const ErasureScope scope = rules.erasure_in(consent.policy);
  std::vector<OpenKey> guards;
  if (scope == ErasureScope::call) add_guards_among(spec.participants, *people, rules, guards);
  auto call_key = keys_.make(KeyKind::call, tenant->key, bookings, guards);
  if (!call_key) return call_key.error();

  const auto notice = notice_json(spec.notice, defaults);
  if (!notice) return notice.error();
  const CallIdentity identity{new_id<CallId>(now), tenant->id, new_id<RecordingId>(now), *notice, now};
  const CallTerms terms{consent, defaults.default_purposes, rules, defaults.notice};
  bookings.push_back(booking::AddCall{
      {identity.id, tenant->id, call_key->id, std::string(to_text(consent.policy)),
       seal_call_ref(*call_key->key, identity.id, spec.ref), identity.notice_json, now, std::nullopt, CallState::live,
       seal_call_settings(*call_key->key, identity.id, to_json(terms, purposes_)), scope}});
  AdmittedCall admitted{{identity, consent, {}, {}}, spec.tenant, *call_key, {}, {}};
  for (std::size_t i = 0; i < people->size(); ++i) {
    auto made = participant(spec.participants[i], identity.id, (*people)[i], rules, now, bookings);
    if (!made) return made.error();
    admitted.call.participants.push_back(std::move(made->joins));
    admitted.participants.push_back(std::move(made->known));
  }
  int index = 0;
  for (const LegSpec& each : spec.legs) {
    const auto owner = std::find_if(admitted.participants.begin(), admitted.participants.end(),
                                    [&](const KnownParticipant& known) { return known.spec.ref == each.participant; });
    auto made = leg(each, identity.id, index++, *owner, *call_key, guards, now, bookings);
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

  const auto row = catalog_.call(context.call);
  if (!row) return row.error();
  if (!*row) return error(Errc::not_found, "the call is not on record");

  AdmittedLegs admitted;
  const auto people = subjects(spec.participants, *tenant, now, admitted.bookings);
  if (!people) return people.error();
  const auto key_row = catalog_.key(context.call_key);
  if (!key_row) return key_row.error();
  auto guards = *key_row ? guards_of(**key_row) : std::vector<OpenKey>();
  if (!guards) return guards.error();
  const std::size_t before = guards->size();
  if ((*row)->erasure == ErasureScope::call) add_guards_among(spec.participants, *people, context.rules, *guards);
  if (const auto joining = std::span(*guards).subspan(before); !joining.empty()) {
    const auto legs = catalog_.legs(context.call);
    if (!legs) return legs.error();
    std::vector<KeyId> keys{context.call_key};
    for (const LegRow& each : *legs) keys.push_back(each.key);
    for (const KeyId key : keys) {
      if (auto added = add_guards(key, joining, admitted.bookings); !added) return added.error();
    }
  }
  for (std::size_t i = 0; i < people->size(); ++i) {
    auto made = participant(spec.participants[i], context.call, (*people)[i], context.rules, now, admitted.bookings);
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
    auto made = leg(each, context.call, index++, owner, *call_key, *guards, now, admitted.bookings);
    if (!made) return made.error();
    admitted.legs.push_back(std::move(*made));
  }
  return admitted;
}

Result<std::vector<Subject>> CallAdmission::subjects(const std::vector<ParticipantSpec>& specs, const Tenant& tenant,
                                                     WallTime now, std::vector<Booking>& bookings) {
  std::vector<Subject> found;
  for (const ParticipantSpec& each : specs) {
    auto subject = people_.subject_or_new(tenant, each.subject, now, bookings);
    if (!subject) return subject.error();
    found.push_back(*std::move(subject));
  }
  return found;
}

// Errc::conflict: it has just been replaced for good, and the row says by what when it is read again.
Result<OpenKey> CallAdmission::open_newest(KeyId id) {
  auto key = keys_.open_newest(id);
  if (!key && key.error().code == Errc::not_found) return error(Errc::conflict, key.error().what);
  return key;
}

Result<std::vector<OpenKey>> CallAdmission::guards_of(const WrappedKey& row) {
  std::vector<OpenKey> guards;
  for (const KeyId id : row.guards) {
    auto guard = open_newest(id);
    if (!guard) return guard.error();
    guards.push_back(*std::move(guard));
  }
  return guards;
}

// Wraps a key of the call anew, so that these must open it, too.
Result<void> CallAdmission::add_guards(KeyId id, std::span<const OpenKey> guards, std::vector<Booking>& bookings) {
  const auto row = catalog_.key(id);
  if (!row) return row.error();
  if (!*row) return {};  // a leg that somebody withdrew from has no key any more
  const auto key = keys_.open(id);
  if (!key) return key.error();
  const auto parent = open_newest((*row)->parent);
  if (!parent) return parent.error();
  auto all = guards_of(**row);
  if (!all) return all.error();
  for (const OpenKey& guard : guards) {
    if (guard.id != parent->id && !holds(*all, guard.id)) all->push_back(guard);
  }
  bookings.push_back(booking::RewrapKey{wrap_under(*parent, *all, (*row)->kind, *key), (*row)->wrapped});
  return {};
}

Result<CallAdmission::Joining> CallAdmission::participant(const ParticipantSpec& spec, CallId call,
                                                          const Subject& subject, const TenantConsent& rules,
                                                          WallTime now, std::vector<Booking>& bookings) {
  const auto key = keys_.make(KeyKind::participant, subject.key, bookings);
  if (!key) return key.error();
  const auto id = new_id<ParticipantId>(now);
  auto sealed = seal_participant(*key->key, id, {spec.ref, spec.name, spec.address});
  if (!sealed) return sealed.error();
  bookings.push_back(booking::AddParticipant{{id, call, subject.id, spec.role, std::move(*sealed), key->id}});
  Joining made{{spec, id, subject.id, key->id}, {id, spec.ref, key->key}};
  if (!rules.counts_standing(spec.role)) return made;
  auto on_file = standing(subject.id, now);
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

// Of somebody on record, or whom `bookings` is about to add.
Result<OpenKey> CallAdmission::owner_key(const KnownParticipant& owner, const std::vector<Booking>& bookings) {
  for (const Booking& booking : bookings) {
    const auto* added = std::get_if<booking::AddSubject>(&booking);
    if (added != nullptr && added->row.id == owner.subject) return keys_.open_unbooked(added->row.key);
  }
  auto subject = people_.subject(owner.subject);
  if (!subject) return subject.error();
  return subject->key;
}

Result<NewLeg> CallAdmission::leg(const LegSpec& spec, CallId call, int index, const KnownParticipant& owner,
                                  const OpenKey& call_key, std::span<const OpenKey> guards, WallTime now,
                                  std::vector<Booking>& bookings) {
  const auto subject = owner_key(owner, bookings);
  if (!subject) return subject.error();
  std::vector<OpenKey> others;
  std::copy_if(guards.begin(), guards.end(), std::back_inserter(others),
               [&](const OpenKey& guard) { return guard.id != subject->id; });
  auto key = keys_.make(KeyKind::leg, *subject, bookings, others);
  if (!key) return key.error();
  const auto id = new_id<LegId>(now);
  LegRow row{id,
             call,
             owner.id,
             index,
             seal_leg_label(*call_key.key, id, spec.label),
             key->id,
             to_text(codecs_of(spec.payloads)),
             {}};
  row.sealed_media = seal_media(*call_key.key, id, media_of(spec, {}));  // its ports come with it
  bookings.push_back(booking::AddLeg{std::move(row)});
  return NewLeg{id, spec.label, spec.participant, spec.payloads, spec.source, key->id, key->key->duplicate(),
                {}, spec.srtp};
}

}  // namespace assent
