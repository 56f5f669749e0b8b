#include "engine/control/retention.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "engine/catalog/hold_text.h"

namespace assent {

Retention::Left Retention::look(WallTime now) {
  if (auto ended = end_holds(now); !ended) tell("holds whose time is over could not be ended", ended.error());
  if (again_.exchange(false, std::memory_order_acq_rel) || (retry_ && *retry_ <= now)) {
    passed_.reset();
    retry_ = now + limits::kRetentionPass;
    ask_freed_ = now;
    go_on(now);
  }
  if (auto begun = begin_freed(now); !begun) tell("what waited for a hold could not be begun", begun.error());
  const auto planned = plan();
  if (!planned) tell("when recordings are to end could not be reckoned", planned.error());
  if (planned && *planned) return Left::more;  // what is due is known when all ends are
  const auto erased = erase_due(now);
  if (!erased) tell("recordings whose time is over could not be erased", erased.error());
  return erased && *erased ? Left::more : Left::nothing;
}

void Retention::tell(const std::string& what, const Error& why) {
  const std::string text = what + ", which is tried again: " + why.what;
  if (text != told_) parts_.report(text);
  told_ = text;
}

// ---- holds ----------------------------------------------------------------------------------------------------------

Result<void> Retention::end_holds(WallTime now) {
  for (;;) {
    const auto next = parts_.catalog.next_hold_end();
    if (!next) return next.error();
    if (!*next || **next > now) return {};
    HoldFilter filter;
    filter.limit = limits::kCatalogListRows;
    std::vector<Booking> bookings;
    for (;;) {
      const auto standing = parts_.catalog.holds(filter);
      if (!standing) return standing.error();
      for (const HoldRow& hold : *standing) {
        if (hold.until && *hold.until <= now) {
          bookings.emplace_back(booking::EndHold{hold.id, now, std::string(kEndedByTime), ""});
        }
      }
      if (standing->size() < filter.limit) break;
      filter.after = standing->back().id;
    }
    look_again();
    // Conflict with a release in the same moment: the next look finds it ended.
    if (auto booked = parts_.writer.book_and_wait(std::move(bookings)); !booked) return booked;
  }
}

Result<void> Retention::begin_freed(WallTime now) {
  if (!ask_freed_ || *ask_freed_ > now) return {};
  ask_freed_.reset();
  const auto asks_again = parts_.begin_freed();
  if (!asks_again || *asks_again) ask_freed_ = now + limits::kRetentionLook;
  return asks_again ? Result<void>() : asks_again.error();
}

// ---- recordings -----------------------------------------------------------------------------------------------------

// Whether there was something to reckon.
Result<bool> Retention::plan() {
  const auto ids = parts_.catalog.recordings_to_plan(limits::kRetentionPlans);
  if (!ids) return ids.error();
  if (ids->empty()) return false;
  std::vector<Booking> bookings;
  for (const RecordingId id : *ids) bookings.emplace_back(booking::PlanRetention{id});
  if (auto booked = parts_.writer.book_and_wait(std::move(bookings)); !booked) return booked.error();
  passed_.reset();
  return true;
}

// Whether there may be more.
Result<bool> Retention::erase_due(WallTime now) {
  const auto due = parts_.catalog.due_recordings(now, passed_, limits::kRetentionBatch);
  if (!due) return due.error();
  for (const DueRecording& one : *due) {
    const auto holds = parts_.catalog.holds_over(HoldTarget::recording, one.id.bytes);
    if (!holds) return holds.error();
    if (holds->empty()) erase_one(one.id, now);
    passed_ = one;
  }
  return due->size() == limits::kRetentionBatch;
}

void Retention::erase_one(RecordingId id, WallTime now) {
  const auto erased = parts_.erase(id);
  if (erased || erased.error().code == Errc::not_found) return;
  retry_ = std::min(retry_.value_or(WallTime::max()), now + limits::kErasureRetry);
  if (erased.error().code == Errc::conflict) return;
  unfinished_.push_back(id);
  tell("the recording " + to_text(id) + ", whose time is over, is not erased", erased.error());
}

// Those whose keys are gone are not due any more.
void Retention::go_on(WallTime now) {
  for (const RecordingId id : std::exchange(unfinished_, {})) erase_one(id, now);
}

// ---- the thread -----------------------------------------------------------------------------------------------------

RetentionThread::RetentionThread(Retention::Parts parts, std::function<Now()> clock)
    : clock_(std::move(clock)),
      unhurried_(clock_()),
      retention_(std::move(parts)),
      thread_("retention", wake_, [this](MonoTime now) { return step(now); }) {}

void RetentionThread::look_again() {
  retention_.look_again();
  wake_.notify();
}

MonoTime RetentionThread::step(MonoTime now) {
  const auto left = retention_.look(unhurried_.at(clock_()));
  return left == Retention::Left::more ? now : now + limits::kRetentionLook;
}

}  // namespace assent
