#include "crypto/srtp_session.h"

#include <algorithm>

#include "crypto/srtp_schedule.h"
#include "rtcp_oracle.h"
#include "srtp_rig.h"

using namespace assent;
using namespace assent::test;

namespace {

// A sender and a receiver with the same keys, in engines of one kind.
struct Pair {
  explicit Pair(EngineKind kind, SrtpSuite of = SrtpSuite::aes_cm_128_hmac_sha1_80, const Bytes& mki = {},
                std::optional<SrtpJoin> joined = {})
      : suite(of),
        engine(make_engine(kind)),
        keys(one_key(of, 1, mki)),
        sender(open_session(*engine, of, SrtpDirection::send, keys, joined)),
        receiver(open_session(*engine, of, SrtpDirection::receive, keys, joined)) {}

  Bytes send(std::uint64_t index, std::uint32_t ssrc = 0x1234) { return sealed(*engine, *sender, rtp_of(index, ssrc)); }
  Opened receive(const Bytes& packet) { return opened(*engine, *receiver, packet); }
  std::uint64_t faults(SrtpFault fault) const { return receiver->counts().faults[static_cast<std::size_t>(fault)]; }

  SrtpSuite suite;
  std::unique_ptr<SrtpEngine> engine;
  std::vector<SrtpMasterKey> keys;
  std::unique_ptr<SrtpSession> sender;
  std::unique_ptr<SrtpSession> receiver;
};

const Opened kUnauthentic{SrtpFault::unauthentic, {}};

Bytes a_report() {
  Bytes report = from_hex("81c90007deadbeef").value();
  report.resize(32, 0x5A);
  return report;
}

}  // namespace

TEST_CASE("suites are named as SDP names them") {
  for (const SrtpSuite suite : kSrtpSuites) CHECK(srtp_suite_named(name_of(suite)) == suite);
  CHECK(name_of(SrtpSuite::aes_256_cm_hmac_sha1_32) == "AES_256_CM_HMAC_SHA1_32");
  CHECK_FALSE(srtp_suite_named("aes_cm_128_hmac_sha1_80"));
  CHECK_FALSE(srtp_suite_named(""));
}

TEST_CASE("SRTP of each suite is opened to what was sealed, and has the length that the suite says") {
  const auto kind = GENERATE(EngineKind::batched, EngineKind::libsrtp);
  if (is_missing(kind)) return;
  for (const SrtpSuite suite : kSrtpSuites) {
    CAPTURE(name_of(suite));
    Pair pair(kind, suite);
    const Bytes packet = pair.send(7);
    CHECK(packet.size() == 172 + tag_bytes(suite));
    CHECK(std::equal(packet.begin(), packet.begin() + 12, rtp_of(7).begin()));
    CHECK_FALSE(std::equal(packet.begin() + 12, packet.begin() + 172, rtp_of(7).begin() + 12));
    CHECK(pair.receive(packet) == Opened{SrtpFault::none, rtp_of(7)});
    CHECK(pair.receiver->counts().packets == 1);
  }
}

TEST_CASE("a packet that was touched anywhere is unauthentic, holds nothing and changes nothing") {
  const auto kind = GENERATE(EngineKind::batched, EngineKind::libsrtp);
  if (is_missing(kind)) return;
  for (const SrtpSuite suite : kSrtpSuites) {
    CAPTURE(name_of(suite));
    Pair pair(kind, suite);
    REQUIRE(pair.receive(pair.send(40000)).fault == SrtpFault::none);
    const Bytes packet = pair.send(40001);
    std::uint64_t touched = 0;
    for (std::size_t at = 4; at < packet.size(); at += at < 12 || at > 170 ? 1 : 23) {
      Bytes other = packet;
      other[at] ^= 0x10;
      CAPTURE(at);
      REQUIRE(pair.receive(other) == kUnauthentic);
      ++touched;
    }
    Bytes far_ahead = packet;
    store_be16(far_ahead.data() + 2, 10);  // would be the next rollover
    REQUIRE(pair.receive(far_ahead) == kUnauthentic);
    CHECK(pair.faults(SrtpFault::unauthentic) == touched + 1);
    CHECK(pair.receive(packet) == Opened{SrtpFault::none, rtp_of(40001)});
  }
}

