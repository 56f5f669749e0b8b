// PersonErasures: everything about a person destroyed, in every call they took part in; or everything of a tenant.
//
//   1 one transaction, as short for 5,000 calls as for one: the erasure is on record, the person's (the tenant's) key
//   is
//     gone, with it their references and what is said of their consents on file. From here on nobody is found by the
//     reference, and no leg of theirs opens, nor any key of a call that goes with them: theirs guards it
//   2 the calls, in batches: leg keys destroyed, names, labels and notes overwritten; of those that go whole, and of a
//     tenant, the call's; otherwise the person's legs, and the rest stays (leg_erasure_plan.h)
//   3 what was stored of these legs removed and looked for again, by the leg eraser, which tells when a call is done
//   4 of a tenant: its people, one after the other, as in 1; then what they were given of themselves (disclosures.h)
//   5 the catalog's files made to forget, the keys looked for, the erasure booked as `done`
//
// Step 1 is done when the asker has the answer; the rest goes on in a thread of its own, tells how far it is in the
// erasure's steps, is taken up again at start, and again after limits::kErasureRetry when something failed. Every step
// may run twice. What stays on the ledger is what happened to opaque ids.
//
// Any thread. The two that begin one give the one that is under way, if there is. Their errors: Errc::not_found (nobody
// of that name, or erased before),
// Errc::conflict (in a call that is in progress: end it first; nothing was changed), and the catalog's. While a legal
// hold covers some of what they would take they wait, on record (hold_queue.h).
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "engine/catalog/catalog_writer.h"
#include "engine/catalog/destroyed.h"
#include "engine/catalog/key_ring.h"
#include "engine/control/erasure_steps.h"
#include "engine/control/erasure_target.h"
#include "engine/control/hold_queue.h"
#include "engine/control/standing_consents.h"

namespace assent {

struct ErasureSpec {
  std::optional<std::string> tenant;  // where a person's reference is looked up
};

class PersonErasures {
 public:
  struct Parts {  // outlive the erasures
    Catalog& catalog;
    CatalogWriter& writer;
    KeyRing& keys;
    StandingConsents& standing;
    HoldQueue& held;                                       // what a hold forbids waits there
    std::function<void()> review_streams;                  // who still may hear what they hear
    std::function<void(ErasureId, CallId)> begin_erasure;  // of legs; never blocks, twice is once
    // Returns when nothing of the call waits to be erased; an error after a while, to be asked again.
    std::function<Result<void>(CallId)> await_erasure;
    std::function<void(const std::string&)> report;  // what went wrong, for the log
    std::function<Now()> clock = read_clocks;
    milliseconds retry = limits::kErasureRetry;
    // On success nothing is left of what these people were given of themselves; how many exports that were.
    std::function<Result<std::size_t>(std::span<const SubjectRow>)> forget_exports;
  };
  explicit PersonErasures(Parts parts);
  ~PersonErasures();  // ends after the batch it is in
  PersonErasures(const PersonErasures&) = delete;
  PersonErasures& operator=(const PersonErasures&) = delete;

  // By their id, or by the reference of them within a tenant (none: the default one).
  Result<ErasureView> erase_subject(const PersonName& person, const Caller& caller);
  // By its name or id.
  Result<ErasureView> erase_tenant(const std::string& tenant, const Caller& caller);
  // No hold forbids one that waited any more. Errc::conflict: one does, or a call is in progress.
  Result<ErasureView> begin_held(ErasureRow row);
  // At start: goes on with what was not done.
  Result<void> resume();
  // Until nothing is under way that has not failed. For tests.
  void wait_until_idle();

 private:
  using People = std::set<ParticipantId>;

  Result<std::optional<ErasureView>> if_held(HoldTarget target, const std::array<std::uint8_t, 16>& id,
                                             const Caller& caller);
  ErasureRow new_erasure(std::string_view kind, const std::string& target);
  Result<ErasureView> begin_subject(ErasureRow erasure, const SubjectRow& row, const Caller& caller);
  Result<ErasureView> begin_tenant(ErasureRow erasure, const TenantRow& row, const Caller& caller);
  Result<ErasureView> begin(ErasureRow row, std::vector<Booking> bookings, KeyId key, Destroyed destroyed,
                            const Caller& caller);
  // One that is not done yet. Errc::not_found: it is.
  Result<ErasureView> under_way(std::string_view kind, const std::string& id);
  static Result<void> check_not_live(const Result<std::optional<CallId>>& live);
  void run();
  Result<void> carry_out(ErasureRow row);
  Result<void> forget_calls(const ErasureTarget& target, ErasureRow& row);
  Result<void> prepare(const ErasureTarget& target, const CallRow& call, const ErasureRow& row,
                       std::vector<Booking>& bookings, std::vector<KeyId>& destroyed,
                       std::vector<std::pair<ErasureId, CallId>>& begun);
  Result<void> await_calls(const ErasureTarget& target, ErasureRow& row);
  Result<std::vector<ErasureRow>> open_calls(const ErasureTarget& target);
  Result<void> await_each(std::span<const ErasureRow> open, ErasureRow& row);
  Result<void> forget_people(const ErasureTarget& target, const ErasureRow& row);
  Result<void> forget_exports(const ErasureTarget& target, ErasureRow& row);
  Result<void> forget_keys(const ErasureTarget& target, ErasureRow& row);
  Result<void> close(const ErasureTarget& target, ErasureRow& row);
  Result<void> note(ErasureRow& row, std::string_view step, std::string_view what);
  bool stops();

  Parts parts_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::deque<ErasureRow> waiting_;
  std::vector<ErasureRow> failed_;  // tried again after parts_.retry
  bool busy_ = false;
  bool stopping_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace assent
