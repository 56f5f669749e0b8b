// Keys that are heard in the audio itself, on a whole shard; and when digits count at all.
#include "../ingest/key_tones.h"

#include "catch.h"
#include "engine/catalog/said.h"
#include "shard_rig.h"

using namespace assent;

namespace {

RigOptions listening(InbandUse use, std::optional<std::uint8_t> dtmf_payload_type = std::nullopt) {
  RigOptions options = ShardRig::defaults();
  options.shard.inband_dtmf = use;
  options.dtmf_payload_type = dtmf_payload_type;
  REQUIRE(options.consent.digits.bind('*', DigitAction::pause()));
  return options;
}

// Presses a key for 100 ms, and lets 100 ms of silence follow.
void press_tone(ShardRig& rig, char key, std::size_t leg = 0) {
  ToneSamples line;
  line.press(key, 100);
  line.silence(100);
  const Bytes audio = payload_of(Codec{}, line.samples());
  for (std::size_t at = 0; at < audio.size(); at += 160) rig.say(leg, ByteView(audio).subspan(at, 160));
}

const ConsentRow* last_consent(ShardRig& rig) {
  const ConsentRow* last = nullptr;
  for (const Booking& booking : rig.record.booked) {
    if (const auto* consent = std::get_if<booking::AddConsent>(&booking)) last = &consent->row;
  }
  return last;
}

}  // namespace

TEST_CASE("a key heard in the audio decides like a telephone event, and is recorded like all audio") {
  ShardRig rig(listening(InbandUse::automatic));
  for (int i = 0; i < 100; ++i) rig.talk(0, 0x01);
  press_tone(rig, '1');
  CHECK(rig.gate(0) == Gate::open);
  for (int i = 0; i < 50; ++i) rig.talk(0, 0x02);
  REQUIRE(last_consent(rig) != nullptr);
  CHECK(last_consent(rig)->decision == "granted");
  CHECK(last_consent(rig)->signal_type == "dtmf");
  CHECK(last_consent(rig)->signal_value.starts_with("sha256:"));
  CHECK(*open_said(*rig.participant_key, *last_consent(rig)) == "1");
  rig.end();
  CHECK(rig.opened(0).size() == 100 + 10 + 50);
}

TEST_CASE("a key heard in the audio denies, and what was held is gone") {
  ShardRig rig(listening(InbandUse::automatic));
  const Bytes marker(160, 0x5A);
  for (int i = 0; i < 50; ++i) rig.say(0, marker);
  press_tone(rig, '9');
  CHECK(rig.gate(0) == Gate::closed);
  CHECK_FALSE(rig.arena_holds(marker));
  rig.end();
  CHECK(rig.sealed_pages() == 0);
}

TEST_CASE("a closed gate opens again at a key, so that its leg is listened to") {
  ShardRig rig(listening(InbandUse::automatic));
  press_tone(rig, '9');
  CHECK(rig.gate(0) == Gate::closed);
  press_tone(rig, '1');
  CHECK(rig.gate(0) == Gate::open);
  rig.end();
}

TEST_CASE("tones are keys only where the file says so") {
  struct Case {
    InbandUse use;
    std::optional<std::uint8_t> dtmf_payload_type;
    Gate gate;
  };
  for (const Case& each :
       {Case{InbandUse::off, std::nullopt, Gate::holding}, Case{InbandUse::automatic, std::uint8_t{101}, Gate::holding},
        Case{InbandUse::on, std::uint8_t{101}, Gate::open}}) {
    ShardRig rig(listening(each.use, each.dtmf_payload_type));
    for (int i = 0; i < 20; ++i) rig.talk(0, 0x01);
    press_tone(rig, '1');
    CHECK(rig.gate(0) == each.gate);
    rig.end();
  }
}

TEST_CASE("while the call is paused no tone is heard, not even the rest of one") {
  ShardRig rig(listening(InbandUse::automatic));
  press_tone(rig, '*');
  CHECK(rig.call().consent().paused());
  press_tone(rig, '1');
  CHECK(last_consent(rig) == nullptr);
  // A key that is held while the call goes on again is the beginning of a press.
  rig.call().set_paused(LiveCall::Pausing::resume, "paid", "test", rig.now, [](const auto&) {});
  rig.pass(10ms);
  CHECK_FALSE(rig.call().consent().paused());
  press_tone(rig, '1');
  CHECK(rig.gate(0) == Gate::open);
  rig.end();
}

TEST_CASE("two keys in one packet, of which the first pauses, are one") {
  RigOptions options = listening(InbandUse::automatic);
  ShardRig rig(options);
  ToneSamples line;
  line.press('*', 60);
  line.silence(60);
  line.press('1', 60);
  const Bytes audio = payload_of(Codec{}, line.samples());
  rig.put_packet(0, audio);
  rig.pass(20ms);
  CHECK(rig.call().consent().paused());
  CHECK(last_consent(rig) == nullptr);
  rig.end();
}

TEST_CASE("whose words were erased is not listened to any more") {
  RigOptions options = listening(InbandUse::automatic);
  options.consent.on_withdraw = OnWithdraw::erase;
  ShardRig rig(options);
  press_tone(rig, '1');
  rig.decide(0, Decision::withdrawn);
  rig.pass(20ms);
  const std::size_t booked = rig.record.booked.size();
  press_tone(rig, '1');
  CHECK(rig.record.booked.size() == booked);
  rig.end();
}

TEST_CASE("listening changes nothing of what is recorded") {
  const auto recorded = [](InbandUse use) {
    ShardRig rig(listening(use));
    rig.grant_all();
    for (int i = 0; i < 300; ++i) rig.talk(0, static_cast<std::uint8_t>(i));
    rig.end();
    std::vector<std::pair<nanoseconds, Bytes>> packets;
    const auto opened = rig.opened(0);
    for (const OpenedPacket& packet : opened) packets.emplace_back(packet.at - opened.front().at, packet.payload);
    return packets;
  };
  CHECK(recorded(InbandUse::automatic) == recorded(InbandUse::off));
}

// ---- when a digit counts ------------------------------------------------------------------------------------------

TEST_CASE("a digit counts from the very first packet of a leg, before there is any audio") {
  ShardRig rig(ShardRig::defaults());
  rig.press(0, '1');
  rig.pass(10ms);
  CHECK(rig.gate(0) == Gate::open);
  for (int i = 0; i < 10; ++i) rig.talk(0, 0x01);
  rig.end();
  CHECK(rig.opened(0).size() == 10);
}

TEST_CASE("a digit that comes before its record can be booked is answered when it is") {
  RigOptions options = ShardRig::defaults();
  ShardRig rig(options);
  rig.auto_record = false;
  for (int i = 0; i < 10; ++i) rig.talk(0, 0x01);
  rig.press(0, '1');
  for (int i = 0; i < 10; ++i) rig.talk(0, 0x02);
  CHECK(rig.gate(0) == Gate::opening);
  CHECK(rig.sealed_pages() == 0);
  rig.auto_record = true;
  rig.pass(10ms);
  CHECK(rig.gate(0) == Gate::open);
  rig.end();
  CHECK(rig.opened(0).size() == 20);
}

TEST_CASE("a digit that waits for a late packet is heard when that is given up") {
  ShardRig rig(ShardRig::defaults());
  rig.talk(0, 0x01);
  rig.skip_packet(0);
  rig.press(0, '1');
  CHECK(rig.gate(0) == Gate::holding);
  rig.pass(100ms);
  CHECK(rig.gate(0) == Gate::open);
  rig.end();
}
