// Withdrawals: taking consents back wherever they count: on file, in live calls, and in calls that are over, years ago
// or since a moment.
//
// A withdrawal is a record of its own for each participant and purpose whose last record is a grant, with its ledger
// entry. In a live call its shard decides, and the answer waits until no queue holds anything of that person; what
// they have not answered yet is refused with it. In a call that is over it is booked here: in transactions of at most
// kWithdrawalBookings, one after the other, so that a person with thousands of calls holds nobody up; what is
// done when one fails stays done, and asking again does what is left. Readers ask the record, so they lose the right
// with the transaction; streams that are running are cut after it.
//
// `on_withdraw = erase` takes the keys of what was recorded in the same transaction: under all-party those of the whole
// call, otherwise the participant's own. Removing the bytes then goes on by itself (LegEraser) and is on record as an
// erasure.
//
// Any thread; waits for the disk and for shards. Errors: Errc::not_found (no such person or call), Errc::invalid (a
// purpose or notice that is none), Errc::unavailable (something is left: ask again), and the catalog's.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/catalog/catalog.h"
#include "engine/catalog/catalog_writer.h"
#include "engine/catalog/key_ring.h"
#include "engine/consent/call_consent.h"
#include "engine/control/call_service.h"
#include "engine/control/recordings.h"
#include "engine/control/standing_consents.h"

namespace assent {

// Of one transaction, give or take a call's. At 1 KiB each they take the writer some milliseconds.
inline constexpr std::size_t kWithdrawalBookings = 512;

// What is taken back, and how that was said.
struct WithdrawalSpec {
  std::optional<std::string> tenant;  // where a person's reference is looked up
  std::vector<std::string> purposes;  // none: all
  std::string signal_type = "api";
  std::string signal_value;
  std::optional<Notice> notice;                           // each call's own, when none is named
  std::optional<ErasureId> of_an_erasure = std::nullopt;  // that waits, and will see to what was kept itself
};

struct CallWithdrawal {
  CallId call;
  CallState state = CallState::live;
  std::vector<ConsentRecordView> records;
  std::optional<ErasureId> erasure;  // that began with it, or that goes on; of a live call it is done by now
};

struct SubjectWithdrawal {
  SubjectId subject;
  std::vector<StandingId> standing;   // withdrawn now
  std::vector<CallWithdrawal> calls;  // in which something changed
};

struct WithdrawalParts {  // outlive the withdrawals
  Catalog& catalog;
  CatalogWriter& writer;
  KeyRing& keys;
  const PurposeRegistry& purposes;
  CallService& calls;
  StandingConsents& standing;
  RecordingService& recordings;
  std::function<OnWithdraw(const CallRow&)> on_withdraw;  // of a call that is over
  std::function<void(ErasureId, CallId)> begin_erasure;   // never blocks; twice is once
  std::function<Result<void>(CallId)> await_erasure;
  std::function<Now()> clock = read_clocks;
  milliseconds settle_patience = limits::kApiDurableWait;  // for a call that has just ended
};

class Withdrawals {
 public:
  explicit Withdrawals(WithdrawalParts parts) : parts_(std::move(parts)) {}

  // Everywhere. Erasures go on after this returns.
  Result<SubjectWithdrawal> of_subject(const std::string& person, const WithdrawalSpec& spec, const Caller& caller);
  // In a live call, of all its participants. Errc::not_found: no such call is in progress.
  Result<std::vector<ConsentRecordView>> of_live_call(CallId id, const WithdrawalSpec& spec, const Caller& caller);
  // In a call that is over; of one participant (their ref or id), or of all. Waits for what is erased.
  Result<std::vector<ConsentRecordView>> of_past_call(CallId id, const std::optional<std::string>& participant,
                                                      const WithdrawalSpec& spec, const Caller& caller);
  // A decision has been taken in this call: whoever reads its recording is asked again.
  void review_streams(CallId call);

 private:
  using People = std::set<ParticipantId>;
  struct PastCall;   // one call that is over, with what is to be booked
  struct Statement;  // the spec, checked
  struct Whom {      // whose consents in a call: a subject's, one participant's, or everybody's
    std::optional<SubjectId> subject;
    std::optional<std::string> participant;  // their ref or id
  };

  Result<Statement> checked(const WithdrawalSpec& spec, const Caller& caller, std::span<const CallRow> calls);
  Result<bool> is_known(const std::string& purpose, std::span<const CallRow> calls);
  Result<People> people_in(CallId call, const Whom& whom);
  std::string ref_of(const ParticipantRow& row);

  Result<std::optional<std::vector<ConsentRecordView>>> from_live(CallId id, const Whom& whom,
                                                                  const Statement& statement);
  Result<CallRow> wait_until_over(CallId id);
  Result<void> from_past(std::span<const CallRow> calls, const Whom& whom, const Statement& statement,
                         std::vector<CallWithdrawal>& done);
  Result<std::optional<PastCall>> prepare(const CallRow& call, const Whom& whom, const Statement& statement);
  Result<void> erase(PastCall& past, const CallRow& call, const People& who, const Statement& statement);
  Result<void> book(std::vector<PastCall>& batch, std::vector<CallWithdrawal>& done);
  Result<void> go_on_erasing(std::span<const CallRow> calls, std::vector<CallWithdrawal>& done);

  WithdrawalParts parts_;
  std::mutex mutex_;  // what is read of calls that are over is still so when it is booked
};

}  // namespace assent
