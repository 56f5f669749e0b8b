#include <algorithm>
#include <set>

#include "catch.h"
#include "pipelines/engine_status.h"
#include "shards_rig.h"

namespace assent {
namespace {

// The arena of each of two shards holds two calls of two legs.
constexpr const char* kTwoShards = R"(
[listen]
rtp_ports = "27000-27127"
[capacity]
calls = 4
[threads]
shards = 2
[media]
sockets = "per-leg"
[consent]
policy = "per-party"
hold = "1s"
on_withdraw = "erase"
[journal]
file_size = "4MiB"
sealed_pages = 1024
[memory]
backing = "locked"
)";

bool lies_within(std::uint16_t port, PortSpan ports) { return port >= ports.first && port <= ports.last; }

}  // namespace

TEST_CASE("calls go to the shard with the fewest, and get ports of its part of the range") {
  ShardsRig rig(kTwoShards);
  std::vector<CallView> views;
  for (const std::size_t expected : {0U, 1U, 0U, 1U}) {
    const auto view = rig.create();
    REQUIRE(view);
    views.push_back(*view);
    CHECK(rig.shard_of(view->id) == expected);
    CHECK(lies_within(view->legs.at(0).port, rig.units[expected]->share().rtp_ports));
  }
  REQUIRE(rig.calls->end_call(views[1].id, rig.caller));
  REQUIRE(rig.calls->end_call(views[3].id, rig.caller));
  for (int i = 0; i < 2; ++i) CHECK(rig.shard_of(rig.create()->id) == 1);

  const auto all = rig.calls->calls();
  REQUIRE(all);
  CHECK(all->size() == 4);
  CHECK(std::is_sorted(all->begin(), all->end(),
                       [](const CallView& a, const CallView& b) { return a.created < b.created; }));
}

TEST_CASE("a call that its shard has no room for goes to the next, and when none has any it is refused") {
  ShardsRig rig(kTwoShards);
  const auto large = rig.create(4);  // all of the memory of the first shard
  const auto small = rig.create(2);
  REQUIRE(large);
  REQUIRE(small);
  CHECK(rig.shard_of(large->id) == 0);
  CHECK(rig.shard_of(small->id) == 1);
  const auto third = rig.create(2);  // as many calls in each: the first is tried, and then the second
  REQUIRE(third);
  CHECK(rig.shard_of(third->id) == 1);

  const auto refused = rig.create(2);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::exhausted);
  CHECK(rig.calls->live_calls() == 3);

  REQUIRE(rig.calls->end_call(large->id, rig.caller));
  const auto after = rig.create(2);
  REQUIRE(after);
  CHECK(rig.shard_of(after->id) == 0);
}

TEST_CASE("commands reach a call on whichever shard it is") {
  ShardsRig rig(kTwoShards);
  std::set<RecordingId> recordings;
  for (std::size_t shard = 0; shard < 2; ++shard) {
    if (shard == 1) REQUIRE(rig.create());  // keeps the first shard busy
    const auto view = rig.create();
    REQUIRE(view);
    REQUIRE(rig.shard_of(view->id) == shard);
    rig.grant(view->id);
    rig.talk(view->legs.at(0), 50);
    CHECK(rig.calls->call(view->id)->legs.at(0).gate == "open");
    CHECK(rig.calls->pause(view->id, "card number", rig.caller)->paused);
    CHECK_FALSE(rig.calls->resume(view->id, "done", rig.caller)->paused);
    LegsSpec more;
    more.legs = ShardsRig::call_of(2).legs;
    more.legs.erase(more.legs.begin());
    const auto changed = rig.calls->change_legs(view->id, more, rig.caller);
    REQUIRE(changed);
    REQUIRE(changed->legs.size() == 2);
    CHECK(lies_within(changed->legs[1].port, rig.units[shard]->share().rtp_ports));

    const auto ended = rig.calls->end_call(view->id, rig.caller);
    REQUIRE(ended);
    CHECK(ended->why == "complete");
    REQUIRE(ended->recording);
    recordings.insert(*ended->recording);
    CHECK(rig.units[shard]->settler().counters().stored >= 1);
  }
  CHECK(recordings.size() == 2);
  CHECK(rig.objects().size() >= 2);
  CHECK(rig.calls->calls()->size() == 1);
}

TEST_CASE("a withdrawal erases on whichever shard the call is") {
  ShardsRig rig(kTwoShards);
  for (std::size_t shard = 0; shard < 2; ++shard) {
    const auto view = rig.create();
    REQUIRE(view);
    REQUIRE(rig.shard_of(view->id) == shard);
    rig.grant(view->id);
    rig.talk(view->legs.at(0), 100);
    ConsentSpec withdrawal;
    withdrawal.participant = "customer";
    withdrawal.decision = "withdrawn";
    REQUIRE(rig.calls->decide(view->id, withdrawal, rig.caller));
    CHECK(rig.objects().empty());
    CHECK(rig.units[shard]->journal().counters().live_pages == 0);
    CHECK(rig.catalog->unfinished_erasures()->empty());
  }
}

TEST_CASE("the meter counts each shard by itself, and what is stored together") {
  ShardsRig rig(kTwoShards);
  for (const int packets : {10, 20}) {
    const auto view = rig.create();
    REQUIRE(view);
    rig.grant(view->id);
    rig.talk(view->legs.at(0), packets);
    REQUIRE(rig.calls->end_call(view->id, rig.caller));
    if (packets == 10) REQUIRE(rig.create());  // keeps the first shard busy
  }
  const LifeRecord life;
  EngineMeter meter({rig.units, *rig.writer, *rig.catalog, life, rig.handshakes, {}});
  const EngineCounters counters = meter.counters();
  REQUIRE(counters.shards.size() == 2);
  CHECK(counters.shards[0].shard == 0);
  CHECK(counters.shards[0].packets == 10);
  CHECK(counters.shards[0].calls_live == 1);
  CHECK(counters.shards[1].shard == 1);
  CHECK(counters.shards[1].packets == 20);
  CHECK(counters.shards[1].calls_live == 0);
  CHECK(counters.shards[0].calls_capacity + counters.shards[1].calls_capacity == 4);
  CHECK(counters.shards[0].segments_stored == 1);
  CHECK(counters.shards[1].segments_stored == 1);
  CHECK(counters.catalog.commit.total() > 0);
  for (const ShardCounters& shard : counters.shards) {
    const ShardLatencyCounts& latencies = shard.latencies;
    CHECK(latencies.packet_to_gate.total() == shard.packets);
    CHECK(latencies.opt_in_to_turn.total() == latencies.opt_in_to_open.total());
    CHECK(latencies.block_to_sealed.total() == shard.pages_durable);
    CHECK(latencies.block_to_durable.total() == shard.pages_durable);
    CHECK(latencies.journal_commit.total() > 0);
    CHECK(latencies.settle.total() == 1);
  }
  CHECK(meter.troubles().empty());
}

}  // namespace assent
