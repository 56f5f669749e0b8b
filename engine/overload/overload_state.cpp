#include "engine/overload/overload_state.h"

namespace assent {

void OverloadState::publish(const OverloadReport& report) {
  {
    const std::lock_guard lock(mutex_);
    report_ = report;
    stage_.store(report.verdict.stage, std::memory_order_relaxed);
    disk_.store(report.verdict.disk, std::memory_order_relaxed);
  }
  if (is_calm()) calmed_.notify_all();
}

OverloadReport OverloadState::report() const {
  const std::lock_guard lock(mutex_);
  OverloadReport report = report_;
  report.queries_waited = queries_waited_;
  report.queries_refused = queries_refused_;
  report.calls_refused = calls_refused_;
  return report;
}

// Under the lock.
Error OverloadState::overloaded(std::string_view what) const {
  return error(Errc::overloaded, std::string(what) + ", because calls in progress come first: " + report_.verdict.why);
}

Result<void> OverloadState::admit() const {
  if (stage() != OverloadStage::admission_stops && disk() == DiskRoom::enough) return {};
  const std::lock_guard lock(mutex_);
  if (takes_calls(report_.verdict)) return {};  // since then
  ++calls_refused_;
  if (report_.verdict.disk != DiskRoom::enough) {
    return error(Errc::disk_full, "no new calls are taken: " + report_.verdict.why);
  }
  return overloaded("no new calls are taken");
}

Result<void> OverloadState::wait_for_turn(milliseconds patience) const {
  if (is_calm()) return {};
  std::unique_lock lock(mutex_);
  if (waiting_ < limits::kQueriesWaiting) {
    ++waiting_;
    ++queries_waited_;
    const bool calm = calmed_.wait_for(lock, patience, [this] { return is_calm(); });
    --waiting_;
    if (calm) return {};
  }
  ++queries_refused_;
  return overloaded("this must wait");
}

void OverloadState::ease_off(milliseconds patience) const {
  if (is_calm()) return;
  std::unique_lock lock(mutex_);
  if (waiting_ >= limits::kQueriesWaiting) return;
  ++waiting_;
  (void)calmed_.wait_for(lock, patience, [this] { return is_calm(); });
  --waiting_;
}

}  // namespace assent
