// QueueDelay: how long the oldest entry of a queue has been in it, reckoned from two totals: how many ever went in, and
// how many ever came out.
//
// Whoever puts in and takes out only counts, so nothing is stamped with a time on the way of a packet; this remembers
// when each total was first seen. The answer is too small by at most the time between two samples, and right for a
// queue whose entries leave in about the order they came. Pure; one thread.
#pragma once

#include <cstdint>
#include <deque>

#include "base/in_out_count.h"
#include "base/limits.h"
#include "base/time.h"

namespace assent {

class QueueDelay {
 public:
  // Of the queue as it is now. Time does not go back, and neither do totals.
  nanoseconds sample(InOutTotals totals, MonoTime now) {
    if (seen_.empty() ? totals.in > totals.out : totals.in > seen_.back().in) remember({totals.in, now});
    while (!seen_.empty() && seen_.front().in <= totals.out) seen_.pop_front();
    return seen_.empty() ? nanoseconds(0) : now - seen_.front().at;
  }

 private:
  struct Seen {
    std::uint64_t in;
    MonoTime at;
  };

  void remember(const Seen& seen) {
    // What comes then is taken for as old as what came just before.
    if (seen_.size() == limits::kDelaySamples) {
      seen_.back().in = seen.in;
    } else {
      seen_.push_back(seen);
    }
  }

  std::deque<Seen> seen_;  // oldest first; `in` rises
};

}  // namespace assent
