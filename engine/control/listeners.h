// Listeners: the streams of recordings that are being read now, a leg each, so that they can be ended.
//
// It decides nothing: RecordingService cuts those that may not be heard any more. A listener is forgotten when its
// stream lets go of it. Any thread; a mutex is held for a look at the list only.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"

namespace assent {

class Listener {
 public:
  Listener(RecordingId heard, std::string heard_for, LegId heard_leg)
      : recording(heard), purpose(std::move(heard_for)), leg(heard_leg) {}

  const RecordingId recording;
  const std::string purpose;
  const LegId leg;

  // Why no more of it is read; the first cut counts. Its next pull ends with that.
  enum class Cut { none, erased, not_allowed };
  void cut(Cut why) {
    Cut none = Cut::none;
    cut_.compare_exchange_strong(none, why, std::memory_order_relaxed);
  }
  Result<void> may_go_on() const {
    switch (cut_.load(std::memory_order_relaxed)) {
      case Cut::none: break;
      case Cut::erased: return error(Errc::not_found, "the recording is being erased");
      case Cut::not_allowed:
        return error(Errc::denied, "nobody's consent covers the purpose '" + purpose + "' for this leg any more");
    }
    return {};
  }

 private:
  std::atomic<Cut> cut_ = Cut::none;
};

class Listeners {
 public:
  std::shared_ptr<Listener> add(RecordingId recording, const std::string& purpose, LegId leg) {
    auto listener = std::make_shared<Listener>(recording, purpose, leg);
    const std::lock_guard lock(mutex_);
    std::erase_if(all_, [](const auto& one) { return one.second.expired(); });
    all_.emplace(recording, listener);
    return listener;
  }

  std::vector<std::shared_ptr<Listener>> of(RecordingId recording) {
    std::vector<std::shared_ptr<Listener>> found;
    const std::lock_guard lock(mutex_);
    const auto [first, last] = all_.equal_range(recording);
    for (auto one = first; one != last; ++one) {
      if (auto listener = one->second.lock()) found.push_back(std::move(listener));
    }
    return found;
  }

  std::vector<std::shared_ptr<Listener>> all() {
    std::vector<std::shared_ptr<Listener>> found;
    const std::lock_guard lock(mutex_);
    for (const auto& one : all_) {
      if (auto listener = one.second.lock()) found.push_back(std::move(listener));
    }
    return found;
  }

 private:
  std::mutex mutex_;  // guards what follows
  std::multimap<RecordingId, std::weak_ptr<Listener>> all_;
};

}  // namespace assent
