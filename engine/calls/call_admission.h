// CallAdmission: turns what a caller asks for into what the engine needs: checked, with keys made, personal fields
// sealed, and the rows to book.
//
// It decides whether a request makes sense (names that exist, no label twice) and whose subject a participant is. It
// touches neither sockets nor gates. Any control thread. Errors: Errc::invalid says which member is wrong and what is
// allowed; others are the catalog's and the key ring's.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/calls/consent_rules.h"
#include "engine/catalog/key_ring.h"
#include "engine/catalog/people.h"
#include "engine/consent/call_consent.h"
#include "engine/control/call_service.h"
#include "engine/shard/shard.h"

namespace assent {

struct PipelineDefaults {
  ConsentSettings consent;
  PurposeSet default_purposes;  // of a grant that names none
  ConsentRules rules;
  std::optional<Notice> notice;
};

// A participant as the API shows them while the call is live.
struct KnownParticipant {
  ParticipantSpec spec;
  ParticipantId id;
  SubjectId subject;
  KeyId key;
};

struct AdmittedLegs {
  std::vector<KnownParticipant> participants;
  std::vector<CallParticipant> joining;
  std::vector<NewLeg> legs;
  std::vector<Booking> bookings;
};

struct AdmittedCall {
  NewCall call;
  std::string tenant;
  OpenKey call_key;  // not booked yet: an eviction may have dropped it from the ring
  std::vector<KnownParticipant> participants;
  std::vector<Booking> bookings;
};

class CallAdmission {
 public:
  CallAdmission(Catalog& catalog, KeyRing& keys, const PurposeRegistry& purposes)
      : catalog_(catalog), people_(catalog, keys), keys_(keys), purposes_(purposes) {}

  Result<AdmittedCall> prepare(const CallSpec& spec, const PipelineDefaults& defaults, WallTime now);

  // As it stands on record: the notice that is named, which must be in the register, or the pipeline's.
  Result<std::string> notice_json(const std::optional<Notice>& named, const PipelineDefaults& defaults);

  // What is on file of a person and counts now.
  Result<std::vector<StandingGrant>> standing(SubjectId subject, WallTime now);

  struct CallContext {
    CallId call;
    TenantId tenant;
    KeyId call_key;
    std::vector<KnownParticipant> participants;
    std::vector<std::string> labels;  // of its legs
    TenantConsent rules;
  };
  Result<AdmittedLegs> prepare_legs(const LegsSpec& spec, const CallContext& context, WallTime now);

 private:
  struct Joining {
    KnownParticipant known;
    CallParticipant joins;
  };
  // The persons of these participants, in their order.
  Result<std::vector<Subject>> subjects(const std::vector<ParticipantSpec>& specs, const Tenant& tenant, WallTime now,
                                        std::vector<Booking>& bookings);
  Result<Joining> participant(const ParticipantSpec& spec, CallId call, const Subject& subject,
                              const TenantConsent& rules, WallTime now, std::vector<Booking>& bookings);
  Result<OpenKey> owner_key(const KnownParticipant& owner, const std::vector<Booking>& bookings);
  Result<OpenKey> open_newest(KeyId id);
  Result<std::vector<OpenKey>> guards_of(const WrappedKey& row);
  Result<void> add_guards(KeyId key, std::span<const OpenKey> guards, std::vector<Booking>& bookings);
  Result<NewLeg> leg(const LegSpec& spec, CallId call, int index, const KnownParticipant& owner,
                     const OpenKey& call_key, std::span<const OpenKey> guards, WallTime now,
                     std::vector<Booking>& bookings);

  Catalog& catalog_;
  People people_;
  KeyRing& keys_;
  const PurposeRegistry& purposes_;
};

}  // namespace assent
