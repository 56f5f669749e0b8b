// What time and consents on file do to a whole shard: what is sealed, and what is not.
#include <algorithm>

#include "catch.h"
#include "shard_rig.h"

using namespace assent;

namespace {

bool heard(const std::vector<OpenedPacket>& packets, std::uint8_t tone) {
  return std::any_of(packets.begin(), packets.end(),
                     [tone](const OpenedPacket& packet) { return packet.payload.front() == tone; });
}

std::vector<ConsentRow> consents(const HandRecord& record) {
  std::vector<ConsentRow> rows;
  for (const Booking& booking : record.booked) {
    if (const auto* add = std::get_if<booking::AddConsent>(&booking)) rows.push_back(add->row);
  }
  return rows;
}

const PurposeSet kFirst = PurposeSet::of(Purpose(0));

// Somebody with a consent on file joins the rig's call.
StandingId join_with_standing(ShardRig& rig, std::optional<WallTime> until = std::nullopt) {
  const auto standing = new_id<StandingId>(rig.now.wall);
  CallParticipant agent{new_id<ParticipantId>(rig.now.wall), "agent", rig.participant_key, {{standing, kFirst, until}}};
  REQUIRE(rig.call().join(agent, rig.now));
  return standing;
}

}  // namespace

TEST_CASE("nothing that was said after a consent's time is sealed, however late the sweep comes") {
  RigOptions options = ShardRig::defaults();
  options.consent.validity = 2s;
  ShardRig rig(options);
  rig.grant_all();
  for (int i = 0; i < 50; ++i) rig.talk(0, 0x10);
  rig.put_packet(0, Bytes(160, 0x42));
  rig.now.mono += 5s;  // the thread had no time
  rig.now.wall += 5s;
  rig.step();
  CHECK(rig.gate(0) == Gate::closed);
  for (int i = 0; i < 10; ++i) rig.talk(0, 0x43);
  const FinishedCall finished = rig.end();
  CHECK(finished.has_recording);
  CHECK(heard(rig.opened(0), 0x10));
  CHECK_FALSE(heard(rig.opened(0), 0x42));
  CHECK_FALSE(heard(rig.opened(0), 0x43));
  CHECK_FALSE(rig.arena_holds(Bytes(64, 0x43)));
  const auto rows = consents(rig.record);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].valid_until == rows[0].at + 2s);
  CHECK(rows[1].decision == "expired");
  CHECK(rows[1].signal_type == "validity");
}

TEST_CASE("a wall clock that is set on ends a consent before the next packet") {
  RigOptions options = ShardRig::defaults();
  options.consent.validity = 1h;
  ShardRig rig(options);
  rig.grant_all();
  rig.talk(0, 0x10);
  rig.put_packet(0, Bytes(160, 0x42));
  rig.now.wall += 1h;
  rig.step();
  CHECK(rig.gate(0) == Gate::closed);
  rig.end();
  CHECK_FALSE(heard(rig.opened(0), 0x42));
}

TEST_CASE("a wall clock that is set back makes a consent no longer") {
  RigOptions options = ShardRig::defaults();
  options.consent.validity = 2s;
  ShardRig rig(options);
  rig.grant_all();
  rig.talk(0, 0x10);
  rig.now.wall -= 24h;
  rig.pass(2s);
  CHECK(rig.gate(0) == Gate::closed);
}

TEST_CASE("a consent on file opens what a word would open, and its record says which it is") {
  RigOptions options = ShardRig::defaults();
  options.consent.policy = Policy::one_party;
  ShardRig rig(options);
  const StandingId standing = join_with_standing(rig);
  bool answered = false;
  rig.call().grant_standing(rig.now, [&](const Result<void>& result) { answered = result.has_value(); });
  CHECK_FALSE(answered);
  CHECK(rig.gate(0) == Gate::opening);
  rig.pass(20ms);
  CHECK(answered);
  CHECK(rig.gate(0) == Gate::open);
  const auto rows = consents(rig.record);
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].signal_type == "standing");
  CHECK(rows[0].signal_value == to_text(standing));
  CHECK(rows[0].decision == "granted");
}

