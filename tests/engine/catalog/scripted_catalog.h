// A catalog without a disk for the tests of those who use one: `book` waits for the test's leave where asked to,
// answers as the test says, and keeps what it was given. Keys can be looked up; the other queries have nothing.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <vector>

#include "empty_catalog.h"

namespace assent::test {

class ScriptedCatalog : public EmptyCatalog {
 public:
  using Spans = std::vector<std::size_t>;  // sizes of the spans that were booked

  // Called by `book` with the span, on the booker's thread, without a lock.
  std::function<Result<void>(std::span<const Booking>)> on_book = [](auto) { return Result<void>(); };
  std::function<Result<void>()> on_forget = [] { return Result<void>(); };
  std::function<void()> on_key = [] {};  // called by `key` after the row was read, before it is handed out

  Result<void> book(std::span<const Booking> bookings) override {
    auto outcome = on_book(bookings);
    const std::lock_guard lock(mutex_);
    asked_.push_back(bookings.size());
    if (!outcome) return outcome;
    for (const Booking& one : bookings) {
      if (const auto* add = std::get_if<booking::AddKey>(&one)) keys_[add->key.id] = add->key;
      if (const auto* destroy = std::get_if<booking::DestroyKey>(&one)) keys_.erase(destroy->key);
    }
    return outcome;
  }
  Result<void> forget_deleted() override { return on_forget(); }
  Spans asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }
  std::size_t keys_read() const {
    const std::lock_guard lock(mutex_);
    return keys_read_;
  }

  Result<std::optional<WrappedKey>> key(KeyId id) override {
    std::optional<WrappedKey> found;
    {
      const std::lock_guard lock(mutex_);
      ++keys_read_;
      if (const auto at = keys_.find(id); at != keys_.end()) found = at->second;
    }
    on_key();
    return found;
  }
  Result<std::vector<WrappedKey>> keys_of_kind(KeyKind kind) override {
    const std::lock_guard lock(mutex_);
    std::vector<WrappedKey> found;
    for (const auto& [id, key] : keys_) {
      if (key.kind == kind) found.push_back(key);
    }
    return found;
  }

 private:
  mutable std::mutex mutex_;
  std::map<KeyId, WrappedKey> keys_;
  Spans asked_;
  std::size_t keys_read_ = 0;
};

// A gate that one thread waits at until another opens it; it stays open.
class Latch {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

}  // namespace assent::test
