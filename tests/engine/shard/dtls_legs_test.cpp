// Legs whose keys come by DTLS-SRTP, on a whole shard: handshakes go elsewhere, and what comes of them is put in use
// before the other end is told.
#include <algorithm>

#include "base/limits.h"
#include "catch.h"
#include "srtp_sender.h"

using namespace assent;
using namespace assent::test;

namespace {

constexpr SrtpSuite kUsual = SrtpSuite::aes_cm_128_hmac_sha1_80;
const Endpoint kElsewhere = *parse_endpoint("198.51.100.7:4000");

const DtlsFingerprint kPeer{DtlsFingerprint::Hash::sha256, Bytes(32, 1)};
const DtlsFingerprint kOther{DtlsFingerprint::Hash::sha256, Bytes(32, 2)};

SharedSrtpTerms expected(const DtlsFingerprint& peer) {
  return std::make_shared<const SrtpTerms>(SrtpTerms{{}, {}, peer});
}
SharedSrtpTerms agreed_with(const DtlsFingerprint& peer, std::uint8_t number, SrtpSuite suite = kUsual) {
  SrtpTerms terms{suite, {}, peer};
  const SharedSrtpTerms keys = terms_of(suite, number);
  terms.keys.push_back(*SrtpMasterKey::create(suite, keys->keys.front().reveal()));
  return std::make_shared<const SrtpTerms>(std::move(terms));
}

// Records as they look: type, version, epoch, number, length, and the first byte of what is in it.
Bytes record(std::uint8_t type, std::uint8_t epoch, std::uint8_t first) {
  Bytes bytes{type, 0xFE, 0xFD, 0, epoch, 0, 0, 0, 0, 0, 9, 0, 48, first};
  bytes.resize(13 + 48);
  return bytes;
}
Bytes hello() { return record(22, 0, 1); }
Bytes certificate() { return record(22, 0, 11); }
Bytes alert_in_the_clear() { return record(21, 0, 2); }

struct Leg : ShardRig {
  Leg() : ShardRig(srtp_rig(expected(kPeer))) { grant_all(); }

  Result<LegPorts> answer(const SharedSrtpTerms& terms, const Endpoint& with = HandSource::kUsualSource,
                          std::vector<DtlsEndpoint::Reply> replies = {}) {
    return shard->answer_handshake({call_id, LegIndex(0), terms, with, std::move(replies)}, now);
  }
  LiveLeg& leg() { return *call().legs().at(0); }
  SrtpCounts counts() { return leg().srtp()->counts(); }

  void say(SrtpSender& sender, std::uint64_t first, std::uint64_t count,
           const Endpoint& from = HandSource::kUsualSource) {
    for (std::uint64_t index = first; index < first + count; ++index) {
      put_datagram(0, sender.packet(index), from);
      said.push_back(said_in(index));
      pass(20ms);
    }
  }
  std::vector<Bytes> said;
};

}  // namespace

TEST_CASE("a leg by DTLS-SRTP hears nothing until its keys are there, and counts what came") {
  if (has_no_batched_srtp()) return;
  Leg rig;
  CHECK_FALSE(rig.leg().srtp()->suite());
  CHECK(rig.leg().identity().ports.rtcp == rig.leg().identity().ports.rtp);  // one handshake is for both
  rig.put_datagram(0, SrtpSender::plain(1));
  SrtpSender early(terms_of(kUsual, 1));
  rig.put_datagram(0, early.packet(2));
  rig.pass(20ms);
  CHECK(rig.counts().of(SrtpFault::unkeyed) == 2);
  CHECK(rig.leg().counts().received == 0);

  REQUIRE(rig.answer(agreed_with(kPeer, 1)));
  CHECK(rig.leg().srtp()->suite() == kUsual);
  rig.say(early, 3, 50);
  CHECK(rig.counts().packets == 50);
  CHECK(rig.counts().of(SrtpFault::unkeyed) == 2);
  rig.end();
  CHECK(payloads_of(rig.opened(0)) == rig.said);
}

