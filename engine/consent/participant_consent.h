// ParticipantConsent: what one participant has said about every purpose, and which grants the ledger has yet to
// confirm.
//
// It decides which purposes a decision really changes. Grants on their way to the ledger lie over the settled state:
// when the ledger confirms, they replace it; when it refuses, they are gone as if never said. A grant with a term ends
// when that is over, on its way or not. One that is granted for a time can be granted again to end later: until the
// ledger has confirmed that, the old end holds, and when it comes first the new grant is gone with the old one. It
// knows no gates and no policy. One thread (the shard that owns the call).
#pragma once

#include <optional>
#include <vector>

#include "engine/consent/consent_state.h"
#include "engine/consent/policy.h"
#include "engine/consent/purpose_set.h"

namespace assent {

class ParticipantConsent {
 public:
  explicit ParticipantConsent(PurposeSet asked) : asked_(asked) {}

  // What a record from before a restart says of these purposes; durable, as records are. In the order of the records.
  void recall(Decision decision, PurposeSet purposes, const Term& term = {});

  // Purposes that `wanted` changes, which are those that are not granted or that end sooner, and for which nothing is
  // on its way; recorded under `seq` when there are any.
  PurposeSet grant(PurposeSet wanted, ConsentSeq seq, const Term& term = {});
  struct Refused {
    PurposeSet denied;     // were pending or expired
    PurposeSet withdrawn;  // were granted
  };
  Refused refuse(PurposeSet unwanted);
  PurposeSet expire_pending();
  PurposeSet expire_lapsed(Now now);       // what was granted for a time that is over
  std::optional<Term> next_lapse() const;  // the earliest by each clock; none: nothing ends by itself

  bool confirm(ConsentSeq seq);  // false: no such grant is on its way
  bool revert(ConsentSeq seq);   // likewise

  bool awaits_ledger() const { return !in_flight_.empty(); }
  PurposeSet pending() const { return asked_ - granted_ - denied_ - withdrawn_ - expired_ - granting(); }
  PurposeSet granted() const { return granted_; }  // durable ones only
  ConsentState state_of(Purpose purpose) const;    // a grant on its way shows as granted

  ConsentView durable() const { return {granted_, denied_ | withdrawn_}; }
  ConsentView intended() const;  // as if the ledger had confirmed everything
  ConsentView hoped() const;     // and as if everything pending had been granted

 private:
  struct InFlight {
    ConsentSeq seq;
    PurposeSet purposes;
    Term term;
  };
  struct Limited {
    PurposeSet purposes;
    Term term;
  };

  PurposeSet granting() const;
  void forget_terms(PurposeSet purposes);

  PurposeSet asked_;
  PurposeSet granted_;  // these four are disjoint
  PurposeSet denied_;
  PurposeSet withdrawn_;
  PurposeSet expired_;
  std::vector<InFlight> in_flight_;  // disjoint and not empty, so at most limits::kPurposes; some granted already
  std::vector<Limited> limited_;     // of what is granted; disjoint and not empty, too
};

}  // namespace assent
