// OverloadState: what the judge decided last, for whoever has to act on it.
//
// One thread publishes; everybody else asks: what a packet may meet (nothing) costs nothing, what a request meets is a
// relaxed load, and only what waits takes a lock. Whether a call is admitted, a query waits, the settler pauses is said
// here once, so that no stage is compared anywhere else.
//
// publish: one thread. Everything else: any thread; wait_for_turn blocks.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>

#include "base/result.h"
#include "engine/overload/overload_judge.h"

namespace assent {

// For /metrics and /readyz.
struct OverloadReport {
  OverloadVerdict verdict;
  OverloadSigns signs;
  std::array<nanoseconds, kOverloadStages.size()> time_in_stages{};
  std::uint64_t disk_reserve_bytes = 0;
  std::uint64_t queries_waited = 0;
  std::uint64_t queries_refused = 0;
  std::uint64_t calls_refused = 0;
};

class OverloadState {
 public:
  void publish(const OverloadReport& report);

  OverloadStage stage() const { return stage_.load(std::memory_order_relaxed); }
  DiskRoom disk() const { return disk_.load(std::memory_order_relaxed); }

  // For a new call or leg: Errc::overloaded or Errc::disk_full, and why; a refusal is counted.
  Result<void> admit() const;
  // Whether segments stay in the journal for a while. Not while the disk is short: settling is what frees the journal.
  bool settling_waits() const { return disk() == DiskRoom::enough && stage() >= OverloadStage::settling_waits; }
  // Whether nothing may be stored: what is left of the disk is the catalog's.
  bool storing_stops() const { return disk() == DiskRoom::floor; }
  bool rings_shorten() const { return stage() >= OverloadStage::rings_shorten; }

  // For a query that is not urgent: returns when it is calm. Errc::overloaded when that takes longer than `patience`,
  // or as many as may wait wait already.
  Result<void> wait_for_turn(milliseconds patience = limits::kQueryWait) const;

  // For a stream under way: returns when it is calm, or after `patience`.
  void ease_off(milliseconds patience = limits::kStreamWait) const;

  OverloadReport report() const;

 private:
  bool is_calm() const { return stage() == OverloadStage::calm; }
  Error overloaded(std::string_view what) const;

  std::atomic<OverloadStage> stage_{OverloadStage::calm};
  std::atomic<DiskRoom> disk_{DiskRoom::enough};

  mutable std::mutex mutex_;  // guards what follows
  mutable std::condition_variable calmed_;
  OverloadReport report_;  // but for its counts of waiting and refusals
  mutable std::size_t waiting_ = 0;
  mutable std::uint64_t queries_waited_ = 0;
  mutable std::uint64_t queries_refused_ = 0;
  mutable std::uint64_t calls_refused_ = 0;
};

}  // namespace assent
