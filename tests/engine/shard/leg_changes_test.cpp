// Legs that change, end and are replaced while their call goes on, and people who leave it, on a whole shard.
#include <algorithm>

#include "catch.h"
#include "shard_rig.h"

using namespace assent;

namespace {

constexpr LegIndex kFirst(0);
constexpr LegIndex kSecond(1);
const Codec kPcma{CodecName::pcma};

std::size_t sealed_with(ShardRig& rig, std::size_t leg, std::uint8_t tone) {
  const auto packets = rig.opened(leg);
  return static_cast<std::size_t>(std::count_if(packets.begin(), packets.end(), [&](const OpenedPacket& one) {
    return !one.payload.empty() && one.payload.front() == tone;
  }));
}

RigOptions two_legs(Policy policy) {
  RigOptions options = ShardRig::defaults();
  options.legs = 2;
  options.consent.policy = policy;
  return options;
}

void change(ShardRig& rig, const LegPayloads& payloads) {
  REQUIRE(rig.shard->change_leg(rig.call_id, kFirst, payloads, std::nullopt, nullptr, rig.now));
}

NewLeg replacing(ShardRig& rig, LegIndex old, const std::string& participant) {
  NewLeg leg{
      new_id<LegId>(rig.now.wall), "another",          participant, {{{0, Codec{}}}, std::uint8_t{101}}, std::nullopt,
      new_id<KeyId>(rig.now.wall), SecretKey::random()};
  leg.replaces = old;
  return leg;
}

std::uint64_t received(ShardRig& rig, std::size_t leg) { return rig.call().legs().at(leg)->counts().received; }

}  // namespace

TEST_CASE("a leg hears what has been agreed on since, in the codec that it is, and nothing else") {
  ShardRig rig(ShardRig::defaults());
  rig.grant_all();
  rig.talk(0, 0x11);
  change(rig, {{{8, kPcma}}, std::uint8_t{101}});
  rig.say(0, Bytes(160, 0x22), 8);
  rig.talk(0, 0x33);  // of type 0, which stands for nothing now
  rig.end();
  const auto packets = rig.opened(0);
  REQUIRE(packets.size() == 2);
  CHECK(packets[0].codec == Codec{});
  CHECK(packets[1].payload == Bytes(160, 0x22));
  CHECK(packets[1].codec == kPcma);
}

TEST_CASE("a codec under another payload type is the same codec, and its segment goes on") {
  ShardRig rig(ShardRig::defaults());
  rig.grant_all();
  rig.talk(0, 0x11);
  change(rig, {{{96, Codec{}}}, std::uint8_t{97}});
  rig.say(0, Bytes(160, 0x22), 96);
  rig.end();
  CHECK(rig.opened(0).size() == 2);
  CHECK(rig.segment_count(0) == 1);
}

TEST_CASE("keys are heard by the type that they have now") {
  ShardRig rig(ShardRig::defaults());
  change(rig, {{{0, Codec{}}}, std::uint8_t{97}});
  rig.talk(0, 0x11);
  rig.press(0, '1');  // of type 101
  CHECK(rig.gate(0) == Gate::holding);
  change(rig, {{{0, Codec{}}}, std::uint8_t{101}});
  rig.press(0, '1');
  rig.pass(20ms);
  CHECK(rig.gate(0) == Gate::open);
}

TEST_CASE("what is held for want of consent is held across a change") {
  ShardRig rig(ShardRig::defaults());
  rig.talk(0, 0x11);
  change(rig, {{{8, kPcma}}});
  rig.say(0, Bytes(160, 0x22), 8);
  rig.grant_all();
  rig.end();
  CHECK(sealed_with(rig, 0, 0x11) == 1);
  CHECK(sealed_with(rig, 0, 0x22) == 1);
}

TEST_CASE("a change that makes no sense, or asks for more than the leg has, changes nothing") {
  ShardRig rig(ShardRig::defaults());
  rig.grant_all();
  const auto refused = [&](const LegPayloads& payloads) {
    const auto done = rig.shard->change_leg(rig.call_id, kFirst, payloads, std::nullopt, nullptr, rig.now);
    return done ? Errc::not_found : done.error().code;
  };
  CHECK(refused({{}}) == Errc::invalid);
  CHECK(refused({{{0, Codec{}}, {0, kPcma}}}) == Errc::invalid);
  CHECK(refused({{{13, Codec{}}}}) == Errc::invalid);
  CHECK(refused({{{96, Codec{CodecName::l16, 48000, 2}}}}) == Errc::exhausted);
  rig.talk(0, 0x11);
  rig.end();
  CHECK(rig.opened(0).size() == 1);
}

