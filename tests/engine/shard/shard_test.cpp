#include "engine/shard/shard.h"

#include <algorithm>

#include "catch.h"
#include "shard_rig.h"

using namespace assent;

namespace {

std::vector<std::uint8_t> tones(const std::vector<OpenedPacket>& packets) {
  std::vector<std::uint8_t> found;
  for (const OpenedPacket& packet : packets) found.push_back(packet.payload.front());
  return found;
}

template <typename B>
std::size_t count_booked(const HandRecord& record) {
  return static_cast<std::size_t>(std::count_if(record.booked.begin(), record.booked.end(), [](const Booking& booking) {
    return std::holds_alternative<B>(booking);
  }));
}

}  // namespace

TEST_CASE("of two grants on their way the one that is kept brings the recording with it") {
  RigOptions options = ShardRig::defaults();
  options.consent.policy = Policy::one_party;
  options.legs = 2;
  ShardRig rig(options);
  rig.auto_record = false;
  rig.decide(0, Decision::granted);
  rig.decide(1, Decision::granted);
  rig.talk(0, 0x11);
  const Error full = error(Errc::io, "the disk is full");
  rig.record.answer_first(full, rig.now);
  rig.record.answer_first({}, rig.now);
  CHECK(rig.gate(0) == Gate::open);
  rig.record.answer_all(full, rig.now);
  rig.auto_record = true;
  const FinishedCall finished = rig.end();
  CHECK(rig.opened(0).size() == 1);
  CHECK(finished.has_recording);
}

TEST_CASE("a call nobody consented to leaves no page, and nothing in the arena") {
  ShardRig rig(ShardRig::defaults());
  const Bytes marker(160, 0xC3);
  for (int i = 0; i < 100; ++i) rig.talk(0, 0xC3);
  CHECK(rig.arena_holds(ByteView(marker).first(32)));
  const FinishedCall finished = rig.end();
  CHECK_FALSE(finished.has_recording);
  CHECK(finished.why == "no consent");
  CHECK(rig.sealed_pages() == 0);
  CHECK_FALSE(rig.arena_holds(ByteView(marker).first(32)));
}

TEST_CASE("what is held wears off with time") {
  RigOptions options = ShardRig::defaults();
  options.consent.hold = 2s;
  ShardRig rig(options);
  const Bytes marker(64, 0xC3);
  rig.talk(0, 0xC3);
  for (int i = 0; i < 50; ++i) rig.talk(0, 0x11);
  CHECK(rig.arena_holds(marker));
  for (int i = 0; i < 150; ++i) rig.talk(0, 0x11);
  CHECK_FALSE(rig.arena_holds(marker));
}

TEST_CASE("held audio wears off when the sender falls silent, too") {
  RigOptions options = ShardRig::defaults();
  options.consent.hold = 2s;
  ShardRig rig(options);
  rig.talk(0, 0xC3);
  rig.pass(4s);
  CHECK_FALSE(rig.arena_holds(Bytes(64, 0xC3)));
}

TEST_CASE("a digit keeps what was held and all that follows, to the packet") {
  ShardRig rig(ShardRig::defaults());
  for (std::uint8_t i = 0; i < 60; ++i) rig.talk(0, i);
  rig.press(0, '1');
  CHECK(rig.gate(0) == Gate::open);
  for (std::uint8_t i = 60; i < 120; ++i) rig.talk(0, i);
  const FinishedCall finished = rig.end();
  CHECK(finished.has_recording);
  CHECK(finished.why == "complete");
  const auto packets = rig.opened(0);
  REQUIRE(packets.size() == 120);
  for (std::uint8_t i = 0; i < 120; ++i) {
    REQUIRE(packets[i].payload == Bytes(160, i));
    // The digit took the time of one packet, in which nothing was recorded.
    REQUIRE(packets[i].at - packets[0].at == 20ms * (i < 60 ? i : i + 1));
  }
  CHECK(count_booked<booking::OpenRecording>(rig.record) == 1);
}

TEST_CASE("without preroll nothing said before the grant is kept") {
  RigOptions options = ShardRig::defaults();
  options.consent.preroll = Preroll::none();
  ShardRig rig(options);
  for (int i = 0; i < 30; ++i) rig.talk(0, 0x01);
  rig.grant_all();
  for (int i = 0; i < 30; ++i) rig.talk(0, 0x02);
  rig.end();
  const auto found = tones(rig.opened(0));
  CHECK(found == std::vector<std::uint8_t>(30, 0x02));
}

