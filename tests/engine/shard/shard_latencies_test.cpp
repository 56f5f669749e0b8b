#include "catch.h"
#include "shard_rig.h"

namespace assent {
namespace {

// The bound of the step that the only latency stands in.
nanoseconds only(const LatencyHistogram& histogram) {
  const LatencyCounts counts = histogram.counts();
  std::optional<nanoseconds> found;
  for (std::size_t i = 0; i < kLatencyBounds.size(); ++i) {
    if (counts.steps[i] == 0) continue;
    REQUIRE_FALSE(found);
    found = kLatencyBounds[i];
  }
  REQUIRE(found);
  return *found;
}

}  // namespace

TEST_CASE("a packet waits at most since the sweep before it began, and until its own has handed it on") {
  ShardRig rig(ShardRig::defaults());
  rig.pass(5ms);
  rig.working = 5ms;
  for (int i = 0; i < 20; ++i) rig.talk(0, 0x01);
  CHECK(rig.shard->latencies().packet_to_gate().counts().total() == 20);
  CHECK(only(rig.shard->latencies().packet_to_gate()) == 10ms);  // a sweep of 5 ms, and 5 ms of work
  rig.end();
}

TEST_CASE("a sweep without packets measures nothing") {
  ShardRig rig(ShardRig::defaults());
  rig.pass(1s);
  CHECK(rig.shard->latencies().packet_to_gate().counts().total() == 0);
  rig.end();
}

TEST_CASE("a yes turns the gate at once, and opens it when it is on record; both are measured from when it was said") {
  ShardRig rig(ShardRig::defaults());
  rig.talk(0, 0x01);
  rig.auto_record = false;
  rig.asked_before = 2ms;
  rig.decide(0, Decision::granted);
  const ShardLatencies& latencies = rig.shard->latencies();
  CHECK(only(latencies.opt_in_to_turn()) == 2ms);
  CHECK(latencies.opt_in_to_open().counts().total() == 0);
  rig.pass(95ms);
  rig.record.answer_all({}, rig.now);
  CHECK(only(latencies.opt_in_to_open()) == 100ms);
  rig.auto_record = true;
  rig.end();
}

TEST_CASE("a digit's yes is measured from the sweep before the one that brought it") {
  ShardRig rig(ShardRig::defaults());
  rig.talk(0, 0x01);
  rig.press(0, '1');
  rig.pass(10ms);
  CHECK(rig.gate(0) == Gate::open);
  CHECK(rig.shard->latencies().opt_in_to_turn().counts().total() == 1);
  CHECK(only(rig.shard->latencies().opt_in_to_turn()) == 5ms);
  CHECK(rig.shard->latencies().opt_in_to_open().counts().total() == 1);
  rig.end();
}

TEST_CASE("neither a no nor a yes that is not on record counts as an opt-in that opened") {
  ShardRig rig(ShardRig::defaults());
  rig.auto_record = false;
  rig.decide(0, Decision::granted);
  rig.record.answer_all(error(Errc::io, "disk full"), rig.now);
  rig.auto_record = true;
  rig.decide(0, Decision::denied);
  rig.pass(10ms);
  CHECK(rig.shard->latencies().opt_in_to_turn().counts().total() == 1);
  CHECK(rig.shard->latencies().opt_in_to_open().counts().total() == 0);
  rig.end();
}

TEST_CASE("a no is measured until the gate turned and until nothing of the leg is being sealed") {
  ShardRig rig(ShardRig::defaults());
  rig.grant_all();
  rig.talk(0, 0x01);
  rig.asked_before = 2ms;
  rig.decide(0, Decision::withdrawn);
  const ShardLatencies& latencies = rig.shard->latencies();
  CHECK(only(latencies.refusal_to_turn()) == 2ms);
  CHECK(only(latencies.refusal_to_quiet()) == 2ms);  // nobody was sealing
  rig.grant_all();
  rig.press(0, '9');
  CHECK(latencies.refusal_to_turn().counts().total() == 2);
  CHECK(latencies.refusal_to_quiet().counts().total() == 2);
  rig.end();
}

TEST_CASE("a no while nothing is recorded yet is measured, too") {
  ShardRig rig(ShardRig::defaults());
  rig.decide(0, Decision::denied);
  rig.pass(10ms);
  rig.end();
  CHECK(rig.shard->latencies().refusal_to_turn().counts().total() == 1);
}

TEST_CASE("a message wakes the shard that sleeps") {
  ShardInbox inbox;
  WakeSignal wake;
  inbox.wake_with(wake);
  const MonoTime deadline = read_mono() + 60s;
  REQUIRE(inbox.offer([](Shard&, Now) {}));
  wake.wait_until(deadline);
  CHECK(read_mono() < deadline);
  CHECK(inbox.take() != nullptr);
}

TEST_CASE("what the rings hold is counted while it is held") {
  ShardRig rig(ShardRig::defaults());
  for (int i = 0; i < 100; ++i) rig.talk(0, 0x01);
  CHECK(rig.shard->counts().held_blocks >= 3);
  rig.grant_all();
  CHECK(rig.shard->counts().held_blocks == 0);
  rig.end();
}

TEST_CASE("a block is stamped when it goes to be sealed, not when it began to be held") {
  ShardRig rig(ShardRig::defaults());
  for (int i = 0; i < 200; ++i) rig.talk(0, 0x01);
  rig.grant_all();
  rig.end();
  const LatencyCounts delays = rig.seal_delays.counts();
  CHECK(delays.total() == rig.sealed_pages());
  // The rig answers for the record before a sweep, so what an answer lets go has the stamp of the sweep before.
  std::uint64_t soon = 0;
  for (std::size_t i = 0; kLatencyBounds.at(i) <= 7500us; ++i) soon += delays.steps.at(i);
  CHECK(soon == delays.total());
}

}  // namespace assent