TEST_CASE("a leg has as many codecs in its time as a leg can have, however often it changes") {
  ShardRig rig(ShardRig::defaults());
  std::size_t taken = 0;
  for (std::uint32_t rate = 8000; rate < 8020; ++rate) {
    const LegPayloads payloads{{{96, Codec{CodecName::l16, rate, 1}}}};
    if (rig.shard->change_leg(rig.call_id, kFirst, payloads, std::nullopt, nullptr, rig.now)) ++taken;
  }
  CHECK(taken < limits::kFormatsPerLeg);
  rig.end();
}

TEST_CASE("a leg that ends is heard no more, and the others go on") {
  ShardRig rig(two_legs(Policy::per_party));
  rig.grant_all();
  rig.talk(0, 0x11);
  rig.talk(1, 0x12);
  REQUIRE(rig.shard->leave(rig.call_id, {}, {kFirst}, rig.now));
  rig.pass(10ms);
  CHECK(rig.gate(0) == Gate::closed);
  rig.talk(0, 0x21);
  rig.talk(1, 0x22);
  REQUIRE(rig.shard->leave(rig.call_id, {}, {kFirst}, rig.now));  // twice is nothing
  CHECK(rig.shard->change_leg(rig.call_id, kFirst, {{{0, Codec{}}}}, std::nullopt, nullptr, rig.now).error().code ==
        Errc::conflict);
  const FinishedCall finished = rig.end();
  CHECK(finished.segments.size() == 2);
  CHECK(sealed_with(rig, 0, 0x11) == 1);
  CHECK(sealed_with(rig, 0, 0x21) == 0);
  CHECK(sealed_with(rig, 1, 0x22) == 1);
}

TEST_CASE("who leaves is asked no more, and heard no more") {
  ShardRig rig(two_legs(Policy::all_party));
  rig.decide(0, Decision::granted);
  rig.talk(0, 0x11);
  CHECK(rig.gate(0) == Gate::holding);
  REQUIRE(rig.shard->leave(rig.call_id, {ParticipantIndex(1)}, {}, rig.now));
  rig.pass(10ms);
  CHECK(rig.gate(0) == Gate::open);
  CHECK(rig.gate(1) == Gate::closed);
  rig.talk(0, 0x21);
  rig.talk(1, 0x22);
  rig.press(1, '1');
  rig.end();
  // What was held heard somebody who never agreed.
  CHECK(sealed_with(rig, 0, 0x11) == 0);
  CHECK(sealed_with(rig, 0, 0x21) == 1);
  CHECK(rig.segment_count(1) == 0);
}

TEST_CASE("a leg that replaces another has its ports, and what comes is the new one's") {
  ShardRig rig(two_legs(Policy::per_party));
  rig.grant_all();
  rig.talk(0, 0x11);
  const LegPorts before = rig.call().legs().at(0)->identity().ports;
  std::vector<NewLeg> legs;
  legs.push_back(replacing(rig, kFirst, "p1"));
  const auto ports = rig.shard->add_legs(rig.call_id, {}, std::move(legs), rig.now);
  REQUIRE(ports);
  CHECK(ports->front().rtp == before.rtp);
  CHECK(ports->front().rtcp == before.rtcp);
  rig.pass(10ms);
  CHECK(rig.gate(0) == Gate::closed);
  CHECK(rig.gate(2) == Gate::open);
  const auto heard = received(rig, 0);
  rig.talk(0, 0x22);
  CHECK(received(rig, 0) == heard);
  CHECK(received(rig, 2) == 1);
  // A leg is replaced once, and not by one of nobody.
  legs.clear();
  legs.push_back(replacing(rig, kFirst, "p1"));
  CHECK(rig.shard->add_legs(rig.call_id, {}, std::move(legs), rig.now).error().code == Errc::conflict);
  rig.end();
  CHECK(sealed_with(rig, 0, 0x11) == 1);
  CHECK(sealed_with(rig, 0, 0x22) == 0);
}

