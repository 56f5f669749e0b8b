#include "engine/overload/overload_state.h"

#include <future>
#include <thread>

#include "catch.h"

namespace assent {
namespace {

OverloadReport report_of(OverloadStage stage, DiskRoom disk = DiskRoom::enough) {
  OverloadReport report;
  report.verdict = {stage, disk, "the disk is slow", true};
  return report;
}

TEST_CASE("calls are admitted until admission stops, and each refusal is counted") {
  OverloadState state;
  for (const OverloadStage stage : kOverloadStages) {
    state.publish(report_of(stage));
    CHECK(state.admit().has_value() == (stage != OverloadStage::admission_stops));
  }
  const auto refused = state.admit();
  CHECK(refused.error().code == Errc::overloaded);
  CHECK(refused.error().what.find("the disk is slow") != std::string::npos);
  CHECK(state.report().calls_refused == 2);
}

TEST_CASE("a full disk refuses calls at any stage, and lets settling go on") {
  OverloadState state;
  for (const OverloadStage stage : kOverloadStages) {
    state.publish(report_of(stage, DiskRoom::reserve));
    CHECK(state.admit().error().code == Errc::disk_full);
    CHECK_FALSE(state.settling_waits());
    CHECK_FALSE(state.storing_stops());
  }
  state.publish(report_of(OverloadStage::calm, DiskRoom::floor));
  CHECK(state.admit().error().code == Errc::disk_full);
  CHECK(state.storing_stops());
}

TEST_CASE("each stage keeps what those before it do") {
  OverloadState state;
  state.publish(report_of(OverloadStage::queries_wait));
  CHECK_FALSE(state.settling_waits());
  state.publish(report_of(OverloadStage::settling_waits));
  CHECK(state.settling_waits());
  CHECK_FALSE(state.rings_shorten());
  state.publish(report_of(OverloadStage::admission_stops));
  CHECK(state.settling_waits());
  CHECK(state.rings_shorten());
}

TEST_CASE("a query has its turn at once when it is calm, and when it becomes so") {
  OverloadState state;
  CHECK(state.wait_for_turn(0ms));
  state.publish(report_of(OverloadStage::queries_wait));
  auto query = std::async(std::launch::async, [&] { return state.wait_for_turn(20s); });
  while (state.report().queries_waited == 0) std::this_thread::yield();
  state.publish(report_of(OverloadStage::calm));
  CHECK(query.get());
  CHECK(state.report().queries_refused == 0);
}

TEST_CASE("a query that waited for its time is turned away") {
  OverloadState state;
  state.publish(report_of(OverloadStage::queries_wait));
  CHECK(state.wait_for_turn(1ms).error().code == Errc::overloaded);
  CHECK(state.report().queries_refused == 1);
}

TEST_CASE("only so many queries wait; the next is turned away at once, and a stream is not held up") {
  OverloadState state;
  state.publish(report_of(OverloadStage::queries_wait));
  std::vector<std::future<Result<void>>> waiting;
  for (std::size_t i = 0; i < limits::kQueriesWaiting; ++i) {
    waiting.push_back(std::async(std::launch::async, [&] { return state.wait_for_turn(20s); }));
  }
  while (state.report().queries_waited < limits::kQueriesWaiting) std::this_thread::yield();
  CHECK(state.wait_for_turn(20s).error().code == Errc::overloaded);
  state.ease_off(20s);
  state.publish(report_of(OverloadStage::calm));
  for (auto& query : waiting) CHECK(query.get());
  CHECK(state.report().queries_refused == 1);
}

}  // namespace
}  // namespace assent