TEST_CASE("nothing is sealed before the consent is on record") {
  ShardRig rig(ShardRig::defaults());
  for (int i = 0; i < 30; ++i) rig.talk(0, 0x01);
  rig.auto_record = false;
  rig.decide(0, Decision::granted);
  for (int i = 0; i < 30; ++i) rig.talk(0, 0x02);
  CHECK(rig.gate(0) == Gate::opening);
  CHECK(rig.sealed_pages() == 0);
  rig.auto_record = true;
  rig.pass(10ms);
  CHECK(rig.gate(0) == Gate::open);
  CHECK(rig.sealed_pages() > 0);
  rig.end();
  CHECK(rig.opened(0).size() == 60);
}

TEST_CASE("a consent that cannot be put on record opens nothing, and the asker is told") {
  ShardRig rig(ShardRig::defaults());
  rig.auto_record = false;
  std::optional<Errc> told;
  rig.decide(0, Decision::granted, [&](const auto& result) { told = result.error().code; });
  rig.record.answer_all(error(Errc::io, "disk full"), rig.now);
  CHECK(told == Errc::unavailable);
  CHECK(rig.gate(0) == Gate::holding);
  rig.auto_record = true;
  rig.end();
  CHECK(rig.sealed_pages() == 0);
}

TEST_CASE("the deadline closes a gate nobody opened, and its audio is gone") {
  RigOptions options = ShardRig::defaults();
  options.consent.deadline = 3s;
  ShardRig rig(options);
  for (int i = 0; i < 100; ++i) rig.talk(0, 0xC3);
  CHECK(rig.gate(0) == Gate::holding);
  for (int i = 0; i < 100; ++i) rig.talk(0, 0xC3);
  CHECK(rig.gate(0) == Gate::closed);
  CHECK_FALSE(rig.arena_holds(Bytes(64, 0xC3)));
  CHECK(rig.end().why == "expired");
}

TEST_CASE("a denial wipes at once") {
  ShardRig rig(ShardRig::defaults());
  for (int i = 0; i < 60; ++i) rig.talk(0, 0xC3);
  rig.press(0, '9');
  CHECK(rig.gate(0) == Gate::closed);
  CHECK_FALSE(rig.arena_holds(Bytes(64, 0xC3)));
  CHECK(rig.end().why == "denied");
}

TEST_CASE("a pause leaves a hole of its own length in time, and nothing of what was said in it") {
  ShardRig rig(ShardRig::defaults());
  rig.grant_all();
  for (int i = 0; i < 10; ++i) rig.talk(0, 0x01);
  rig.call().set_paused(LiveCall::Pausing::pause, "card", "test", rig.now, [](const auto&) {});
  for (int i = 0; i < 50; ++i) rig.talk(0, 0xC3);
  rig.call().set_paused(LiveCall::Pausing::resume, "card", "test", rig.now, [](const auto&) {});
  for (int i = 0; i < 10; ++i) rig.talk(0, 0x02);
  const FinishedCall finished = rig.end();
  const auto packets = rig.opened(0);
  REQUIRE(packets.size() == 20);
  CHECK(packets[10].payload.front() == 0x02);
  CHECK(packets[10].at - packets[9].at == 20ms + 50 * 20ms);
  CHECK(finished.legs.front().metrics.counts.paused_ms == 1000);
}

TEST_CASE("digits are not listened to while the call is paused") {
  ShardRig rig(ShardRig::defaults());
  rig.call().set_paused(LiveCall::Pausing::pause, "card", "test", rig.now, [](const auto&) {});
  rig.press(0, '1');
  CHECK(rig.gate(0) != Gate::open);
  rig.call().set_paused(LiveCall::Pausing::resume, "card", "test", rig.now, [](const auto&) {});
  CHECK(rig.gate(0) == Gate::holding);
}

TEST_CASE("under all-party one grant opens nothing") {
  RigOptions options = ShardRig::defaults();
  options.consent.policy = Policy::all_party;
  options.legs = 2;
  ShardRig rig(options);
  rig.decide(0, Decision::granted);
  rig.pass(20ms);
  CHECK(rig.gate(0) == Gate::holding);
  rig.decide(1, Decision::granted);
  rig.pass(20ms);
  CHECK(rig.gate(0) == Gate::open);
  CHECK(rig.gate(1) == Gate::open);
}

TEST_CASE("segments roll by time and fit together without a gap") {
  RigOptions options = ShardRig::defaults();
  options.shard.segment_time = 5s;
  ShardRig rig(options);
  rig.grant_all();
  for (int i = 0; i < 1000; ++i) rig.talk(0, static_cast<std::uint8_t>(i % 251));
  rig.end();
  CHECK(rig.segment_count(0) >= 4);
  const auto packets = rig.opened(0);
  REQUIRE(packets.size() == 1000);
  for (std::size_t i = 1; i < packets.size(); ++i) REQUIRE(packets[i].at - packets[i - 1].at == 20ms);
}