TEST_CASE("what is not authenticated is not left decrypted in its memory") {
  const auto kind = GENERATE(EngineKind::batched, EngineKind::libsrtp);
  if (is_missing(kind)) return;
  for (const SrtpSuite suite : kSrtpSuites) {
    CAPTURE(name_of(suite));
    Pair pair(kind, suite);
    Bytes packet = pair.send(40000);  // there is one guess for it
    packet.back() ^= 1;
    Held held(*pair.receiver, packet);
    pair.engine->unprotect({&*held, 1});
    CHECK(held->bytes == 0);
    const Bytes plain = rtp_of(40000);
    CHECK_FALSE(std::equal(plain.begin() + 12, plain.begin() + 28, held->memory.begin() + 12));
  }
}

TEST_CASE("a packet is taken once, and not when it is behind the window") {
  const auto kind = GENERATE(EngineKind::batched, EngineKind::libsrtp);
  if (is_missing(kind)) return;
  Pair pair(kind);
  std::vector<Bytes> packets;
  for (std::uint64_t index = 0; index <= 200; ++index) packets.push_back(pair.send(1000 + index));
  CHECK(pair.receive(packets[200]).fault == SrtpFault::none);
  CHECK(pair.receive(packets[200]).fault == SrtpFault::replayed);
  CHECK(pair.receive(packets[200 - 127]).fault == SrtpFault::none);
  CHECK(pair.receive(packets[200 - 128]).fault == SrtpFault::too_old);
  CHECK(pair.receive(packets[200 - 127]).fault == SrtpFault::replayed);
  CHECK(pair.faults(SrtpFault::replayed) == 2);
  CHECK(pair.faults(SrtpFault::too_old) == 1);
}

TEST_CASE("a sender never uses an index twice") {
  const auto kind = GENERATE(EngineKind::batched, EngineKind::libsrtp);
  if (is_missing(kind)) return;
  Pair pair(kind);
  (void)pair.send(5);
  Held again(*pair.sender, rtp_of(5));
  pair.engine->protect({&*again, 1});
  CHECK(again->fault == SrtpFault::replayed);
  CHECK(again->bytes == 0);
}

TEST_CASE("sequence numbers wrap, twice, and late ones of before the wrap are still opened") {
  const auto kind = GENERATE(EngineKind::batched, EngineKind::libsrtp);
  if (is_missing(kind)) return;
  Pair pair(kind, SrtpSuite::aead_aes_128_gcm);
  for (std::uint64_t index = 60000; index < 200000; index += 5001) {
    const Bytes late = pair.send(index);
    REQUIRE(pair.receive(pair.send(index + 100)) == Opened{SrtpFault::none, rtp_of(index + 100)});
    REQUIRE(pair.receive(late) == Opened{SrtpFault::none, rtp_of(index)});
  }
}

TEST_CASE("a stream whose packets before the wrap were lost is heard all the same") {
  if (is_missing(EngineKind::batched)) return;
  for (const SrtpSuite suite : kSrtpSuites) {
    CAPTURE(name_of(suite));
    Pair pair(EngineKind::batched, suite);
    const Bytes before = pair.send(65535);
    const Bytes after = pair.send(65536 + 3);
    const Bytes next = pair.send(65536 + 4);
    Bytes forged = after;
    forged.back() ^= 1;
    CHECK(pair.receive(forged) == kUnauthentic);
    CHECK(pair.receive(after) == Opened{SrtpFault::none, rtp_of(65536 + 3)});
    CHECK(pair.receive(next) == Opened{SrtpFault::none, rtp_of(65536 + 4)});
    CHECK(pair.receive(before) == Opened{SrtpFault::none, rtp_of(65535)});
  }
}

