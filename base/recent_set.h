// RecentSet: remembers the last `capacity` different keys that were put in; older ones are forgotten. One thread at a
// time.
#pragma once

#include <cstddef>
#include <deque>
#include <unordered_set>

namespace assent {

template <typename Key>
class RecentSet {
 public:
  explicit RecentSet(std::size_t capacity) : capacity_(capacity) {}

  void insert(const Key& key) {
    if (!keys_.insert(key).second) return;
    order_.push_back(key);
    if (order_.size() <= capacity_) return;
    keys_.erase(order_.front());
    order_.pop_front();
  }
  bool contains(const Key& key) const { return keys_.count(key) != 0; }

 private:
  std::size_t capacity_;
  std::unordered_set<Key> keys_;
  std::deque<Key> order_;  // oldest first
};

}  // namespace assent