TEST_CASE("datagrams of a handshake go to whoever makes it, from wherever they come, and no alerts") {
  if (has_no_batched_srtp()) return;
  Leg rig;
  rig.put_datagram(0, hello());
  rig.put_datagram(0, alert_in_the_clear());
  rig.put_datagram(0, certificate(), kElsewhere);
  rig.put_datagram(0, record(21, 1, 77));  // or under a key
  rig.put_datagram(0, record(22, 1, 77));  // the end of a handshake
  rig.put_datagram(0, Bytes(8, 22));
  rig.pass(5ms);
  REQUIRE(rig.handshakes.size() == 3);
  CHECK(rig.handshakes[0].look == DtlsLook::hello);
  CHECK(rig.handshakes[0].datagram == hello());
  CHECK(rig.handshakes[0].leg == rig.leg_ids[0]);
  CHECK(rig.handshakes[1].look == DtlsLook::record);
  CHECK(rig.handshakes[1].from == kElsewhere);
  CHECK(rig.handshakes[2].datagram == record(22, 1, 77));
  CHECK(rig.counts().of(SrtpFault::unkeyed) == 0);
}

TEST_CASE("who floods a leg takes away what is for where they are, and hellos leave room for the rest") {
  if (has_no_batched_srtp()) return;
  Leg rig;
  const auto flood_from = [&](const Endpoint& from) {
    for (int i = 0; i < 100; ++i) {
      rig.put_datagram(0, hello(), from);
      rig.put_datagram(0, certificate(), from);
    }
  };
  flood_from(HandSource::kUsualSource);
  rig.pass(limits::kDtlsTurn);
  CHECK(rig.handshakes.size() == limits::kDtlsHellosPerTurn + limits::kDtlsRecordsPerTurn);

  // From all ports of an address: so much, however many they are.
  rig.handshakes.clear();
  rig.pass(limits::kDtlsTurn);
  for (std::uint16_t port = 1; port <= 100; ++port) {
    Endpoint from = kElsewhere;
    from.port = port;
    flood_from(from);
  }
  rig.pass(limits::kDtlsTurn);
  CHECK(rig.handshakes.size() ==
        limits::kDtlsPortsPerAddress * (limits::kDtlsHellosPerTurn + limits::kDtlsRecordsPerTurn));

  // While one floods, hardly anybody else is kept out: who shares their part.
  int heard = 0;
  for (std::uint16_t port = 1; port <= 200; ++port) {
    rig.pass(limits::kDtlsTurn);
    rig.handshakes.clear();
    flood_from(kElsewhere);
    Endpoint own = HandSource::kUsualSource;
    own.port = port;
    rig.put_datagram(0, hello(), own);
    rig.pass(limits::kDtlsTurn);
    heard += std::ranges::any_of(rig.handshakes, [&](const auto& one) { return one.from == own; }) ? 1 : 0;
  }
  CHECK(heard > 170);
}

TEST_CASE("a leg that has its keys otherwise takes no handshake") {
  if (has_no_batched_srtp()) return;
  ShardRig rig(srtp_rig(terms_of(kUsual, 1)));
  rig.put_datagram(0, hello());
  rig.pass(5ms);
  CHECK(rig.handshakes.empty());
  const auto answered =
      rig.shard->answer_handshake({rig.call_id, LegIndex(0), agreed_with(kPeer, 2), kElsewhere, {}}, rig.now);
  REQUIRE_FALSE(answered);
  CHECK(answered.error().code == Errc::conflict);
}

TEST_CASE("what is to be sent back leaves by the leg's port, once the keys are in use") {
  if (has_no_batched_srtp()) return;
  Leg rig;
  REQUIRE(rig.answer(nullptr, {}, {{kElsewhere, {1, 2}}}));
  REQUIRE(rig.sent().size() == 1);
  CHECK(rig.sent()[0].from == kElsewhere);
  CHECK(rig.sent()[0].datagram == Bytes{1, 2});

  // Somebody else is expected by now: they are not told, or they would send what is not heard.
  REQUIRE(rig.shard->change_leg(rig.call_id, LegIndex(0), {RigOptions().formats, 101}, std::nullopt, expected(kOther),
                                rig.now));
  const auto refused = rig.answer(agreed_with(kPeer, 1), kElsewhere, {{kElsewhere, {3}}});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::conflict);
  CHECK(rig.sent().size() == 1);
  const auto ports = rig.answer(agreed_with(kOther, 1), kElsewhere, {{kElsewhere, {4}}});
  REQUIRE(ports);
  CHECK(ports->rtp == rig.leg().identity().ports.rtp);
  CHECK(rig.sent().size() == 2);
}

