#include "engine/signalling/sip/siprec_workers.h"

#include <pthread.h>

#include <utility>

namespace assent {

SiprecWorkers::SiprecWorkers(SiprecSessions& sessions, Post post, std::size_t workers)
    : sessions_(sessions), post_(std::move(post)) {
  for (std::size_t i = 0; i < workers; ++i) {
    threads_.emplace_back([this] { work(); });
    pthread_setname_np(threads_.back().native_handle(), "siprec");
  }
}

bool SiprecWorkers::has_room() const {
  const std::lock_guard lock(mutex_);
  return !stops_ && tasks_.size() < limits::kSipWaiting;
}

std::size_t SiprecWorkers::waiting() const {
  const std::lock_guard lock(mutex_);
  return tasks_.size();
}

void SiprecWorkers::run(Job job, Done done) {
  {
    const std::lock_guard lock(mutex_);
    if (stops_) return;
    tasks_.push_back({std::move(job), std::move(done)});
  }
  changed_.notify_one();
}

void SiprecWorkers::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stops_ || !tasks_.empty(); });
    if (stops_) return;
    Task task = std::move(tasks_.front());
    tasks_.pop_front();
    ++working_;
    lock.unlock();
    SiprecAnswer answer = task.job(sessions_);
    post_([done = std::move(task.done), answer = std::move(answer)] { done(answer); });
    lock.lock();
    --working_;
    if (working_ == 0 && tasks_.empty()) idle_.notify_all();
  }
}

bool SiprecWorkers::finish(milliseconds patience) {
  std::unique_lock lock(mutex_);
  return idle_.wait_for(lock, patience, [this] { return working_ == 0 && tasks_.empty(); });
}

void SiprecWorkers::stop() {
  {
    const std::lock_guard lock(mutex_);
    stops_ = true;
    tasks_.clear();
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

}  // namespace assent