TEST_CASE("a leg that has ended can still be replaced") {
  ShardRig rig(two_legs(Policy::per_party));
  REQUIRE(rig.shard->leave(rig.call_id, {}, {kSecond}, rig.now));
  std::vector<NewLeg> legs;
  legs.push_back(replacing(rig, kSecond, "p0"));
  REQUIRE(rig.shard->add_legs(rig.call_id, {}, std::move(legs), rig.now));
  rig.talk(1, 0x11);
  CHECK(received(rig, 1) == 0);
  CHECK(received(rig, 2) == 1);
  rig.end();
}

TEST_CASE("a key beside the audio means what it means in it, and its answer waits for the record") {
  RigOptions options = ShardRig::defaults();
  REQUIRE(options.consent.digits.bind('*', DigitAction::pause()));
  ShardRig rig(options);
  const auto press = [&](char digit) {
    bool done = false;
    rig.call().press(ParticipantIndex(0), digit, "trunk:sbc", rig.now, [&](const Result<void>& result) {
      done = true;
      CHECK(result);
    });
    const bool at_once = done;
    rig.pass(20ms);
    CHECK(done);
    return at_once;
  };
  rig.talk(0, 0x11);
  CHECK(press('5'));  // means nothing
  CHECK(rig.gate(0) == Gate::holding);
  CHECK_FALSE(press('1'));
  CHECK(rig.gate(0) == Gate::open);
  CHECK_FALSE(press('*'));
  CHECK(rig.gate(0) == Gate::paused);
  CHECK(press('9'));  // may be of a card number
  CHECK(rig.gate(0) == Gate::paused);
  const auto consent = std::find_if(rig.record.booked.begin(), rig.record.booked.end(), [](const Booking& one) {
    return std::holds_alternative<booking::AddConsent>(one);
  });
  REQUIRE(consent != rig.record.booked.end());
  CHECK(std::get<booking::AddConsent>(*consent).row.signal_type == "dtmf");
  CHECK(std::get<booking::AddConsent>(*consent).row.origin == "trunk:sbc");
}

TEST_CASE("who left and what ended before a restart is so after it") {
  ShardRig rig(ShardRig::defaults());
  const WallTime before = rig.now.wall - 20s;
  NewCall call;
  call.identity = {new_id<CallId>(before), {}, new_id<RecordingId>(before), {}, before};
  call.consent = two_legs(Policy::all_party).consent;
  call.former = FormerCall{};
  const auto ports = [](std::uint16_t rtp) { return LegPorts{rtp, static_cast<std::uint16_t>(rtp + (rtp ? 1 : 0))}; };
  const std::tuple<const char*, std::uint16_t, bool> legs[] = {
      {"bob", 30000, false}, {"anna", 30002, false}, {"bob", 0, true}, {"bob", 30004, true}};
  for (const char* ref : {"bob", "anna"})
    call.participants.push_back({new_id<ParticipantId>(before), ref, rig.participant_key});
  for (const auto& [owner, port, has_ended] : legs) {
    NewLeg leg{new_id<LegId>(before), "leg", owner, {{{0, Codec{}}}}, std::nullopt, new_id<KeyId>(before),
               SecretKey::random()};
    leg.former = FormerLeg{ports(port), {new_id<SegmentId>(before)}, 3};
    leg.has_ended = has_ended;
    call.legs.push_back(std::move(leg));
  }
  call.left = {ParticipantIndex(1)};
  const CallId id = call.identity.id;
  const auto opened = rig.shard->add_call(std::move(call), rig.now);
  REQUIRE(opened);
  CHECK(opened->at(2).rtp == 0);
  CHECK(opened->at(3).rtp == 30004);
  LiveCall& live = *rig.shard->find(id);
  CHECK(live.consent().has_left(ParticipantIndex(1)));
  for (const LegIndex leg : {LegIndex(1), LegIndex(2), LegIndex(3)}) CHECK(live.consent().gate(leg) == Gate::closed);
  live.decide(ParticipantIndex(0), Decision::granted, PurposeSet::of(Purpose(0)), {}, "test", rig.now,
              [](const auto&) {});
  rig.pass(20ms);
  CHECK(live.consent().gate(LegIndex(0)) == Gate::open);
  std::optional<FinishedCall> finished;
  REQUIRE(rig.shard->end_call(id, rig.now, [&](FinishedCall done) { finished = std::move(done); }));
  rig.pass(50ms);
  REQUIRE(finished);
  CHECK(finished->segments.size() == 4);  // of those that ended, too
}

