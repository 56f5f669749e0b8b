// Retention: what ends by itself. Recordings whose time is over are erased, holds whose time is over end, and what
// waited for a hold begins.
//
// The catalog knows when each recording is to end (retention_end.h) and what is due by an index; this takes what is due
// at `now`, a bounded part at a time, and erases it the way DELETE /v1/recordings/{id} does, in the name "retention". A
// recording that a hold covers is passed over, and is not looked at again before some hold has ended: then all that is
// due is gone through anew. The same happens when one could not be erased, after limits::kErasureRetry, and once an
// hour in any case: a clock that was set back may have left something behind.
//
// Where the settings are others than those by which an end was reckoned, it is reckoned anew first, in the background.
// Nothing is kept here that a restart would lose.
//
// `look` is the whole of it, caller-driven, in the caller's time. RetentionThread calls it once a second.
// `look_again`: any thread.
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/limits.h"
#include "base/step_thread.h"
#include "base/time.h"
#include "engine/catalog/catalog_writer.h"

namespace assent {

// The wall clock, but never further on from where it began than the clock that nobody sets: what a clock that is set on
// would erase years too soon cannot be had back. What is set right at the next start is late until then, and no more.
class UnhurriedClock {
 public:
  explicit UnhurriedClock(Now start) : start_(start) {}
  WallTime at(Now now) const { return std::min(now.wall, start_.wall + (now.mono - start_.mono)); }

 private:
  const Now start_;
};

class Retention {
 public:
  struct Parts {  // outlive it
    Catalog& catalog;
    CatalogWriter& writer;
    // All of it, or goes on with it. Errc::conflict: not now (a hold, a call in progress); Errc::not_found: it is gone.
    std::function<Result<void>(RecordingId)> erase;
    // Begins what no hold keeps any more; whether some is to be asked about again.
    std::function<Result<bool>()> begin_freed;
    std::function<void(const std::string&)> report;  // what went wrong, for the log
  };
  explicit Retention(Parts parts) : parts_(std::move(parts)) {}

  enum class Left { nothing, more };
  // Does a bounded part of what is due; `more`: the next part may be asked for at once.
  Left look(WallTime now);
  // A hold has ended, or other rules hold.
  void look_again() { again_.store(true, std::memory_order_release); }

 private:
  Result<void> end_holds(WallTime now);
  Result<void> begin_freed(WallTime now);
  Result<bool> plan();
  Result<bool> erase_due(WallTime now);
  void erase_one(RecordingId id, WallTime now);
  void go_on(WallTime now);
  void tell(const std::string& what, const Error& why);

  Parts parts_;
  std::atomic<bool> again_{true};        // at the start, too
  std::optional<DueRecording> passed_;   // up to here all that is due has been erased, or is held
  std::optional<WallTime> retry_;        // of what failed, or an hour later
  std::vector<RecordingId> unfinished_;  // whose erasure has begun, likewise
  std::optional<WallTime> ask_freed_;    // when those that could not begin are asked about again
  std::string told_;                     // the last trouble: not told every second
};

// Looks once a second, and when it is woken.
class RetentionThread {
 public:
  RetentionThread(Retention::Parts parts, std::function<Now()> clock = read_clocks);
  void look_again();

 private:
  MonoTime step(MonoTime now);

  std::function<Now()> clock_;
  const UnhurriedClock unhurried_;
  Retention retention_;
  WakeSignal wake_;
  StepThread thread_;  // last: it uses all of the above
};

}  // namespace assent
