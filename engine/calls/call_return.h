// CallReturn: a call that was in progress when the engine stopped or died, from the record, as it was: its id, people,
// legs, ports, terms, what was said of consent, and whether it was paused.
//
// Audio that was held is gone by design, and so is the way to what a stream had learnt (its SSRC, the sender's address
// where none was asked for): the next valid packet says it anew. What is on file of a person is looked up as if they
// came now.
//
// Start-up's thread. Errors say why the call cannot go on: Errc::not_found (it, or somebody in it, has been erased),
// Errc::conflict (no port or purpose of it is left), Errc::corrupt; and those of the catalog and the key ring.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/calls/call_admission.h"
#include "engine/calls/call_memory.h"
#include "engine/shard/shard.h"

namespace assent {

struct ReturningCall {
  NewCall call;
  CallTerms terms;
  std::string ref;
  std::string tenant_name;
  KeyId call_key;
  std::vector<KnownParticipant> participants;
  std::vector<std::pair<LegId, LegSpec>> legs;
  std::optional<std::string> signalled;  // CallSpec's
  std::set<LegId> ended;                 // before the restart ...
  std::set<LegId> replaced;              // ... and without ports
  std::set<ParticipantId> left;          // likewise
  std::optional<RecordingRow> recording;
  std::vector<StandingId> taken_back;  // consents on file that it still counts on, and that were withdrawn meanwhile

  // That its legs had, without those that were replaced; nothing for a call without a leg.
  std::vector<LegPorts> ports() const;
};

class CallReturn {
 public:
  // All outlive it.
  CallReturn(Catalog& catalog, KeyRing& keys, const PurposeRegistry& purposes, CallAdmission& admission)
      : catalog_(catalog), keys_(keys), purposes_(purposes), admission_(admission) {}

  Result<ReturningCall> recall(const CallRow& row, WallTime now);

 private:
  Result<void> add_recording(const CallRow& row, ReturningCall& call);
  Result<void> add_consents(const CallRow& row, ReturningCall& call);
  Result<void> add_participant(const ParticipantRow& row, WallTime now, ReturningCall& call);
  Result<void> add_leg(const LegRow& row, const OpenKey& call_key, const std::vector<SegmentRow>& segments,
                       ReturningCall& call);
  Result<bool> was_paused(CallId call);

  Catalog& catalog_;
  KeyRing& keys_;
  const PurposeRegistry& purposes_;
  CallAdmission& admission_;
};

}  // namespace assent