TEST_CASE("of legs that come together all come or none, and nobody joins for those that do not") {
  ShardRig rig(ShardRig::defaults());
  rig.grant_all();
  const auto new_leg = [&](const std::string& label, const std::string& owner) {
    NewLeg leg;
    leg.id = new_id<LegId>(rig.now.wall);
    leg.label = label;
    leg.participant = owner;
    leg.payloads = {{{0, Codec{}}}, 101};
    leg.key_id = new_id<KeyId>(rig.now.wall);
    leg.key = SecretKey::random();
    return leg;
  };
  const auto add = [&](const std::vector<std::string>& refs, auto... legs) {
    std::vector<CallParticipant> joining;
    for (const std::string& ref : refs)
      joining.push_back({new_id<ParticipantId>(rig.now.wall), ref, rig.participant_key});
    std::vector<NewLeg> all;
    (all.push_back(std::move(legs)), ...);
    return rig.shard->add_legs(rig.call_id, std::move(joining), std::move(all), rig.now);
  };
  const std::size_t slots = rig.shard->counts().gates[static_cast<std::size_t>(Gate::open)];
  const auto check_nothing = [&](const auto& added, Errc code) {
    REQUIRE_FALSE(added);
    CHECK(added.error().code == code);
    CHECK(rig.call().legs().size() == 1);
    CHECK(rig.call().participants().size() == 1);
    CHECK(rig.gate(0) == Gate::open);  // all-party: somebody who must be asked would close it
  };
  check_nothing(add({"p1"}, new_leg("a", "p1"), new_leg("b", "nobody")), Errc::invalid);
  NewLeg wrong = new_leg("b", "p1");
  wrong.payloads.formats.clear();
  check_nothing(add({"p1"}, new_leg("a", "p1"), std::move(wrong)), Errc::invalid);
  NewLeg first = new_leg("a", "p1");
  NewLeg second = new_leg("b", "p1");
  first.replaces = second.replaces = LegIndex(0);
  check_nothing(add({"p1"}, std::move(first), std::move(second)), Errc::conflict);
  std::vector<std::string> too_many;
  for (std::size_t i = 0; i < limits::kParticipantsPerCall; ++i) too_many.push_back("p" + std::to_string(i + 1));
  check_nothing(add(too_many, new_leg("a", "p1")), Errc::exhausted);
  CHECK(rig.shard->counts().gates[static_cast<std::size_t>(Gate::open)] == slots);

  // Those that come then have the numbers that are next, and the ports that are free.
  const auto added = add({"p1"}, new_leg("a", "p1"));
  REQUIRE(added);
  CHECK(rig.call().legs().size() == 2);
  CHECK(rig.call().consent().participant_of(LegIndex(1)) == ParticipantIndex(1));
  CHECK(added->front().rtp == rig.call().legs()[0]->identity().ports.rtp + 2);
  rig.end();
}

TEST_CASE("what came before a leg was replaced is its own, and what comes before another is placed disturbs nobody") {
  ShardRig rig(ShardRig::defaults());
  rig.grant_all();
  rig.talk(0, 1);
  const auto leg_of = [&](const std::string& label) {
    return NewLeg{new_id<LegId>(rig.now.wall), label,        "p0",
                  {{{0, Codec{}}}, 101},       std::nullopt, new_id<KeyId>(rig.now.wall),
                  SecretKey::random()};
  };
  std::vector<NewLeg> legs;
  legs.push_back(leg_of("another"));
  legs.back().replaces = LegIndex(0);
  legs.push_back(leg_of("second"));
  rig.put_packet(0, Bytes(160, 2));
  rig.put_datagram(1, Bytes(172, 0x80));  // to the port that the second will have
  REQUIRE(rig.shard->add_legs(rig.call_id, {}, std::move(legs), rig.now));
  CHECK(rig.call().legs()[0]->receiver().counts().packets == 2);
  rig.pass(20ms);
  CHECK(rig.call().legs().size() == 3);
  CHECK(rig.call().legs()[1]->receiver().counts().packets == 0);
  rig.end();
}