TEST_CASE("a later handshake makes other keys, from the same place or another, and streams begin anew") {
  if (has_no_batched_srtp()) return;
  Leg rig;
  REQUIRE(rig.answer(agreed_with(kPeer, 1)));
  SrtpSender sender(terms_of(kUsual, 1));
  rig.say(sender, 65'500, 50);  // over a wrap
  // Of what was sent under the former keys, what the kernel still has is heard.
  rig.put_datagram(0, sender.packet(65'550));
  rig.said.push_back(said_in(65'550));
  REQUIRE(rig.answer(agreed_with(kPeer, 2)));
  rig.pass(20ms);
  // The other end was begun anew: its rollover counter is 0.
  SrtpSender anew(terms_of(kUsual, 2));
  rig.say(anew, 100, 50);
  const std::uint64_t moves = rig.leg().receiver().counts().source_moves;
  REQUIRE(rig.answer(agreed_with(kPeer, 3, SrtpSuite::aead_aes_256_gcm), kElsewhere));
  CHECK(rig.leg().receiver().counts().source_moves == moves + 1);
  SrtpSender moved(terms_of(SrtpSuite::aead_aes_256_gcm, 3));
  rig.say(moved, 150, 50, kElsewhere);
  CHECK(rig.leg().srtp()->suite() == SrtpSuite::aead_aes_256_gcm);
  CHECK(rig.counts().packets == 151);
  rig.end();
  CHECK(payloads_of(rig.opened(0)) == rig.said);
}

TEST_CASE("who is named with a port is not heard from elsewhere, whatever handshake comes from there") {
  if (has_no_batched_srtp()) return;
  Leg rig;
  REQUIRE(rig.shard->change_leg(rig.call_id, LegIndex(0), {RigOptions().formats, 101}, HandSource::kUsualSource,
                                nullptr, rig.now));
  REQUIRE(rig.answer(agreed_with(kPeer, 1), kElsewhere));
  SrtpSender sender(terms_of(kUsual, 1));
  rig.put_datagram(0, sender.packet(1), kElsewhere);
  rig.pass(20ms);
  CHECK(rig.leg().receiver().counts().foreign_source == 1);
  rig.say(sender, 2, 10);
  rig.end();
  CHECK(payloads_of(rig.opened(0)) == rig.said);
}

TEST_CASE("an offer of the same certificate changes nothing, and the former keys hold until another has made its own") {
  if (has_no_batched_srtp()) return;
  Leg rig;
  REQUIRE(rig.answer(agreed_with(kPeer, 1)));
  SrtpSender sender(terms_of(kUsual, 1));
  rig.say(sender, 1, 20);
  const auto offer = [&](const SharedSrtpTerms& terms) {
    return rig.shard->change_leg(rig.call_id, LegIndex(0), {RigOptions().formats, 101}, std::nullopt, terms, rig.now);
  };
  REQUIRE(offer(expected(kPeer)));
  rig.say(sender, 21, 20);
  REQUIRE(offer(expected(kOther)));
  rig.say(sender, 41, 20);
  REQUIRE(rig.answer(agreed_with(kOther, 2)));
  rig.put_datagram(0, sender.packet(61));
  rig.pass(20ms);
  CHECK(rig.counts().of(SrtpFault::unauthentic) == 1);
  rig.end();
  CHECK(payloads_of(rig.opened(0)) == rig.said);
}

TEST_CASE("a leg that has ended gets no keys") {
  if (has_no_batched_srtp()) return;
  Leg rig;
  REQUIRE(rig.shard->leave(rig.call_id, {}, {LegIndex(0)}, rig.now));
  const auto answered = rig.answer(agreed_with(kPeer, 1), kElsewhere, {{kElsewhere, {1}}});
  REQUIRE_FALSE(answered);
  CHECK(answered.error().code == Errc::conflict);
  CHECK(rig.sent().empty());
}
