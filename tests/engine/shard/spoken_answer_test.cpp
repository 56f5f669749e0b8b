// The spoken answer on a whole shard: which packet lies in which segment, and that refusing it voids nothing else.
#include <algorithm>
#include <utility>
#include <vector>

#include "catch.h"
#include "shard_rig.h"

using namespace assent;

namespace {

constexpr PurposeSet kQuality{1};
constexpr PurposeSet kAnswer{2};

RigOptions keeping_answers(Preroll preroll = Preroll::none()) {
  RigOptions options = ShardRig::defaults();
  options.consent.preroll = preroll;
  options.consent.purposes = kQuality | kAnswer;
  options.consent.answer = SpokenAnswer{2s, Purpose(1)};
  return options;
}

void say(
    ShardRig& rig, Decision decision, PurposeSet purposes, Decided done = [](const auto&) {}) {
  rig.call().decide(ParticipantIndex(0), decision, purposes, {SignalType::api, ""}, "test", rig.now, std::move(done),
                    rig.now.mono);
}

// Seconds of talk, each in a tone of its own: the first is 1.
void talk_for(ShardRig& rig, std::uint8_t first, std::uint8_t last) {
  for (std::uint8_t tone = first; tone <= last; ++tone) {
    for (int i = 0; i < 50; ++i) rig.talk(0, tone);
  }
}

// How many packets of each tone were sealed as this use.
std::vector<std::size_t> counts(ShardRig& rig, AudioUse use, std::uint8_t tones) {
  std::vector<std::size_t> found(tones, 0);
  for (const OpenedPacket& packet : rig.opened(0)) {
    if (packet.use == use) ++found.at(packet.payload.front() - 1U);
  }
  return found;
}

const ConsentRow& first_consent(const HandRecord& record) {
  const auto found = std::find_if(record.booked.begin(), record.booked.end(),
                                  [](const Booking& one) { return std::holds_alternative<booking::AddConsent>(one); });
  REQUIRE(found != record.booked.end());
  return std::get<booking::AddConsent>(*found).row;
}

using Counts = std::vector<std::size_t>;

}  // namespace

TEST_CASE("the seconds around the yes are kept apart from the recording") {
  ShardRig rig(keeping_answers());
  talk_for(rig, 1, 5);
  rig.grant_all();
  talk_for(rig, 6, 10);
  rig.end();
  // Blocks go whole: of the two seconds before, the block that began earlier is not kept.
  const Counts evidence = counts(rig, AudioUse::evidence, 10);
  CHECK(Counts(evidence.begin(), evidence.begin() + 3) == Counts{0, 0, 0});
  CHECK(evidence[3] > 20);
  CHECK(evidence[4] == 50);
  const Counts both = counts(rig, AudioUse::both, 10);
  CHECK(Counts(both.begin(), both.begin() + 5) == Counts{0, 0, 0, 0, 0});
  CHECK(both[5] == 50);
  CHECK(both[6] == 50);
  CHECK(both[7] < 50);  // of the block that began within the time
  const Counts recording = counts(rig, AudioUse::recording, 10);
  CHECK(both[7] + recording[7] == 50);
  CHECK(recording[8] == 50);
  CHECK(recording[9] == 50);
  CHECK(rig.segment_count(0) == 3);

  const ConsentRow& row = first_consent(rig.record);
  CHECK(row.preroll_ms == 0);
  CHECK(row.evidence_ms == static_cast<std::int64_t>(20 * (evidence[3] + evidence[4])));
}

TEST_CASE("what preroll keeps anyway is recording and evidence") {
  ShardRig rig(keeping_answers(Preroll::last(1s)));
  talk_for(rig, 1, 3);
  rig.grant_all();
  rig.talk(0, 4);
  rig.end();
  const Counts evidence = counts(rig, AudioUse::evidence, 4);
  const Counts both = counts(rig, AudioUse::both, 4);
  CHECK(evidence[1] > 20);
  CHECK(evidence[2] + both[2] == 50);
  CHECK(both[2] > 20);
  CHECK(both[3] == 1);
  CHECK(first_consent(rig.record).preroll_ms == static_cast<std::int64_t>(20 * both[2]));
}

TEST_CASE("nothing of the answer is kept without a yes to that") {
  ShardRig rig(keeping_answers());
  talk_for(rig, 1, 2);
  say(rig, Decision::granted, kQuality);
  rig.pass(10ms);
  talk_for(rig, 3, 3);
  rig.end();
  CHECK(counts(rig, AudioUse::evidence, 3) == Counts{0, 0, 0});
  CHECK(counts(rig, AudioUse::both, 3) == Counts{0, 0, 0});
  CHECK(counts(rig, AudioUse::recording, 3) == Counts{0, 0, 50});
}

TEST_CASE("an answer that is taken back before it is sealed is not sealed, and all else is") {
  ShardRig rig(keeping_answers());
  talk_for(rig, 1, 3);
  rig.stall();
  rig.grant_all();
  talk_for(rig, 4, 4);
  REQUIRE(rig.gate(0) == Gate::open);
  bool replied = false;
  say(rig, Decision::withdrawn, kAnswer, [&](const auto& result) { replied = result.has_value(); });
  rig.pass(10ms);
  CHECK(replied);
  CHECK(rig.gate(0) == Gate::open);
  talk_for(rig, 5, 5);
  rig.end_stall();
  rig.end();
  CHECK(counts(rig, AudioUse::evidence, 5) == Counts{0, 0, 0, 0, 0});
  const Counts both = counts(rig, AudioUse::both, 5);
  const Counts recording = counts(rig, AudioUse::recording, 5);
  CHECK(both[3] + recording[3] == 50);
  CHECK(both[4] == 0);
  CHECK(recording[4] == 50);
  CHECK_FALSE(rig.arena_holds(Bytes(160, 2)));
}

TEST_CASE("an answer whose call is refused by the record is wiped") {
  ShardRig rig(keeping_answers());
  rig.auto_record = false;
  talk_for(rig, 1, 2);
  rig.decide(0, Decision::granted);
  rig.pass(10ms);
  rig.record.answer_all(error(Errc::unavailable, "no disk"), rig.now);
  rig.auto_record = true;
  say(rig, Decision::granted, kQuality);
  rig.pass(10ms);
  talk_for(rig, 3, 3);
  rig.end();
  CHECK(counts(rig, AudioUse::evidence, 3) == Counts{0, 0, 0});
  CHECK(counts(rig, AudioUse::recording, 3) == Counts{0, 0, 50});
}