TEST_CASE("a batch is opened as its packets one by one would be, also over a wrap within it") {
  if (is_missing(EngineKind::batched)) return;
  for (const SrtpSuite suite : kSrtpSuites) {
    CAPTURE(name_of(suite));
    Pair pair(EngineKind::batched, suite);
    std::vector<std::unique_ptr<Held>> held;
    std::vector<SrtpPacket> batch;
    const auto add = [&](const Bytes& packet) {
      held.push_back(std::make_unique<Held>(*pair.receiver, packet));
      batch.push_back(**held.back());
    };
    for (std::uint64_t index = 65500; index < 65600; ++index) {
      const Bytes packet = pair.send(index);
      add(packet);
      if (index % 10 == 0) add(packet);
    }
    pair.engine->unprotect(batch);
    std::size_t at = 0;
    for (std::uint64_t index = 65500; index < 65600; ++index) {
      CAPTURE(index);
      REQUIRE(batch[at].fault == SrtpFault::none);
      REQUIRE(std::ranges::equal(batch[at].memory.first(batch[at].bytes), rtp_of(index)));
      ++at;
      if (index % 10 != 0) continue;
      REQUIRE(batch[at].fault == SrtpFault::replayed);
      REQUIRE(batch[at].bytes == 0);
      ++at;
    }
  }
}

TEST_CASE("a batch that goes on by more than half a circle is followed, in steps that can be") {
  if (is_missing(EngineKind::batched)) return;
  for (const SrtpSuite suite : kSrtpSuites) {
    CAPTURE(name_of(suite));
    Pair pair(EngineKind::batched, suite);
    std::vector<std::unique_ptr<Held>> held;
    std::vector<SrtpPacket> batch;
    for (const std::uint64_t index : {10000U, 30000U, 50000U, 70000U, 90000U, 89990U}) {
      held.push_back(std::make_unique<Held>(*pair.receiver, pair.send(index)));
      batch.push_back(**held.back());
    }
    pair.engine->unprotect({batch.data(), 1});
    pair.engine->unprotect(std::span(batch).subspan(1));
    for (const SrtpPacket& packet : batch) CHECK(packet.fault == SrtpFault::none);
    CHECK(std::ranges::equal(batch[4].memory.first(batch[4].bytes), rtp_of(90000)));
  }
}

TEST_CASE("a source that is joined begins with the rollover counter that was signalled, and others with none") {
  if (is_missing(EngineKind::batched)) return;
  Pair pair(EngineKind::batched, SrtpSuite::aes_256_cm_hmac_sha1_32, {}, SrtpJoin{0x1234, SrtpRollover(3)});
  const std::uint64_t index = 3 * 65536 + 9;
  const Bytes packet = pair.send(index);
  CHECK(pair.receive(packet) == Opened{SrtpFault::none, rtp_of(index)});
  CHECK(pair.receive(pair.send(9, 0x99)) == Opened{SrtpFault::none, rtp_of(9, 0x99)});
  CHECK(pair.receive(pair.send(index + 1)) == Opened{SrtpFault::none, rtp_of(index + 1)});
  const auto unaware = open_session(*pair.engine, pair.suite, SrtpDirection::receive, pair.keys);
  CHECK(opened(*pair.engine, *unaware, packet) == kUnauthentic);
  const auto reference = make_engine(EngineKind::libsrtp);
  const auto refused = reference->open({.suite = pair.suite, .keys = pair.keys, .joined = SrtpJoin{}});
  CHECK(refused.error().code == Errc::unsupported);
}