TEST_CASE("a sender's clock is followed from the next segment on") {
  RigOptions options = ShardRig::defaults();
  options.shard.segment_time = 5s;
  ShardRig rig(options);
  rig.grant_all();
  for (int i = 0; i < 100; ++i) rig.talk(0, 0x01);
  rig.report_clock(0, rig.now.wall + 400ms);
  for (int i = 0; i < 300; ++i) rig.talk(0, 0x02);
  rig.end();
  const auto packets = rig.opened(0);
  REQUIRE(packets.size() == 400);
  std::size_t moved = 0;
  for (std::size_t i = 1; i < packets.size(); ++i) {
    if (packets[i].at - packets[i - 1].at == 20ms) continue;
    ++moved;
    CHECK(i >= 249);  // where the segment of 5 s ends
    CHECK(packets[i].at - packets[i - 1].at > 400ms);
    CHECK(packets[i].at - packets[i - 1].at < 440ms);
  }
  CHECK(moved == 1);
}

TEST_CASE("held audio of several codecs goes to segments of their codecs when consent comes") {
  RigOptions options = ShardRig::defaults();
  options.formats = {{0, Codec{}}, {9, {CodecName::g722, 8000, 1}}, {111, {CodecName::opus, 48000, 1}}};
  ShardRig rig(options);
  for (int i = 0; i < 10; ++i) rig.talk(0, 0x01);
  for (int i = 0; i < 10; ++i) rig.say(0, Bytes(160, 0x02), 9);
  for (int i = 0; i < 10; ++i) rig.say(0, Bytes{0xF8, 0x03}, 111, 960);
  rig.grant_all();
  for (int i = 0; i < 10; ++i) rig.say(0, Bytes{0xF8, 0x04}, 111, 960);
  for (int i = 0; i < 10; ++i) rig.talk(0, 0x05);
  const FinishedCall finished = rig.end();
  const auto packets = rig.opened(0);
  REQUIRE(packets.size() == 50);
  const CodecName expected[] = {CodecName::pcmu, CodecName::g722, CodecName::opus, CodecName::opus, CodecName::pcmu};
  for (std::size_t i = 0; i < packets.size(); ++i) {
    INFO("packet " << i);
    CHECK(packets[i].payload.back() == i / 10 + 1);
    CHECK(packets[i].codec.name == expected[i / 10]);
    if (i > 0) CHECK(packets[i].at - packets[i - 1].at == 20ms);
  }
  CHECK(rig.segment_count(0) == 4);
  // Of G.722 and Opus it is not known who talks.
  REQUIRE(finished.legs.size() == 1);
  CHECK_FALSE(finished.legs[0].metrics.talk);
  CHECK_FALSE(finished.legs[0].metrics.quiet);
  CHECK(finished.legs[0].metrics.counts.recorded == 50);
}

TEST_CASE("another codec begins another segment") {
  ShardRig rig(ShardRig::defaults());
  rig.grant_all();
  for (int i = 0; i < 10; ++i) rig.talk(0, 0x01);
  rig.put_packet(0, Bytes(320, 0x02), 10);
  rig.pass(20ms);
  rig.end();
  CHECK(rig.segment_count(0) == 2);
}

TEST_CASE("a clock that was set ends the segment") {
  ShardRig rig(ShardRig::defaults());
  rig.grant_all();
  for (int i = 0; i < 60; ++i) rig.talk(0, 0x01);
  rig.now.wall += 1h;
  for (int i = 0; i < 60; ++i) rig.talk(0, 0x02);
  rig.end();
  CHECK(rig.segment_count(0) == 2);
}

TEST_CASE("a call that hears nothing for long is ended and reported") {
  RigOptions options = ShardRig::defaults();
  options.shard.idle_timeout = 10s;
  ShardRig rig(options);
  rig.talk(0, 0x01);
  rig.pass(9s);
  CHECK(rig.abandoned.empty());
  rig.pass(2s);
  REQUIRE(rig.abandoned.size() == 1);
  CHECK(rig.abandoned.front().id == rig.call_id);
  CHECK(rig.shard->is_idle());
}

TEST_CASE("a call that the arena has no room for is refused, and takes nothing") {
  RigOptions options = ShardRig::defaults();
  options.arena_blocks = 240;  // one leg of G.711 is 86, and a receive batch 64
  ShardRig rig(options);
  NewCall second{{new_id<CallId>(rig.now.wall), {}, {}, {}, rig.now.wall}, options.consent, {{{}, "x"}}, {}};
  for (const char* label : {"a", "b"}) {
    second.legs.push_back(
        {new_id<LegId>(rig.now.wall), label, "x", {{{0, Codec{}}}}, std::nullopt, {}, SecretKey::random()});
  }
  const auto refused = rig.shard->add_call(std::move(second), rig.now);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::exhausted);
  CHECK(rig.shard->calls().size() == 1);
}
