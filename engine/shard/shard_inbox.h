// ShardInbox: how other threads speak to a shard: bounded, lock-free, in order of arrival.
//
// Producers: control threads (`offer`, refused when the bound is reached) and the engine's own answers (`deliver`,
// never refused: there is at most one for each request the shard made). Consumer: the shard's thread, once a sweep.
//
// Packets can wait for the next sweep; what somebody decided, and the record's answer to it, need not: each message
// wakes the shard when it sleeps.
#pragma once

#include <atomic>
#include <boost/lockfree/queue.hpp>
#include <cstddef>
#include <functional>
#include <memory>

#include "base/limits.h"
#include "base/step_thread.h"
#include "base/time.h"

namespace assent {

class Shard;

class ShardInbox {
 public:
  using Message = std::function<void(Shard&, Now)>;

  ShardInbox() : messages_(limits::kCommandQueue) {}
  ~ShardInbox() {
    while (take() != nullptr) {
    }
  }
  ShardInbox(const ShardInbox&) = delete;
  ShardInbox& operator=(const ShardInbox&) = delete;

  // Whom to wake, from now on; before any producer is there. It outlives the inbox.
  void wake_with(WakeSignal& wake) { wake_ = &wake; }

  bool offer(Message message) {
    if (waiting_.load(std::memory_order_relaxed) >= limits::kCommandQueue) return false;
    deliver(std::move(message));
    return true;
  }
  void deliver(Message message) {
    auto boxed = std::make_unique<Message>(std::move(message));
    waiting_.fetch_add(1, std::memory_order_relaxed);
    messages_.push(boxed.get());
    (void)boxed.release();  // the queue owns it now
    if (wake_ != nullptr) wake_->notify();
  }
  std::unique_ptr<Message> take() {
    Message* message = nullptr;
    if (!messages_.pop(message)) return nullptr;
    waiting_.fetch_sub(1, std::memory_order_relaxed);
    return std::unique_ptr<Message>(message);
  }

 private:
  boost::lockfree::queue<Message*> messages_;
  std::atomic<std::size_t> waiting_{0};
  WakeSignal* wake_ = nullptr;  // none: whoever steps the shard looks by itself
};

}  // namespace assent
