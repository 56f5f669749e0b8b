// The lease in a whole shard: what is said while the ledger does not answer is sealed nowhere, and is told.
#include <algorithm>

#include "catch.h"
#include "shard_rig.h"

using namespace assent;

namespace {

std::size_t packets_of(const std::vector<OpenedPacket>& packets, std::uint8_t tone) {
  const auto has_tone = [tone](const OpenedPacket& packet) { return packet.payload.front() == tone; };
  return static_cast<std::size_t>(std::count_if(packets.begin(), packets.end(), has_tone));
}

void talk_for(ShardRig& rig, std::uint8_t tone, std::size_t packets, std::size_t leg = 0) {
  for (std::size_t i = 0; i < packets; ++i) rig.talk(leg, tone);
}

RigOptions with_lease() {
  RigOptions options = ShardRig::defaults();
  options.consent.preroll = Preroll::none();
  return options;
}

}  // namespace

TEST_CASE("nothing said while the ledger does not answer is sealed, and the recording goes on with the hole in time") {
  ShardRig rig(with_lease());
  rig.lease.set_length(10s);
  rig.grant_all();
  rig.ledger_answers = false;
  const WallTime proven = rig.now.wall;  // by the step before
  talk_for(rig, 0x11, 499);              // 9.98 s: the lease still runs
  CHECK(rig.gate(0) == Gate::open);
  talk_for(rig, 0x22, 1);  // at its end the lease is over: this packet came just before
  CHECK(rig.gate(0) == Gate::suspended);
  CHECK(rig.lease.lapses() == 1);
  talk_for(rig, 0x33, 250);
  CHECK(rig.shard->counts().gap_packets == 250);
  rig.ledger_answers = true;
  rig.talk(0, 0x33);  // said before the sweep that sees the ledger answer
  CHECK(rig.gate(0) == Gate::open);
  talk_for(rig, 0x44, 100);
  const FinishedCall ended = rig.end();

  const auto kept = rig.opened(0);
  CHECK(packets_of(kept, 0x11) == 499);
  CHECK(packets_of(kept, 0x22) == 1);
  CHECK(packets_of(kept, 0x33) == 0);
  CHECK(packets_of(kept, 0x44) == 100);
  const auto first_after =
      std::find_if(kept.begin(), kept.end(), [](const OpenedPacket& packet) { return packet.payload.front() == 0x44; });
  CHECK(first_after->at - std::prev(first_after)->at == 252 * 20ms);
  CHECK(std::prev(first_after)->at < proven + 10s);

  // And it says so: a gap, to the packet.
  REQUIRE(ended.gaps.size() == 1);
  CHECK(ended.gaps[0].second.packets == 251);
  CHECK(ended.gaps[0].second.blocks == 0);
  CHECK(ended.gaps[0].second.to - ended.gaps[0].second.from == 251 * 20ms);
  REQUIRE(ended.legs.size() == 1);
  CHECK(ended.legs[0].metrics.counts.recorded == 600);
  CHECK(ended.legs[0].metrics.counts.gap_packets == 251);
}

TEST_CASE("a lease that is over wipes nothing that waits for consent") {
  RigOptions options = ShardRig::defaults();
  options.consent.preroll = Preroll::all();
  ShardRig rig(options);
  rig.lease.set_length(1s);
  rig.ledger_answers = false;
  talk_for(rig, 0x11, 100);
  CHECK(rig.gate(0) == Gate::holding);
  rig.ledger_answers = true;
  rig.grant_all();
  rig.end();
  CHECK(packets_of(rig.opened(0), 0x11) == 100);
}

TEST_CASE("a grant whose record took longer than the lease opens when the ledger is proven, and not before") {
  ShardRig rig(with_lease());
  rig.lease.set_length(1s);
  rig.auto_record = false;
  rig.ledger_answers = false;
  rig.decide(0, Decision::granted);
  talk_for(rig, 0x11, 100);
  rig.record.answer_all({}, rig.now);
  talk_for(rig, 0x22, 10);
  CHECK(rig.gate(0) == Gate::opening);
  CHECK(rig.sealed_pages() == 0);
  rig.auto_record = rig.ledger_answers = true;
  rig.pass(10ms);
  CHECK(rig.gate(0) == Gate::open);
  rig.end();
  CHECK(packets_of(rig.opened(0), 0x11) == 100);  // agreed to before, and held
  CHECK(packets_of(rig.opened(0), 0x22) == 10);
}

TEST_CASE("a command that arrives with the end of the lease opens nothing") {
  ShardRig rig(with_lease());
  rig.lease.set_length(1s);
  rig.grant_all();
  rig.call().set_paused(LiveCall::Pausing::pause, "card", "test", rig.now, [](const auto&) {});
  rig.pass(10ms);
  rig.ledger_answers = false;
  rig.now.mono += 2s;
  rig.now.wall += 2s;
  rig.shard->inbox().deliver([&](Shard& shard, Now now) {
    shard.find(rig.call_id)->set_paused(LiveCall::Pausing::resume, "card", "test", now, [](const auto&) {});
    CHECK(rig.gate(0) == Gate::suspended);
  });
  rig.step();
  CHECK(rig.gate(0) == Gate::suspended);
}

TEST_CASE("a withdrawal while the ledger does not answer closes at once and voids what is queued") {
  RigOptions options = with_lease();
  options.workers = 0;
  ShardRig rig(options);
  rig.lease.set_length(1s);
  rig.grant_all();
  rig.stall();  // nothing more is sealed for now: blocks wait
  rig.ledger_answers = false;
  talk_for(rig, 0x11, 100);
  CHECK(rig.gate(0) == Gate::suspended);
  rig.decide(0, Decision::withdrawn);
  CHECK(rig.gate(0) == Gate::closed);
  rig.end_stall();
  rig.pass(50ms);
  rig.end();
  CHECK(packets_of(rig.opened(0), 0x11) == 0);
}

TEST_CASE("what was admitted before the lease was over is sealed however long sealing has to wait") {
  ShardRig rig(with_lease());
  rig.lease.set_length(1s);
  rig.grant_all();
  rig.stall();
  rig.ledger_answers = false;
  talk_for(rig, 0x11, 49);
  talk_for(rig, 0x22, 50);
  CHECK(rig.gate(0) == Gate::suspended);
  rig.end_stall();
  rig.ledger_answers = true;
  rig.pass(50ms);
  rig.end();
  CHECK(packets_of(rig.opened(0), 0x11) == 49);
  CHECK(packets_of(rig.opened(0), 0x22) <= 1);
}

TEST_CASE("a wall clock that is set on suspends until the next proof, one that is set back changes nothing") {
  ShardRig rig(with_lease());
  rig.lease.set_length(10s);
  rig.grant_all();
  rig.ledger_answers = false;
  rig.now.wall -= 1h;
  talk_for(rig, 0x11, 10);
  CHECK(rig.gate(0) == Gate::open);
  rig.now.mono += 10s;  // by the other clock it ends all the same
  rig.pass(5ms);
  CHECK(rig.gate(0) == Gate::suspended);
  rig.ledger_answers = true;
  rig.pass(5ms);
  CHECK(rig.gate(0) == Gate::open);
  rig.ledger_answers = false;
  rig.now.wall += 1h;
  rig.pass(5ms);
  CHECK(rig.gate(0) == Gate::suspended);
  rig.ledger_answers = true;
  rig.pass(5ms);
  CHECK(rig.gate(0) == Gate::open);
}