TEST_CASE("a stream that was there before the session is sought by its first packets, forged ones among them") {
  if (is_missing(EngineKind::batched)) return;
  for (const SrtpSuite suite : kSrtpSuites) {
    for (const std::uint64_t rollover : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{37}, std::uint64_t{64}}) {
      CAPTURE(name_of(suite), rollover);
      const SrtpJoin joined{0x1234, SrtpRollover(static_cast<std::uint32_t>(rollover))};
      Pair pair(EngineKind::batched, suite, {}, joined);
      const auto seeker = std::move(pair.engine->open({.suite = suite,
                                                       .direction = SrtpDirection::receive,
                                                       .keys = pair.keys,
                                                       .joined = std::nullopt,
                                                       .rollovers_sought = limits::kSrtpRolloversSought}))
                              .value();
      for (const std::uint64_t sequence : {0xFFF0UL, 0xFFF1UL, 0xFFF2UL, 0x10000UL, 0x10001UL}) {
        const Bytes good = pair.send(rollover << 16 | sequence);
        Bytes bad = good;
        bad[20] ^= 1;
        CHECK(opened(*pair.engine, *seeker, bad) == kUnauthentic);
        CHECK(opened(*pair.engine, *seeker, good).packet == rtp_of(rollover << 16 | sequence));
      }
      CHECK(seeker->counts().packets == 5);
    }
  }
}

TEST_CASE("seeking costs a batch no more trials than its bound, and what it did not get to is sought in the next") {
  if (is_missing(EngineKind::batched)) return;
  Pair pair(EngineKind::batched, SrtpSuite::aes_cm_128_hmac_sha1_80, {}, SrtpJoin{0x1234, SrtpRollover(40)});
  const auto seeker = std::move(pair.engine->open({.suite = pair.suite,
                                                   .direction = SrtpDirection::receive,
                                                   .keys = pair.keys,
                                                   .joined = std::nullopt,
                                                   .rollovers_sought = limits::kSrtpRolloversSought}))
                          .value();
  const Bytes good = pair.send(std::uint64_t{40} << 16 | 0x9000);
  Bytes bad = good;
  bad[20] ^= 1;
  // All trials go to the forged one.
  Held first(*seeker, bad);
  Held second(*seeker, good);
  std::array<SrtpPacket, 2> both{*first, *second};
  pair.engine->unprotect(both);
  CHECK(both[0].fault == SrtpFault::unauthentic);
  CHECK(both[1].fault == SrtpFault::unauthentic);
  CHECK(opened(*pair.engine, *seeker, good).fault == SrtpFault::none);
}

TEST_CASE("a packet is opened with the master key that its MKI names") {
  const auto kind = GENERATE(EngineKind::batched, EngineKind::libsrtp);
  if (is_missing(kind)) return;
  for (const SrtpSuite suite : kSrtpSuites) {
    CAPTURE(name_of(suite));
    const auto engine = make_engine(kind);
    std::vector<SrtpMasterKey> keys = one_key(suite, 1, {0, 1});
    keys.push_back(a_master_key(suite, 2, {0, 2}));
    const auto receiver = open_session(*engine, suite, SrtpDirection::receive, keys);
    const auto first = open_session(*engine, suite, SrtpDirection::send, one_key(suite, 1, {0, 1}));
    const auto second = open_session(*engine, suite, SrtpDirection::send, one_key(suite, 2, {0, 2}));
    const auto unknown = open_session(*engine, suite, SrtpDirection::send, one_key(suite, 2, {0, 3}));
    const auto misnamed = open_session(*engine, suite, SrtpDirection::send, one_key(suite, 2, {0, 1}));
    const Bytes packet = sealed(*engine, *first, rtp_of(1));
    CHECK(packet.size() == 172 + 2 + tag_bytes(suite));
    CHECK(opened(*engine, *receiver, packet) == Opened{SrtpFault::none, rtp_of(1)});
    CHECK(opened(*engine, *receiver, sealed(*engine, *second, rtp_of(2))) == Opened{SrtpFault::none, rtp_of(2)});
    CHECK(opened(*engine, *receiver, sealed(*engine, *unknown, rtp_of(3))).fault == SrtpFault::unknown_mki);
    CHECK(opened(*engine, *receiver, sealed(*engine, *misnamed, rtp_of(4))) == kUnauthentic);
  }
}

