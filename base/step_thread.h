// StepThread: runs a caller-driven object on a thread of its own, so that the object itself needs no thread and tests
// step it in virtual time.
//
// The object has `step(now)`, which does what is due and says when it wants to be stepped again, and a WakeSignal that
// its other threads notify when something came in earlier. Construction starts the thread, destruction stops it after
// the step it is in; draining is the owner's business, before or after.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/cpu.h"
#include "base/time.h"

namespace assent {

// Waiter: the one stepping thread. Notifiers: any thread; a notification before the wait is not lost.
class WakeSignal {
 public:
  void notify();
  void wait_until(MonoTime deadline);  // returns at a notification or at the deadline

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool notified_ = false;
};

class StepThread {
 public:
  // `name` is what the kernel shows of the thread: at most 15 characters. With a CPU it runs there only, from its first
  // step on; one that the process may not use any more is done without.
  StepThread(const std::string& name, WakeSignal& wake, std::function<MonoTime(MonoTime now)> step,
             std::optional<Cpu> cpu = std::nullopt);
  ~StepThread();
  StepThread(const StepThread&) = delete;
  StepThread& operator=(const StepThread&) = delete;

 private:
  void run(std::optional<Cpu> cpu);

  WakeSignal& wake_;
  std::function<MonoTime(MonoTime now)> step_;
  std::atomic<bool> stop_{false};  // set by the owner (release), read by the thread (acquire)
  std::thread thread_;
};

}  // namespace assent
