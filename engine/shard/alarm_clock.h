// AlarmClock: when each call of a shard next wants to be looked at.
//
// Most calls want nothing most of the time, so a sweep reads eight bytes a call here, side by side, and touches only
// the calls whose time has come. An alarm may ring too early (the call looks and sets it anew), never too late: what
// makes a call's time come sooner must say so. The shard's thread alone. Places are reused.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace assent {

class AlarmClock {
 public:
  using Place = std::size_t;
  static constexpr MonoTime kNever = MonoTime::max();

  // A new alarm, which rings at once.
  Place add() {
    if (free_.empty()) {
      free_.push_back(due_.size());
      due_.push_back(kNever);
    }
    const Place place = free_.back();
    free_.pop_back();
    due_[place] = MonoTime::min();
    return place;
  }
  void remove(Place place) {
    due_[place] = kNever;
    free_.push_back(place);
  }

  void set(Place place, MonoTime at) { due_[place] = at; }
  // Sooner than it was, or as it was.
  void advance(Place place, MonoTime at) { due_[place] = std::min(due_[place], at); }

  // Calls ring(place) for every alarm that is due; each is set to kNever first. Alarms may be set, added and removed
  // meanwhile.
  template <typename Ring>
  void ring_due(MonoTime now, Ring&& ring) {
    for (Place place = 0; place < due_.size(); ++place) {
      if (due_[place] > now) continue;
      due_[place] = kNever;
      ring(place);
    }
  }

 private:
  std::vector<MonoTime> due_;
  std::vector<Place> free_;
};

// One call's alarm, for as long as the call lives.
class Alarm {
 public:
  explicit Alarm(AlarmClock& clock) : clock_(clock), place_(clock.add()) {}
  ~Alarm() { clock_.remove(place_); }
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  AlarmClock::Place place() const { return place_; }
  void advance(MonoTime at) { clock_.advance(place_, at); }
  void ring_soon() { clock_.set(place_, MonoTime::min()); }

 private:
  AlarmClock& clock_;
  AlarmClock::Place place_;
};

}  // namespace assent
