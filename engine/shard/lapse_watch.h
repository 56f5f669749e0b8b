// LapseWatch: when the next consent of a shard's calls that was given for a time is over.
//
// Such a consent must end before the sweep that takes what was said after it, so this is asked ahead of every sweep and
// not with the alarms behind it: two comparisons. It may say so too early (nothing is over then), never too late: by
// each clock whichever call is first. The shard's thread alone.
#pragma once

#include <algorithm>

#include "engine/consent/consent_state.h"

namespace assent {

class LapseWatch {
 public:
  bool is_due(Now now) const { return next_.is_over(now); }
  void reset() { next_ = {}; }
  void note(const Term& term) {
    next_.mono = std::min(next_.mono, term.mono);
    next_.wall = std::min(next_.wall, term.wall);
  }

 private:
  Term next_;
};

}  // namespace assent