TEST_CASE("after a rekey the rollover goes on, and the former key opens nothing") {
  const auto kind = GENERATE(EngineKind::batched, EngineKind::libsrtp);
  if (is_missing(kind)) return;
  const SrtpSuite suite = GENERATE(SrtpSuite::aes_cm_128_hmac_sha1_80, SrtpSuite::aead_aes_256_gcm);
  Pair pair(kind, suite);
  for (const std::uint64_t index : {65530U, 65540U, 131000U, 131080U}) {
    REQUIRE(pair.receive(pair.send(index)).fault == SrtpFault::none);
  }
  const Bytes former = pair.send(131081);
  const auto keys = one_key(suite, 9);
  REQUIRE(pair.sender->rekey(keys));
  REQUIRE(pair.receiver->rekey(keys));
  CHECK(pair.receive(former) == kUnauthentic);
  CHECK(pair.receive(pair.send(131082)) == Opened{SrtpFault::none, rtp_of(131082)});
  CHECK(pair.receiver->rekey({}).error().code == Errc::invalid);
  CHECK(pair.receive(pair.send(131083)) == Opened{SrtpFault::none, rtp_of(131083)});
}

TEST_CASE("sources under one key have their own rollover, and there is a bound of them") {
  if (is_missing(EngineKind::batched)) return;
  Pair pair(EngineKind::batched);
  for (std::uint32_t ssrc = 0; ssrc < limits::kSrtpSources; ++ssrc) {
    REQUIRE(pair.receive(pair.send(65535 - ssrc, ssrc)).fault == SrtpFault::none);
    REQUIRE(pair.receive(pair.send(65536 + ssrc, ssrc)) == Opened{SrtpFault::none, rtp_of(65536 + ssrc, ssrc)});
  }
  const auto other = open_session(*pair.engine, pair.suite, SrtpDirection::send, pair.keys);
  const Bytes beyond = sealed(*pair.engine, *other, rtp_of(1, 99));
  CHECK(pair.receive(beyond) == Opened{SrtpFault::too_many_sources, {}});
  CHECK(pair.receive(pair.send(65536 + 100, 0)).fault == SrtpFault::none);
}

TEST_CASE("what is no RTP, or too short for its suite, is malformed") {
  const auto kind = GENERATE(EngineKind::batched, EngineKind::libsrtp);
  if (is_missing(kind)) return;
  for (const SrtpSuite suite : kSrtpSuites) {
    CAPTURE(name_of(suite));
    Pair pair(kind, suite);
    Bytes packet = pair.send(1);
    for (std::size_t bytes = 0; bytes < 12 + tag_bytes(suite); ++bytes) {
      REQUIRE(pair.receive(Bytes(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(bytes))).fault ==
              SrtpFault::malformed);
    }
    CHECK(pair.receive(Bytes(packet.begin(), packet.begin() + 40)) == kUnauthentic);
    packet[0] = 0x90;  // an extension that goes past the end
    store_be16(packet.data() + 14, 500);
    CHECK(pair.receive(packet).fault == SrtpFault::malformed);
    packet[0] = 0x00;
    CHECK(pair.receive(packet).fault == SrtpFault::malformed);
  }
}

TEST_CASE("a packet without payload, with contributing sources and an extension is opened, too") {
  const auto kind = GENERATE(EngineKind::batched, EngineKind::libsrtp);
  if (is_missing(kind)) return;
  for (const SrtpSuite suite : kSrtpSuites) {
    CAPTURE(name_of(suite));
    Pair pair(kind, suite);
    const Bytes empty = rtp_of(1, 5, 0);
    CHECK(pair.receive(sealed(*pair.engine, *pair.sender, empty)) == Opened{SrtpFault::none, empty});
    Bytes extended = rtp_of(2, 5, 100);
    extended[0] = 0x92;
    store_be16(extended.data() + 12 + 8 + 2, 3);
    const Bytes packet = sealed(*pair.engine, *pair.sender, extended);
    CHECK(std::equal(packet.begin(), packet.begin() + 36, extended.begin()));
    CHECK(pair.receive(packet) == Opened{SrtpFault::none, extended});
  }
}