TEST_CASE("a consent on file that the record refuses leaves its person to be asked, and is no error") {
  RigOptions options = ShardRig::defaults();
  options.consent.policy = Policy::one_party;
  ShardRig rig(options);
  rig.auto_record = false;
  join_with_standing(rig);
  bool answered = false;
  rig.call().grant_standing(rig.now, [&](const Result<void>& result) { answered = result.has_value(); });
  rig.record.answer_all(error(Errc::conflict, "withdrawn meanwhile"), rig.now);
  rig.pass(20ms);
  CHECK(answered);
  CHECK(rig.gate(0) == Gate::holding);
  CHECK(rig.call().consent().state(ParticipantIndex(1), Purpose(0)) == ConsentState::pending);
  rig.auto_record = true;  // what its end puts on record is to be answered
}

TEST_CASE("a consent on file that is over by the time it is used leaves its person to be asked") {
  ShardRig rig(ShardRig::defaults());
  join_with_standing(rig, rig.now.wall);
  bool answered = false;
  rig.call().grant_standing(rig.now, [&](const Result<void>& result) { answered = result.has_value(); });
  CHECK(answered);
  CHECK(rig.call().consent().state(ParticipantIndex(1), Purpose(0)) == ConsentState::pending);
}

TEST_CASE("withdrawing a consent on file stops what it opened before the answer, and nothing else") {
  RigOptions options = ShardRig::defaults();
  options.consent.policy = Policy::one_party;
  ShardRig rig(options);
  const StandingId standing = join_with_standing(rig);
  rig.call().grant_standing(rig.now, [](const Result<void>&) {});
  rig.pass(20ms);
  rig.talk(0, 0x10);
  CHECK_FALSE(rig.call().withdraw_standing(new_id<StandingId>(rig.now.wall), "test", rig.now, [](const auto&) {}));
  CHECK(rig.gate(0) == Gate::open);
  bool answered = false;
  CHECK(rig.call().withdraw_standing(standing, "test", rig.now,
                                     [&](const Result<void>& result) { answered = result.has_value(); }));
  rig.pass(20ms);
  CHECK(answered);
  CHECK(rig.gate(0) == Gate::holding);
  CHECK(rig.call().consent().state(ParticipantIndex(1), Purpose(0)) == ConsentState::withdrawn);
  rig.talk(0, 0x42);
  rig.end();
  CHECK_FALSE(heard(rig.opened(0), 0x42));
}

TEST_CASE("a consent on file that is withdrawn before it was used is not used") {
  RigOptions options = ShardRig::defaults();
  options.consent.policy = Policy::one_party;
  ShardRig rig(options);
  const StandingId standing = join_with_standing(rig);
  CHECK(rig.call().withdraw_standing(standing, "test", rig.now, [](const auto&) {}));
  rig.call().grant_standing(rig.now, [](const Result<void>&) {});
  rig.pass(20ms);
  CHECK(rig.gate(0) == Gate::holding);
}

TEST_CASE("who joins late with a consent on file costs an open gate no packet, whatever the preroll") {
  RigOptions options = ShardRig::defaults();
  options.consent.policy = Policy::all_party;
  options.consent.preroll = Preroll::none();
  ShardRig rig(options);
  rig.grant_all();
  for (std::uint8_t i = 0; i < 50; ++i) rig.talk(0, i);
  join_with_standing(rig);
  rig.call().grant_standing(rig.now, [](const Result<void>&) {});
  for (std::uint8_t i = 50; i < 100; ++i) rig.talk(0, i);
  rig.end();
  const auto packets = rig.opened(0);
  REQUIRE(packets.size() == 100);
  for (std::size_t i = 0; i < packets.size(); ++i) CHECK(packets[i].payload.front() == i);
}

TEST_CASE("who joins late without one closes all-party gates to holding, and what was open stays") {
  RigOptions options = ShardRig::defaults();
  options.consent.policy = Policy::all_party;
  ShardRig rig(options);
  rig.grant_all();
  for (int i = 0; i < 50; ++i) rig.talk(0, 0x10);
  REQUIRE(rig.call().join({new_id<ParticipantId>(rig.now.wall), "late", {}}, rig.now));
  CHECK(rig.gate(0) == Gate::holding);
  for (int i = 0; i < 50; ++i) rig.talk(0, 0x42);
  CHECK(rig.call().consent().state(ParticipantIndex(0), Purpose(0)) == ConsentState::granted);
  rig.decide(1, Decision::denied);
  rig.pass(20ms);
  CHECK(rig.gate(0) == Gate::closed);
  const FinishedCall finished = rig.end();
  CHECK(finished.has_recording);
  CHECK(rig.opened(0).size() == 50);
  CHECK_FALSE(heard(rig.opened(0), 0x42));
  CHECK_FALSE(rig.arena_holds(Bytes(64, 0x42)));
}
