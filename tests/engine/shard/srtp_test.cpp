// Legs that are SRTP, on a whole shard: what is authentic is recorded as it was said, and nothing else is, or changes
// anything. CORRUPT=1000000 SEED=7 for more bad packets, and others.
#include <cstdlib>
#include <random>
#include <string>

#include "catch.h"
#include "srtp_sender.h"

using namespace assent;
using namespace assent::test;

namespace {

constexpr SrtpSuite kUsual = SrtpSuite::aes_cm_128_hmac_sha1_80;
const Endpoint kElsewhere = *parse_endpoint("198.51.100.7:4000");

std::uint64_t setting(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::stoull(text);
}

// Sends packets first, first + 1, ... and lets their time pass.
void send(ShardRig& rig, SrtpSender& sender, std::uint64_t first, std::uint64_t count, std::vector<Bytes>* said) {
  for (std::uint64_t index = first; index < first + count; ++index) {
    rig.put_datagram(0, sender.packet(index));
    if (said != nullptr) said->push_back(said_in(index));
    rig.pass(20ms);
  }
}

SrtpCounts srtp_counts(ShardRig& rig) { return rig.call().legs().at(0)->srtp()->counts(); }
ReceiverCounts received(ShardRig& rig) { return rig.call().legs().at(0)->receiver().counts(); }

}  // namespace

TEST_CASE("what an SRTP leg says is recorded, of every suite, with and without MKIs") {
  if (has_no_batched_srtp()) return;
  for (const SrtpSuite suite : kSrtpSuites) {
    for (const Bytes& mki : {Bytes{}, Bytes{0, 1}}) {
      CAPTURE(name_of(suite), mki.size());
      const SharedSrtpTerms terms = terms_of(suite, 1, mki);
      ShardRig rig(srtp_rig(terms));
      SrtpSender sender(terms);
      rig.grant_all();
      std::vector<Bytes> said;
      send(rig, sender, 100, 150, &said);
      CHECK(srtp_counts(rig).packets == 150);
      rig.end();
      CHECK(payloads_of(rig.opened(0)) == said);
    }
  }
}