TEST_CASE("a packet may be as large as a datagram, and no larger") {
  const auto kind = GENERATE(EngineKind::batched, EngineKind::libsrtp);
  if (is_missing(kind)) return;
  for (const SrtpSuite suite : kSrtpSuites) {
    CAPTURE(name_of(suite));
    Pair pair(kind, suite);
    const std::size_t largest = limits::kSrtpPacketBytes - tag_bytes(suite);
    const Bytes packet = rtp_of(1, 5, largest - 12);
    const Bytes protected_packet = sealed(*pair.engine, *pair.sender, packet);
    CHECK(protected_packet.size() == limits::kSrtpPacketBytes);
    CHECK(pair.receive(protected_packet) == Opened{SrtpFault::none, packet});
    Held larger(*pair.sender, rtp_of(2, 5, largest - 11));
    pair.engine->protect({&*larger, 1});
    CHECK(larger->fault == SrtpFault::no_room);
    CHECK(pair.receive(Bytes(limits::kSrtpPacketBytes + tag_bytes(suite) + 1, 0x80)).fault == SrtpFault::malformed);
  }
}

TEST_CASE("a packet that has no room for its tag is not sealed, and its index is not used up") {
  const auto kind = GENERATE(EngineKind::batched, EngineKind::libsrtp);
  if (is_missing(kind)) return;
  Pair pair(kind);
  Bytes packet = rtp_of(1);
  SrtpPacket tight{.session = pair.sender.get(), .memory = packet, .bytes = packet.size()};
  pair.engine->protect({&tight, 1});
  CHECK(tight.fault == SrtpFault::no_room);
  CHECK(packet == rtp_of(1));
  CHECK(pair.receive(pair.send(1)).fault == SrtpFault::none);
}

TEST_CASE("keys that do not suit each other are refused") {
  const auto kind = GENERATE(EngineKind::batched, EngineKind::libsrtp);
  if (is_missing(kind)) return;
  const auto suite = SrtpSuite::aes_cm_128_hmac_sha1_80;
  const auto engine = make_engine(kind, 2);
  const auto code = [&](const std::vector<SrtpMasterKey>& keys) {
    return engine->open({.suite = suite, .keys = keys}).error().code;
  };
  CHECK(code({}) == Errc::invalid);
  CHECK(code(one_key(SrtpSuite::aes_cm_128_hmac_sha1_32, 1)) == Errc::invalid);
  auto keys = one_key(suite, 1);
  keys.push_back(a_master_key(suite, 2));
  CHECK(code(keys) == Errc::invalid);  // none says which is which
  keys = one_key(suite, 1, {1});
  keys.push_back(a_master_key(suite, 2, {1, 2}));
  CHECK(code(keys) == Errc::invalid);
  CHECK(SrtpMasterKey::create(suite, Bytes(29)).error().code == Errc::invalid);
  CHECK(SrtpMasterKey::create(suite, Bytes(30), Bytes(129)).error().code == Errc::invalid);
  CHECK(SrtpMasterKey::create(SrtpSuite::aead_aes_256_gcm, Bytes(44)).has_value());
}

TEST_CASE("keys beyond the memory made for them are refused, and a key that ends makes room") {
  if (is_missing(EngineKind::batched)) return;
  const auto suite = SrtpSuite::aes_cm_128_hmac_sha1_80;
  const auto engine = make_engine(EngineKind::batched, 2);
  const auto keys = one_key(suite, 1);
  const auto first = open_session(*engine, suite, SrtpDirection::receive, keys);
  auto second = open_session(*engine, suite, SrtpDirection::receive, keys);
  CHECK(engine->open({.suite = suite, .keys = keys}).error().code == Errc::exhausted);
  CHECK(first->rekey(keys).error().code == Errc::exhausted);
  second.reset();
  CHECK(first->rekey(one_key(suite, 2)));
  CHECK(first->rekey(one_key(suite, 3)));
}

