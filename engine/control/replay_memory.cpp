#include "engine/control/replay_memory.h"

#include <algorithm>
#include <exception>

namespace assent {

ReplayMemory::Outcome ReplayMemory::once(const SignedMessage& message, std::int64_t expired_s,
                                         const std::function<HttpResponse()>& work) {
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto found = entries_.find(message.key);
    if (found == entries_.end()) break;
    Entry& entry = found->second;
    if (entry.content != message.content) return {Fate::differs, std::nullopt};
    if (entry.reply) {
      touch(message.key, entry, message.signed_at_s);
      return {Fate::repeated, entry.reply};
    }
    finished_.wait(lock);  // then look again: one that was refused is gone, and this one runs in its place
  }
  forget_expired(expired_s);
  if (message.signed_at_s < oldest_s_ || !make_room(message.signed_at_s)) return {Fate::too_old, std::nullopt};
  entries_[message.key] = {message.content, message.signed_at_s, std::nullopt};
  lock.unlock();
  return {Fate::ran, run(message.key, work)};
}

HttpResponse ReplayMemory::run(const std::string& key, const std::function<HttpResponse()>& work) {
  std::optional<HttpResponse> reply;
  std::exception_ptr thrown;
  try {
    reply = work();
  } catch (...) {
    thrown = std::current_exception();
  }
  {
    const std::lock_guard lock(mutex_);
    if (reply && reply->status / 100 == 2) {
      Entry& entry = entries_.at(key);
      entry.reply = reply;
      by_time_.emplace(entry.signed_at_s, key);
    } else {
      entries_.erase(key);
    }
  }
  finished_.notify_all();
  if (thrown) std::rethrow_exception(thrown);
  return *std::move(reply);
}

// A repetition that was signed anew could itself be sent again, for as long as its own time allows.
void ReplayMemory::touch(const std::string& key, Entry& entry, std::int64_t signed_at_s) {
  if (signed_at_s <= entry.signed_at_s) return;
  by_time_.erase({entry.signed_at_s, key});
  entry.signed_at_s = signed_at_s;
  by_time_.emplace(signed_at_s, key);
}

void ReplayMemory::forget_expired(std::int64_t expired_s) {
  while (!by_time_.empty() && by_time_.begin()->first < expired_s) forget_oldest();
}

// What is older than all that is remembered makes none of it go. Running ones stay, so there may be a few more than the
// bound: one for each worker at most.
bool ReplayMemory::make_room(std::int64_t signed_at_s) {
  if (entries_.size() < most_entries_ || by_time_.empty()) return true;
  if (signed_at_s < by_time_.begin()->first) return false;
  forget_oldest();
  return true;
}

void ReplayMemory::forget_oldest() {
  const auto oldest = by_time_.begin();
  oldest_s_ = std::max(oldest_s_, oldest->first + 1);
  entries_.erase(oldest->second);
  by_time_.erase(oldest);
}

std::size_t ReplayMemory::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace assent