TEST_CASE("libsrtp opens for a shard what the batched engine does") {
  if (has_no_batched_srtp()) return;  // which is the sender's
  for (const SrtpSuite suite : kSrtpSuites) {
    CAPTURE(name_of(suite));
    const SharedSrtpTerms terms = terms_of(suite, 1);
    RigOptions options = srtp_rig(terms);
    options.srtp_means = SrtpMeans::libsrtp;
    ShardRig rig(options);
    SrtpSender sender(terms);
    rig.grant_all();
    std::vector<Bytes> said;
    send(rig, sender, 65'500, 50, &said);
    rig.put_datagram(0, SrtpSender::plain(65'550));
    rig.pass(20ms);
    send(rig, sender, 65'550, 50, &said);
    CHECK(srtp_counts(rig).packets == 100);
    CHECK(received(rig).packets == 100);
    rig.end();
    CHECK(payloads_of(rig.opened(0)) == said);
  }
}

TEST_CASE("packets of many legs that come together are opened together, each leg's in order") {
  if (has_no_batched_srtp()) return;
  RigOptions options = ShardRig::defaults();
  options.legs = 8;
  options.arena_blocks = 3000;
  std::vector<std::unique_ptr<SrtpSender>> senders;
  for (std::size_t leg = 0; leg < options.legs; ++leg) {
    const auto terms = leg % 4 == 3 ? nullptr : terms_of(kSrtpSuites[leg % kSrtpSuites.size()], leg & 0xFF);
    options.srtp.push_back(terms);
    senders.push_back(terms == nullptr ? nullptr : std::make_unique<SrtpSender>(terms));
  }
  ShardRig rig(options);
  rig.grant_all();
  for (std::uint64_t index = 0; index < 200; index += 20) {  // more at once than one batch holds
    for (std::uint64_t i = index; i < index + 20; ++i) {
      for (std::size_t leg = 0; leg < options.legs; ++leg) {
        rig.put_datagram(leg, senders[leg] == nullptr ? SrtpSender::plain(i) : senders[leg]->packet(i));
      }
    }
    rig.pass(400ms);
  }
  rig.end();
  std::vector<Bytes> said;
  for (std::uint64_t index = 0; index < 200; ++index) said.push_back(said_in(index));
  for (std::size_t leg = 0; leg < options.legs; ++leg) {
    CAPTURE(leg);
    CHECK(payloads_of(rig.opened(leg)) == said);
  }
}

TEST_CASE("plain packets are nothing to a leg that has keys, not even the one it expects") {
  if (has_no_batched_srtp()) return;
  const SharedSrtpTerms terms = terms_of(kUsual, 1);
  ShardRig rig(srtp_rig(terms));
  SrtpSender sender(terms);
  rig.grant_all();
  std::vector<Bytes> said;
  send(rig, sender, 0, 50, &said);
  for (int i = 0; i < 50; ++i) rig.put_datagram(0, SrtpSender::plain(50));
  rig.pass(20ms);
  CHECK(received(rig).packets == 50);
  CHECK(srtp_counts(rig).of(SrtpFault::unauthentic) == 50);
  CHECK(received(rig).malformed == ReceiverCounts().malformed);  // nothing of them reaches the leg
  send(rig, sender, 50, 50, &said);
  rig.end();
  CHECK(payloads_of(rig.opened(0)) == said);
}

TEST_CASE("what is not authentic does not say where the leg's packets come from") {
  if (has_no_batched_srtp()) return;
  const SharedSrtpTerms terms = terms_of(kUsual, 1);
  ShardRig rig(srtp_rig(terms));
  SrtpSender sender(terms);
  SrtpSender forger(terms_of(kUsual, 2));
  rig.put_datagram(0, forger.packet(0), kElsewhere);
  rig.put_datagram(0, SrtpSender::plain(1), kElsewhere);
  rig.pass(20ms);
  CHECK_FALSE(rig.call().legs().at(0)->receiver().source());
  rig.put_datagram(0, sender.packet(0));
  rig.pass(20ms);
  CHECK(rig.call().legs().at(0)->receiver().source() == HandSource::kUsualSource);
}

TEST_CASE("a copy that somebody else sends first makes no replay of the leg's own packet") {
  if (has_no_batched_srtp()) return;
  const SharedSrtpTerms terms = terms_of(kUsual, 1);
  ShardRig rig(srtp_rig(terms));
  SrtpSender sender(terms);
  rig.grant_all();
  std::vector<Bytes> said;
  send(rig, sender, 0, 10, &said);
  for (std::uint64_t index = 10; index < 60; ++index) {
    const Bytes packet = sender.packet(index);
    rig.put_datagram(0, packet, kElsewhere);
    rig.put_datagram(0, packet);
    said.push_back(said_in(index));
    rig.pass(20ms);
  }
  CHECK(received(rig).foreign_source == 50);
  CHECK(srtp_counts(rig).of(SrtpFault::replayed) == 0);
  rig.end();
  CHECK(payloads_of(rig.opened(0)) == said);
}

TEST_CASE("a stream that a NAT binds anew is followed once its source is silent, and not while it sends") {
  if (has_no_batched_srtp()) return;
  const SharedSrtpTerms terms = terms_of(kUsual, 1);
  ShardRig rig(srtp_rig(terms));
  SrtpSender sender(terms);
  rig.grant_all();
  std::vector<Bytes> said;
  // Many in a row that come as they were expected, each with a copy from elsewhere behind it.
  Bytes packet = sender.packet(0);
  for (std::uint64_t index = 0; index < 50; ++index) {
    rig.put_datagram(0, packet);
    packet = sender.packet(index + 1);
    if (index > 0) rig.put_datagram(0, packet, kElsewhere);  // until then it is not known where it comes from
    said.push_back(said_in(index));
    rig.pass(20ms);
  }
  CHECK(received(rig).source_moves == 0);
  CHECK(received(rig).foreign_source == 49);
  for (std::uint64_t index = 50; index < 80; ++index) {
    rig.put_datagram(0, packet, kElsewhere);
    packet = sender.packet(index + 1);
    if (index >= 59) said.push_back(said_in(index));  // 200 ms after the latest from where it was
    rig.pass(20ms);
  }
  CHECK(received(rig).source_moves == 1);
  CHECK(received(rig).lost == 9);
  rig.end();
  CHECK(payloads_of(rig.opened(0)) == said);
}

// Every kind of bad packet, ten and more to each good one.
TEST_CASE("no number of corrupt packets disturbs a call") {
  if (has_no_batched_srtp()) return;
  const std::uint64_t corrupt = setting("CORRUPT", 20'000);
  std::mt19937_64 random(setting("SEED", 1));
  const auto below = [&](std::uint64_t end) { return random() % end; };
  const SrtpSuite suite = kSrtpSuites[below(kSrtpSuites.size())];
  CAPTURE(name_of(suite));
  const SharedSrtpTerms terms = terms_of(suite, 1);
  ShardRig rig(srtp_rig(terms));
  rig.call();
  SrtpSender sender(terms);
  SrtpSender forger(terms_of(suite, 2));
  rig.grant_all();
  std::vector<Bytes> said;
  std::uint64_t refused = 0;
  std::uint64_t forged = 0;
  Bytes before;
  for (std::uint64_t index = 65'400; refused < corrupt; ++index) {  // over a wrap, too
    const Bytes good = sender.packet(index);
    const std::uint64_t bad_ones = 10 + below(30);
    const std::uint64_t place = below(bad_ones);
    for (std::uint64_t i = 0; i < bad_ones; ++i) {
      Bytes bad = good;
      switch (below(6)) {
        case 0: bad[below(bad.size())] ^= static_cast<std::uint8_t>(1U << below(8)); break;
        case 1: bad.resize(below(bad.size())); break;
        case 2: bad = forger.packet(forged++); break;
        case 3: bad = SrtpSender::plain(index + below(3)); break;
        case 4: bad = before.empty() ? Bytes{0x80} : before; break;
        default:
          bad.resize(below(300));
          for (std::uint8_t& byte : bad) byte = static_cast<std::uint8_t>(random());
      }
      rig.put_datagram(0, std::move(bad));
      ++refused;
      if (i == place) rig.put_datagram(0, good);
    }
    said.push_back(said_in(index));
    before = good;
    rig.pass(20ms);
  }
  const SrtpCounts counts = srtp_counts(rig);
  std::uint64_t faults = 0;
  for (const std::uint64_t each : counts.faults) faults += each;
  CHECK(counts.packets == said.size());
  CHECK(faults == refused);
  CHECK(received(rig).packets == said.size());
  CHECK(received(rig).lost == 0);
  rig.end();
  CHECK(payloads_of(rig.opened(0)) == said);
}

TEST_CASE("RTCP of an SRTP leg is opened in its turn, and plain RTCP is not heard") {
  if (has_no_batched_srtp()) return;
  const SharedSrtpTerms terms = terms_of(kUsual, 1);
  ShardRig rig(srtp_rig(terms));
  SrtpSender sender(terms);
  send(rig, sender, 0, 5, nullptr);
  Bytes report{0x80, 200, 0, 6};
  append_be32(report, SrtpSender::kSsrc);
  append_be64(report, ntp_time_of(rig.now.wall).value);
  append_be32(report, 5 * 160);
  append_be64(report, 0);
  rig.put_datagram(0, report);
  rig.pass(20ms);
  CHECK(received(rig).rtcp == 0);
  rig.put_datagram(0, sender.packet(5));
  rig.put_datagram(0, sender.protect_rtcp(report));
  rig.pass(20ms);
  CHECK(received(rig).rtcp == 1);
  CHECK(srtp_counts(rig).packets == 7);
}

TEST_CASE("a key that somebody presses in an SRTP leg opens its gate") {
  if (has_no_batched_srtp()) return;
  const SharedSrtpTerms terms = terms_of(kUsual, 1);
  ShardRig rig(srtp_rig(terms));
  SrtpSender sender(terms);
  send(rig, sender, 0, 5, nullptr);
  CHECK(rig.gate(0) == Gate::holding);
  RtpHeader header;
  header.payload_type = 101;
  header.sequence = SequenceNumber(5);
  header.timestamp = RtpTimestamp(5 * 160);
  header.ssrc = Ssrc(SrtpSender::kSsrc);
  const Bytes event{1, 10, 0, 160};
  Bytes packet(kRtpHeaderBytes + event.size());
  REQUIRE(write_rtp(header, event, packet) == packet.size());
  rig.put_datagram(0, sender.protect(packet));
  rig.pass(40ms);
  CHECK(rig.gate(0) == Gate::open);
}
