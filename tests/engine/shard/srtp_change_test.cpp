// SRTP legs that get other keys, and those that go on after a restart, on a whole shard.
#include <algorithm>
#include <random>
#include <set>

#include "catch.h"
#include "srtp_sender.h"

using namespace assent;
using namespace assent::test;

namespace {

constexpr SrtpSuite kUsual = SrtpSuite::aes_cm_128_hmac_sha1_80;

SrtpCounts srtp_counts(ShardRig& rig) { return rig.call().legs().at(0)->srtp()->counts(); }

Result<void> change_keys(ShardRig& rig, const SharedSrtpTerms& terms) {
  return rig.shard->change_leg(rig.call_id, LegIndex(0), {RigOptions().formats, 101}, std::nullopt, terms, rig.now);
}

void send(ShardRig& rig, SrtpSender& sender, std::uint64_t first, std::uint64_t count, std::vector<Bytes>& said) {
  for (std::uint64_t index = first; index < first + count; ++index) {
    rig.put_datagram(0, sender.packet(index));
    said.push_back(said_in(index));
    rig.pass(20ms);
  }
}

}  // namespace

TEST_CASE("other keys take effect at once, and the stream goes on where it is, over a wrap") {
  if (has_no_batched_srtp()) return;
  const SharedSrtpTerms terms = terms_of(kUsual, 1);
  const SharedSrtpTerms others = terms_of(kUsual, 2);
  ShardRig rig(srtp_rig(terms));
  SrtpSender sender(terms);
  rig.grant_all();
  std::vector<Bytes> said;
  send(rig, sender, 65'500, 50, said);
  REQUIRE(change_keys(rig, others));
  rig.put_datagram(0, sender.packet(65'550));
  rig.pass(20ms);
  CHECK(srtp_counts(rig).of(SrtpFault::unauthentic) == 1);
  sender.begin(others, 65'550);
  send(rig, sender, 65'551, 50, said);
  CHECK(srtp_counts(rig).packets == 100);
  rig.end();
  CHECK(payloads_of(rig.opened(0)) == said);
}

TEST_CASE("another suite is another session, and what was counted before stays counted") {
  if (has_no_batched_srtp()) return;
  const SharedSrtpTerms terms = terms_of(kUsual, 1);
  const SharedSrtpTerms others = terms_of(SrtpSuite::aead_aes_256_gcm, 1);
  ShardRig rig(srtp_rig(terms));
  SrtpSender sender(terms);
  rig.grant_all();
  std::vector<Bytes> said;
  send(rig, sender, 0, 50, said);
  rig.put_datagram(0, SrtpSender::plain(50));
  rig.pass(5ms);
  REQUIRE(change_keys(rig, others));
  sender.begin(others, 50);
  send(rig, sender, 50, 50, said);
  CHECK(rig.call().legs().at(0)->srtp()->suite() == SrtpSuite::aead_aes_256_gcm);
  CHECK(srtp_counts(rig).packets == 100);
  CHECK(srtp_counts(rig).of(SrtpFault::unauthentic) == 1);
  rig.end();
  CHECK(payloads_of(rig.opened(0)) == said);
}

TEST_CASE("a leg that was plain and gets keys hears plain packets no more") {
  if (has_no_batched_srtp()) return;
  ShardRig rig(ShardRig::defaults());
  rig.grant_all();
  std::vector<Bytes> said;
  for (std::uint64_t index = 0; index < 20; ++index) {
    rig.put_datagram(0, SrtpSender::plain(index));
    said.push_back(said_in(index));
    rig.pass(20ms);
  }
  const SharedSrtpTerms terms = terms_of(kUsual, 1);
  REQUIRE(change_keys(rig, terms));
  rig.put_datagram(0, SrtpSender::plain(20));
  rig.pass(20ms);
  SrtpSender sender(terms);
  send(rig, sender, 20, 20, said);
  rig.end();
  CHECK(payloads_of(rig.opened(0)) == said);
}

TEST_CASE("where no key fits the locked memory the leg is heard as before, and a call leaves nothing behind") {
  if (has_no_batched_srtp()) return;
  const SharedSrtpTerms terms = terms_of(kUsual, 1);
  ShardRig rig(srtp_rig(terms));
  SrtpSender sender(terms);
  rig.grant_all();
  std::vector<std::unique_ptr<SrtpSession>> others;  // of other legs, until nothing is left
  while (auto other = rig.srtp->open({.suite = kUsual, .direction = SrtpDirection::receive, .keys = terms->keys})) {
    others.push_back(std::move(*other));
  }
  const auto changed = change_keys(rig, terms_of(kUsual, 2));
  REQUIRE_FALSE(changed);
  CHECK(changed.error().code == Errc::exhausted);
  std::vector<Bytes> said;
  send(rig, sender, 0, 20, said);

  // Nor does another take its place.
  std::vector<NewLeg> another;
  another.push_back({new_id<LegId>(rig.now.wall),
                     "another",
                     "p0",
                     {{{0, Codec{}}}, 101},
                     std::nullopt,
                     new_id<KeyId>(rig.now.wall),
                     SecretKey::random(),
                     {},
                     terms});
  another.back().replaces = LegIndex(0);
  CHECK(rig.shard->add_legs(rig.call_id, {}, std::move(another), rig.now).error().code == Errc::exhausted);
  send(rig, sender, 20, 20, said);

  const auto call_with_key = [&] {
    NewCall call{{new_id<CallId>(rig.now.wall), {}, new_id<RecordingId>(rig.now.wall), {}, rig.now.wall},
                 ShardRig::defaults().consent,
                 {{new_id<ParticipantId>(rig.now.wall), "p", rig.participant_key}},
                 {}};
    call.legs.push_back({new_id<LegId>(rig.now.wall),
                         "leg",
                         "p",
                         {{{0, Codec{}}}, 101},
                         std::nullopt,
                         new_id<KeyId>(rig.now.wall),
                         SecretKey::random(),
                         {},
                         terms});
    return call;
  };
  const auto refused = rig.shard->add_call(call_with_key(), rig.now);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::exhausted);
  rig.pass(20ms);
  CHECK(rig.shard->calls().size() == 1);
  others.pop_back();
  CHECK(rig.shard->add_call(call_with_key(), rig.now));
  rig.end();
  CHECK(payloads_of(rig.opened(0)) == said);
}

namespace {

// A stream over several wraps, with loss and reordering; at some moments the engine is gone for a while and comes back
// with the leg's keys and nothing else. Each packet that reached an engine in time must have been opened by it.
void check_stream(std::uint64_t seed) {
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  const auto below = [&](std::uint64_t end) { return random() % end; };
  const SrtpSuite suite = kSrtpSuites[seed % kSrtpSuites.size()];
  const SharedSrtpTerms terms = terms_of(suite, 1);
  std::uint64_t sent = 65'000 * below(4) + below(65'536);
  SrtpSender sender(terms, sent);
  for (int life = 0; life < 3; ++life) {
    ShardRig rig(srtp_rig(terms));
    rig.grant_all();
    std::set<std::uint64_t> came;
    std::vector<std::pair<std::uint64_t, Bytes>> late;
    const auto deliver = [&](std::uint64_t index, const Bytes& packet) {
      rig.put_datagram(0, packet);
      came.insert(index);
    };
    // A wrap in the middle of it.
    sent = (sent | 0xFFFF) - below(150);
    sender.begin(terms, sent);
    for (int turn = 0; turn < 300; ++turn) {
      ++sent;
      const Bytes packet = sender.packet(sent);
      const bool is_first = came.empty();  // which decides where the stream is, so it is not the one that comes late
      if (!is_first && below(12) == 0) continue;
      if (!is_first && below(8) == 0) {
        late.emplace_back(sent, packet);
      } else {
        deliver(sent, packet);
      }
      if (!late.empty() && (late.size() == 3 || below(3) == 0)) {
        deliver(late.front().first, late.front().second);
        late.erase(late.begin());
      }
      rig.pass(20ms);
    }
    for (const auto& [index, packet] : late) deliver(index, packet);
    rig.pass(100ms);
    CHECK(srtp_counts(rig).packets == came.size());
    for (const std::uint64_t each : srtp_counts(rig).faults) CHECK(each == 0);
    rig.end();
    // In their order, and nothing that was not sent. A packet later than the reorder window is none that is recorded.
    std::vector<Bytes> said;
    for (const std::uint64_t index : came) said.push_back(said_in(index));
    const std::vector<Bytes> kept = payloads_of(rig.opened(0));
    CHECK(kept.size() > said.size() * 3 / 4);
    auto next = said.begin();
    for (const Bytes& payload : kept) {
      next = std::find(next, said.end(), payload);
      if (next == said.end()) FAIL("something was recorded that was not said, or not in that order");
      ++next;
    }
    sent += below(500'000);  // while no engine runs: hours
  }
}

}  // namespace

TEST_CASE("a stream is followed over wraps, loss, reordering and restarts by its keys alone") {
  if (has_no_batched_srtp()) return;
  for (std::uint64_t seed = 1; seed <= 24; ++seed) check_stream(seed);
}
