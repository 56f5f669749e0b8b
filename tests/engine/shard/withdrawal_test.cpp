// The third invariant, by many interleavings of packets, seal workers and the withdrawal.
#include <atomic>
#include <random>
#include <set>
#include <thread>

#include "catch.h"
#include "shard_rig.h"

using namespace assent;

namespace {

Bytes numbered(std::uint32_t number) {
  Bytes payload(160, 0x7F);
  store_be32(payload.data(), number);
  return payload;
}

}  // namespace

TEST_CASE("in a thousand interleavings nothing said after a withdrawal is sealed and its queued audio is dropped") {
  std::size_t sealed_before = 0;
  for (std::uint32_t seed = 1; seed <= 1000; ++seed) {
    std::mt19937 random(seed);
    RigOptions options = ShardRig::defaults();
    options.workers = 2;  // real threads, sealing at their own pace
    options.arena_blocks = 400;
    options.page_count = 256;
    ShardRig rig(options);
    rig.grant_all();

    std::uint32_t next = 0;
    const auto say = [&](std::uint32_t packets) {
      for (std::uint32_t i = 0; i < packets; ++i) {
        rig.put_packet(0, numbered(next++));
        if (random() % 3 == 0) rig.pass(5ms);
      }
    };
    say(static_cast<std::uint32_t>(random() % 120));
    // Now and then the workers are waited for: on a busy machine all might be said before they ever run.
    for (int i = 0; seed % 10 == 0 && next >= 60 && rig.sealed_pages() < 2 && i < 200000; ++i)
      std::this_thread::yield();
    // The reply may come at once or after workers have left; more is said in between.
    std::optional<std::uint32_t> said_before_reply;
    const std::uint32_t said_before = next;
    rig.decide(0, Decision::withdrawn, [&](const auto& result) {
      REQUIRE(result);
      said_before_reply = next;
    });
    say(static_cast<std::uint32_t>(random() % 60));
    for (int i = 0; i < 200000 && !said_before_reply; ++i) {
      rig.pass(5ms);
      std::this_thread::yield();
    }
    REQUIRE(said_before_reply);
    say(static_cast<std::uint32_t>(random() % 60));
    rig.end();

    std::set<std::uint32_t> kept;
    for (const OpenedPacket& packet : rig.opened(0)) kept.insert(load_be32(packet.payload.data()));
    INFO("seed " << seed);
    if (!kept.empty()) REQUIRE(*kept.rbegin() < said_before);
    sealed_before += kept.size();
  }
  CHECK(sealed_before > 0);  // the interleavings did seal something, or this proved nothing
}

TEST_CASE("a withdrawal voids the blocks that wait for an encryptor") {
  RigOptions options = ShardRig::defaults();
  options.consent.preroll = Preroll::all();
  ShardRig rig(options);
  for (int i = 0; i < 100; ++i) rig.talk(0, 0xC3);
  // Granted, durable and withdrawn within one sweep: the ring is in the queue, nothing of it is sealed yet.
  rig.auto_record = false;
  rig.decide(0, Decision::granted);
  rig.record.answer_all({}, rig.now);
  rig.decide(0, Decision::withdrawn);
  rig.auto_record = true;
  rig.pass(50ms);
  rig.end();
  CHECK(rig.opened(0).empty());
  CHECK(rig.segment_count(0) == 1);
  CHECK_FALSE(rig.arena_holds(Bytes(64, 0xC3)));
}

TEST_CASE("with on_withdraw = erase the keys go in the withdrawal's own transaction and agreeing again is refused") {
  RigOptions options = ShardRig::defaults();
  options.consent.on_withdraw = OnWithdraw::erase;
  ShardRig rig(options);
  rig.grant_all();
  for (int i = 0; i < 60; ++i) rig.talk(0, 0x01);
  rig.decide(0, Decision::withdrawn);
  rig.pass(20ms);
  std::size_t destroyed = 0;
  for (const Booking& booking : rig.record.booked) {
    if (const auto* erase = std::get_if<booking::EraseLegs>(&booking)) destroyed += erase->keys.size();
  }
  CHECK(destroyed == 1);
  REQUIRE(rig.record.erasures.size() == 1);
  CHECK(rig.record.erasures.front().segments.size() == 1);
  std::optional<Errc> refused;
  rig.decide(0, Decision::granted, [&](const auto& result) { refused = result.error().code; });
  CHECK(refused == Errc::conflict);
  const FinishedCall finished = rig.end();
  CHECK(finished.all_erased);
  CHECK(finished.segments.empty());
  CHECK(finished.why == "erased on withdrawal");
}

TEST_CASE("after a withdrawal agreeing again records from then on") {
  ShardRig rig(ShardRig::defaults());
  rig.grant_all();
  for (int i = 0; i < 60; ++i) rig.talk(0, 0x01);
  rig.decide(0, Decision::withdrawn);
  for (int i = 0; i < 10; ++i) rig.talk(0, 0xC3);
  rig.grant_all();
  for (int i = 0; i < 10; ++i) rig.talk(0, 0x02);
  rig.end();
  std::set<std::uint8_t> heard;
  for (const OpenedPacket& packet : rig.opened(0)) heard.insert(packet.payload.front());
  CHECK(heard.contains(0x02));
  CHECK_FALSE(heard.contains(0xC3));
  CHECK(rig.segment_count(0) == 2);
}

TEST_CASE("under all-party one participant's withdrawal closes every gate") {
  RigOptions options = ShardRig::defaults();
  options.consent.policy = Policy::all_party;
  options.legs = 2;
  ShardRig rig(options);
  rig.grant_all();
  rig.decide(0, Decision::withdrawn);
  rig.pass(10ms);
  CHECK(rig.gate(0) == Gate::closed);
  CHECK(rig.gate(1) == Gate::closed);
}
