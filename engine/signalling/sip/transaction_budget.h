// TransactionBudget: how many server transactions may be there at once, and how large.
//
// SIP's library keeps each for 32 s after its answer (RFC 3261 section 17.2) and does not say when it lets go; so what
// was begun within limits::kSipTransactionTime counts as there. Virtual time; one thread.
#pragma once

#include <cstddef>
#include <deque>

#include "base/limits.h"
#include "base/time.h"

namespace assent {

class TransactionBudget {
 public:
  struct Most {
    std::size_t transactions = limits::kSipTransactions;
    std::size_t bytes = limits::kSipTransactionBytes;
    milliseconds kept = limits::kSipTransactionTime;
  };
  TransactionBudget() : TransactionBudget(Most{}) {}
  explicit TransactionBudget(Most most) : most_(most) {}

  // Whether one more of so many bytes may begin; it counts then.
  bool begin(std::size_t bytes, MonoTime now) {
    forget(now);
    if (begun_.size() >= most_.transactions || bytes_ + bytes > most_.bytes) return false;
    begun_.push_back({now, bytes});
    bytes_ += bytes;
    return true;
  }
  std::size_t transactions(MonoTime now) {
    forget(now);
    return begun_.size();
  }

 private:
  struct Begun {
    MonoTime at;
    std::size_t bytes;
  };
  void forget(MonoTime now) {
    while (!begun_.empty() && now - begun_.front().at >= most_.kept) {
      bytes_ -= begun_.front().bytes;
      begun_.pop_front();
    }
  }

  Most most_;
  std::deque<Begun> begun_;  // oldest first
  std::size_t bytes_ = 0;
};

}  // namespace assent
