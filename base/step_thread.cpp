#include "base/step_thread.h"

#include <pthread.h>

#include <utility>

namespace assent {

void WakeSignal::notify() {
  {
    const std::lock_guard lock(mutex_);
    notified_ = true;
  }
  changed_.notify_one();
}

void WakeSignal::wait_until(MonoTime deadline) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, deadline, [this] { return notified_; });
  notified_ = false;
}

StepThread::StepThread(const std::string& name, WakeSignal& wake, std::function<MonoTime(MonoTime now)> step,
                       std::optional<Cpu> cpu)
    : wake_(wake), step_(std::move(step)), thread_([this, cpu] { run(cpu); }) {
  pthread_setname_np(thread_.native_handle(), name.substr(0, 15).c_str());
}

StepThread::~StepThread() {
  stop_.store(true, std::memory_order_release);
  wake_.notify();
  thread_.join();
}

void StepThread::run(std::optional<Cpu> cpu) {
  if (cpu) (void)run_on({*cpu});
  while (!stop_.load(std::memory_order_acquire)) wake_.wait_until(step_(read_mono()));
}

}  // namespace assent
