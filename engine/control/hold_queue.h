// HoldQueue: deletions that were asked for while a legal hold covers some of what they would take.
//
// Such a deletion is accepted: it is on record as an erasure that is open and `held`, with a step that names the hold,
// until when it stands, and why. The consents it is about are withdrawn at once, so that nobody can use anything of it
// for an ordinary purpose; keys and bytes stay. When the last hold over it has ended it begins, with what there is of
// it then, exactly once: the transaction that destroys the first key takes it out of the queue, and requires that no
// hold covers it. So a hold that is placed in between keeps it waiting, and one that is placed later comes too late.
//
// It waits whole: of a person in a hundred calls of which one is held, all hundred wait.
//
//   "requested"   accepted; by whom, for the ledger later
//   "withdrawn"   the consents are
//   "held"        by which hold; another one takes its place there when the first ends before it
//
// What a withdrawal with on_withdraw = erase takes of a call that is held waits here, too (leg_erasure.h).
//
// Any thread. Errors: the catalog's, and those of withdrawing.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "engine/catalog/catalog_writer.h"
#include "engine/control/call_service.h"

namespace assent {

// What such an erasure would take; none: it is of a kind that no hold is asked about.
struct HoldScope {
  HoldTarget target;
  std::array<std::uint8_t, 16> id;
};
std::optional<HoldScope> scope_of(const ErasureRow& row);
// Who asked for one that waits.
std::string asker_of(const ErasureRow& row);
// For an erasure's first transaction: it is new, or has waited.
Booking begun_booking(const ErasureRow& row, bool waited);

class HoldQueue {
 public:
  // Withdraws the consents that an erasure is about.
  using Withdraw = std::function<Result<void>(const ErasureRow&, const Caller&)>;
  HoldQueue(Catalog& catalog, CatalogWriter& writer, Withdraw withdraw, std::function<Now()> clock = read_clocks)
      : catalog_(catalog), writer_(writer), withdraw_(std::move(withdraw)), clock_(std::move(clock)) {}

  // The erasure that waits, or waits already; none: no hold covers it.
  Result<std::optional<ErasureRow>> queue_if_held(HoldTarget target, const std::array<std::uint8_t, 16>& id,
                                                  const Caller& caller);
  // While it is held nothing is queued, and nothing that waits is changed by others; for the next two.
  std::unique_lock<std::mutex> lock() { return std::unique_lock(mutex_); }
  // What is still to be withdrawn of one that waits, because the engine stopped in between.
  Result<void> go_on_withdrawing(ErasureRow& row);
  // The hold that a step names is another one now.
  Result<void> name_hold(ErasureRow& row, const HoldRow& hold);

 private:
  Result<ErasureRow> queue(HoldTarget target, const std::array<std::uint8_t, 16>& id, const HoldRow& hold,
                           const Caller& caller);
  Result<void> update(ErasureRow& row, std::string steps_json);

  Catalog& catalog_;
  CatalogWriter& writer_;
  Withdraw withdraw_;
  std::function<Now()> clock_;
  std::mutex mutex_;  // two who ask for the same queue it once
};

}  // namespace assent
