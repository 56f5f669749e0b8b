// DeliveryQueue: what is to be sent to one processor next, and what an answer means.
//
// It decides the order, the waiting and the giving up; it need not know how a request is made or a row is written. Of
// one call, or of one person, events go out one at a time and in the order in which they happened, so that a withdrawal
// never overtakes the grant before it; an erasure of a tenant waits for all before it and everything after it waits for
// that. Events that have nothing to do with each other go out side by side, up to limits::kProcessorRequests. One that
// has been given up holds nobody back.
//
// Every attempt that fails is followed by a pause: the first of `retry_first`, each twice as long as the one before, up
// to `retry_longest`, and of each a random part between half and all of it, so that what failed together does not come
// back together. Pure: `now` and the random numbers come from outside. One thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/limits.h"
#include "base/time.h"
#include "engine/catalog/processor_rows.h"

namespace assent {

struct DeliveryLimits {
  milliseconds timeout = limits::kProcessorTimeout;  // of one attempt
  milliseconds retry_first = limits::kProcessorRetryFirst;
  milliseconds retry_longest = limits::kProcessorRetryLongest;
  std::size_t attempts = limits::kProcessorAttempts;  // then it is dead
  milliseconds give_up = limits::kProcessorGiveUp;    // or after so long
  milliseconds confirm = limits::kProcessorConfirm;   // an erasure that was accepted, and not confirmed
  bool operator==(const DeliveryLimits&) const = default;
};

// What came of one attempt: a status, or why there is none.
struct DeliveryAnswer {
  unsigned status = 0;
  std::string trouble;
};

// What is to be put on record of it.
struct DeliveryOutcome {
  DeliveryState state = DeliveryState::pending;
  std::uint32_t attempts = 0;
  std::string error;
};

// After so many failed attempts (from 1 on); `random` is any number, evenly distributed.
milliseconds pause_after(std::uint32_t attempts, const DeliveryLimits& limits, std::uint32_t random);

// A consent's change is taken by any 2xx. An erasure is confirmed by 200 and 204, accepted by 202; whatever else is
// said of it, "201" for one, confirms nothing.
DeliveryOutcome outcome_of(const DeliveryRow& row, const DeliveryAnswer& answer, const DeliveryLimits& limits,
                           WallTime now);

class DeliveryQueue {
 public:
  explicit DeliveryQueue(const DeliveryLimits& limits) : limits_(limits) {}

  const DeliveryLimits& limits() const { return limits_; }
  void set_limits(const DeliveryLimits& limits) { limits_ = limits; }

  // What is pending now, oldest first: what is new is added, what is not there any more is dropped, unless it is being
  // sent.
  void load(std::vector<DeliveryRow> pending);
  // One to be sent now, which is under way from then on.
  std::optional<DeliveryRow> next(MonoTime now);
  // It has been answered, and what that means is on record. Tried again after `pause` if it is still pending.
  void answered(EventId event, const DeliveryOutcome& outcome, MonoTime again);
  // When `next` has something that has to wait until then; nothing: not before something changes.
  std::optional<MonoTime> due() const;
  std::size_t under_way() const;
  bool empty() const { return entries_.empty(); }

 private:
  struct Entry {
    DeliveryRow row;
    MonoTime from = MonoTime::min();
    bool under_way = false;
  };

  DeliveryLimits limits_;
  std::vector<Entry> entries_;  // in order
};

}  // namespace assent
