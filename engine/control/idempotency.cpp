#include "engine/control/idempotency.h"

#include <exception>

namespace assent {
namespace {

constexpr unsigned kTooManyRequests = 429;  // another answer comes later, as after a 5xx

}  // namespace

std::optional<HttpResponse> IdempotencyStore::once(const IdempotencyKey& key, const Sha256Digest& request, MonoTime now,
                                                   const std::function<HttpResponse()>& work) {
  std::unique_lock lock(mutex_);
  for (;;) {
    auto found = by_key_.find(key);
    if (found != by_key_.end() && found->second->response && now - found->second->since > age_) {
      remove(found->second);
      found = by_key_.end();
    }
    if (found == by_key_.end()) break;
    Entry& entry = *found->second;
    if (entry.request != request) return std::nullopt;
    if (entry.response) {
      entries_.splice(entries_.begin(), entries_, found->second);
      return entry.response;
    }
    finished_.wait(lock);  // then look again: a failed one is gone, and this one runs in its place
  }
  make_room(now);
  entries_.push_front({key, request, now, std::nullopt});
  const auto entry = entries_.begin();
  by_key_.emplace(key, entry);
  lock.unlock();
  return run(entry, work);
}

std::optional<HttpResponse> IdempotencyStore::run(Entries::iterator entry, const std::function<HttpResponse()>& work) {
  std::optional<HttpResponse> response;
  std::exception_ptr thrown;
  try {
    response = work();
  } catch (...) {
    thrown = std::current_exception();
  }
  {
    const std::lock_guard lock(mutex_);
    if (response && response->status < 500 && response->status != kTooManyRequests) {
      entry->response = response;
    } else {
      remove(entry);
    }
  }
  finished_.notify_all();
  if (thrown) std::rethrow_exception(thrown);
  return response;
}

void IdempotencyStore::remove(Entries::iterator entry) {
  by_key_.erase(entry->key);
  entries_.erase(entry);
}

// Running ones stay, so the store may hold a few more than its bound: one for each worker at most.
void IdempotencyStore::make_room(MonoTime now) {
  for (auto last = entries_.end(); last != entries_.begin();) {
    --last;
    const bool is_needed = entries_.size() >= most_entries_ || now - last->since > age_;
    if (!is_needed) return;
    if (!last->response) continue;
    const auto gone = last++;
    remove(gone);
  }
}

std::size_t IdempotencyStore::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace assent