TEST_CASE("a key that is given back is wiped") {
  const auto schedules = std::move(SrtpSchedules::create(1, ArenaBacking::locked_memory)).value();
  SrtpSchedule* where = nullptr;
  {
    const auto place = schedules->take();
    where = place.get();
    place->cipher.fill(0xEE);
    place->rtcp.fill(0xEE);
    CHECK(schedules->take() == nullptr);
  }
  const auto again = schedules->take();
  REQUIRE(again.get() == where);
  CHECK(std::ranges::all_of(again->cipher, [](std::uint8_t byte) { return byte == 0; }));
  CHECK(std::ranges::all_of(again->rtcp, [](std::uint8_t byte) { return byte == 0; }));
}

TEST_CASE("RTCP is sealed as its RFCs define it, and opened again once") {
  const auto kind = GENERATE(EngineKind::batched, EngineKind::libsrtp);
  if (is_missing(kind)) return;
  for (const SrtpSuite suite : kSrtpSuites) {
    CAPTURE(name_of(suite));
    Pair pair(kind, suite);
    Bytes key(key_bytes(suite));
    Bytes salt(salt_bytes(suite));
    Bytes authentication(20);
    derive_srtp(pair.keys[0], SrtpLabel::rtcp_encryption, key);
    derive_srtp(pair.keys[0], SrtpLabel::rtcp_salt, salt);
    derive_srtp(pair.keys[0], SrtpLabel::rtcp_authentication, authentication);

    Held sent(*pair.sender, a_report());
    pair.engine->protect_rtcp(*sent);
    REQUIRE(sent->fault == SrtpFault::none);
    const std::uint32_t index = kind == EngineKind::libsrtp ? 1 : 0;  // RFC 3711 3.4: zero before the first
    CHECK(sent.bytes() == (is_aead(suite) ? seal_rtcp_gcm(key, salt, a_report(), index)
                                          : seal_rtcp_cm(key, salt, authentication, a_report(), index)));

    Bytes damaged = sent.bytes();
    damaged[20] ^= 1;
    Held forged(*pair.receiver, damaged);
    pair.engine->unprotect_rtcp(*forged);
    CHECK(forged->fault == SrtpFault::unauthentic);
    CHECK(forged->bytes == 0);
    Held received(*pair.receiver, sent.bytes());
    pair.engine->unprotect_rtcp(*received);
    CHECK(received->fault == SrtpFault::none);
    CHECK(received->session == pair.receiver.get());
    CHECK(received.bytes() == a_report());
    Held again(*pair.receiver, sent.bytes());
    pair.engine->unprotect_rtcp(*again);
    CHECK(again->fault == SrtpFault::replayed);
    CHECK(pair.receiver->counts().packets == 1);
    Held brief(*pair.receiver, Bytes(9, 0x80));
    pair.engine->unprotect_rtcp(*brief);
    CHECK(brief->fault == SrtpFault::malformed);
  }
}

TEST_CASE("RTCP that is authentic but not encrypted, which nobody agreed on, is malformed") {
  const auto kind = GENERATE(EngineKind::batched, EngineKind::libsrtp);
  if (is_missing(kind)) return;
  Pair pair(kind);
  Bytes authentication(20);
  derive_srtp(pair.keys[0], SrtpLabel::rtcp_authentication, authentication);
  Held plain(*pair.receiver, tagged(a_report(), 7, authentication));
  pair.engine->unprotect_rtcp(*plain);
  CHECK(plain->fault == SrtpFault::malformed);
  CHECK(plain->bytes == 0);
}

TEST_CASE("RTCP follows a rekey") {
  if (is_missing(EngineKind::batched)) return;
  Pair pair(EngineKind::batched, SrtpSuite::aead_aes_128_gcm);
  for (std::uint8_t number = 2; number < 5; ++number) {
    const auto keys = one_key(pair.suite, number);
    REQUIRE(pair.sender->rekey(keys));
    REQUIRE(pair.receiver->rekey(keys));
    Held report(*pair.sender, a_report());
    pair.engine->protect_rtcp(*report);
    Held received(*pair.receiver, report.bytes());
    pair.engine->unprotect_rtcp(*received);
    REQUIRE(received->fault == SrtpFault::none);
    REQUIRE(received.bytes() == a_report());
  }
}
