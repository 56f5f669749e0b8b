#include "engine/shard/expected_packet.h"

#include <random>

#include "catch.h"
#include "shard_rig.h"

using namespace assent;

namespace {

// One packet as a sender makes it, in order of sending.
struct Sent {
  RtpHeader header;
  Bytes payload;
  nanoseconds wait{0};  // before it comes
};

Bytes datagram_of(const Sent& sent) {
  Bytes datagram(kRtpHeaderBytes + sent.payload.size());
  REQUIRE(write_rtp(sent.header, sent.payload, datagram) == datagram.size());
  return datagram;
}

// A stream that goes on for the most part, and does everything else now and then.
std::vector<Sent> eventful_stream(std::uint32_t seed, std::size_t packets) {
  std::mt19937 generator(seed);
  const auto random = [&] { return static_cast<std::uint32_t>(generator()); };
  const auto one_in = [&](unsigned n) { return random() % n == 0; };
  std::vector<Sent> stream;
  std::uint16_t sequence = static_cast<std::uint16_t>(random());
  std::uint32_t timestamp = random();
  std::uint32_t ssrc = random();
  std::size_t payload_bytes = 160;
  for (std::size_t i = 0; i < packets; ++i) {
    if (one_in(150)) ssrc = random();
    if (one_in(150)) payload_bytes = 8 * (1 + random() % 60);
    if (one_in(100)) timestamp += random() % 16000;                                  // silence
    if (one_in(200)) timestamp += random();                                          // another place
    if (one_in(80)) sequence = static_cast<std::uint16_t>(sequence + random() % 5);  // loss
    if (one_in(300)) sequence = static_cast<std::uint16_t>(random());
    Sent sent;
    sent.header.payload_type = one_in(100) ? 8 : 0;
    sent.header.marker = one_in(60);
    sent.header.sequence = SequenceNumber(sequence++);
    sent.header.timestamp = RtpTimestamp(timestamp);
    sent.header.ssrc = Ssrc(ssrc);
    sent.payload = Bytes(payload_bytes, static_cast<std::uint8_t>(i));
    sent.wait = one_in(60) ? milliseconds(random() % 1500) : milliseconds(20);
    timestamp += static_cast<std::uint32_t>(payload_bytes);
    stream.push_back(sent);
    if (one_in(60)) stream.push_back(sent);  // twice
    if (stream.size() > 2 && one_in(50)) std::swap(stream[stream.size() - 1], stream[stream.size() - 2]);
  }
  return stream;
}

enum class Way { as_expected, each_by_itself };

struct Heard {
  std::vector<OpenedPacket> packets;
  LegMetrics metrics;
};

// Plays the stream to a leg whose gate opens, pauses and goes on as the seed says. A leg that is asked for its counts
// before each packet expects nothing, so that it sees every packet itself.
Heard hear(const std::vector<Sent>& stream, std::uint32_t seed, Way way) {
  RigOptions options = ShardRig::defaults();
  options.consent.hold = 5s;
  ShardRig rig(options);
  std::mt19937 random(seed);
  const std::size_t grant_at = random() % 300;
  bool paused = false;
  for (std::size_t i = 0; i < stream.size(); ++i) {
    if (i == grant_at) rig.grant_all();
    if (i > grant_at && random() % 200 == 0) {
      paused = !paused;
      rig.call().set_paused(paused ? LiveCall::Pausing::pause : LiveCall::Pausing::resume, "", "test", rig.now,
                            [](const auto&) {});
    }
    if (way == Way::each_by_itself) (void)rig.call().legs().front()->counts();
    rig.put_datagram(0, datagram_of(stream[i]));
    rig.step();
    rig.pass(stream[i].wait);
  }
  const FinishedCall finished = rig.end();
  return {rig.opened(0), finished.legs.at(0).metrics};
}

}  // namespace

TEST_CASE("a stream is recorded the same whether its packets are expected or not") {
  std::size_t recorded = 0;
  for (std::uint32_t seed = 1; seed <= 30; ++seed) {
    INFO("seed " << seed);
    const auto stream = eventful_stream(seed, 1500);
    const Heard expected = hear(stream, seed, Way::as_expected);
    const Heard by_itself = hear(stream, seed, Way::each_by_itself);
    REQUIRE(expected.metrics.counts == by_itself.metrics.counts);
    CHECK(expected.metrics.talk == by_itself.metrics.talk);
    CHECK(expected.metrics.quiet == by_itself.metrics.quiet);
    CHECK(expected.metrics.hold == by_itself.metrics.hold);
    // A run of packets counts for the mean, and the most, by what it was at its end.
    CHECK(expected.metrics.jitter_mean_us == Approx(by_itself.metrics.jitter_mean_us).epsilon(0.25));
    CHECK(expected.metrics.jitter_most_us <= by_itself.metrics.jitter_most_us * 1.01 + 1);
    REQUIRE(expected.packets.size() == by_itself.packets.size());
    for (std::size_t i = 0; i < expected.packets.size(); ++i) {
      INFO("packet " << i);
      REQUIRE(expected.packets[i].at == by_itself.packets[i].at);
      REQUIRE(expected.packets[i].payload == by_itself.packets[i].payload);
    }
    recorded += expected.packets.size();
  }
  CHECK(recorded > 20'000);
}

TEST_CASE("only the very packet that was expected is taken") {
  BlockPool pool(*SecureArena::create(4 * sizeof(Block), ArenaBacking::locked_memory));
  HandSource source(pool);
  REQUIRE(source.open(LegSlot(0), RtcpPort::muxed));
  Bytes place(4096);
  const MonoTime due(1000s);

  ExpectedStream stream;
  stream.sequence = SequenceNumber(65535);
  stream.timestamp = RtpTimestamp(0xFFFFFFF0);
  stream.ssrc = Ssrc(7);
  stream.source = *parse_endpoint("192.0.2.1:4000");  // where all that a HandSource brings comes from
  stream.payload_bytes = 160;
  stream.ticks = 160;
  stream.duration = 20ms;
  stream.due = due;
  Sent next;
  next.header.sequence = stream.sequence;
  next.header.timestamp = stream.timestamp;
  next.header.ssrc = stream.ssrc;
  next.payload = Bytes(160, 0xC3);

  ExpectedPacket expected;
  struct Sink final : DatagramSink {
    void on_datagram(LegSlot, DatagramPort, Datagram&& datagram) override { taken = expected->take(datagram, now); }
    void on_dropped(LegSlot, DatagramPort, DatagramDrop) override {}
    ExpectedPacket* expected = nullptr;
    MonoTime now;
    bool taken = false;
  } sink;
  sink.expected = &expected;
  const auto takes = [&](const Bytes& datagram, MonoTime now = MonoTime(1000s)) {
    source.put(LegSlot(0), datagram);
    sink.now = now;
    source.sweep(sink);
    return sink.taken;
  };

  CHECK_FALSE(takes(datagram_of(next)));  // nothing was said yet
  expected.expect(stream, {place.data(), 100, 3});
  for (std::size_t bit = 0; bit < kRtpHeaderBytes * 8; ++bit) {
    INFO("bit " << bit << " of the header");
    Bytes other = datagram_of(next);
    other[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    REQUIRE_FALSE(takes(other));
  }
  Bytes longer = datagram_of(next);
  longer.push_back(0);
  CHECK_FALSE(takes(longer));
  longer.resize(longer.size() - 2);
  CHECK_FALSE(takes(longer));
  CHECK_FALSE(takes(datagram_of(next), due + 1s + 1ns));
  CHECK_FALSE(takes(datagram_of(next), due - 1s - 1ns));
  ExpectedStream from_elsewhere = stream;
  from_elsewhere.source.port = 1;
  expected.expect(from_elsewhere, {place.data(), 100, 3});
  CHECK_FALSE(takes(datagram_of(next)));
  CHECK(expected.take_back().packets == 0);
  CHECK(place == Bytes(4096));

  expected.expect(stream, {place.data(), 100, 2});
  CHECK(takes(datagram_of(next)));
  CHECK_FALSE(takes(datagram_of(next)));
  next.header.sequence = SequenceNumber(0);  // both have wrapped
  next.header.timestamp = RtpTimestamp(0x90);
  CHECK(takes(datagram_of(next), due + 36ms));
  next.header.sequence = SequenceNumber(1);
  next.header.timestamp = RtpTimestamp(0x130);
  CHECK_FALSE(takes(datagram_of(next)));  // there was room for two
  const PassedPackets passed = expected.take_back();
  CHECK(passed.packets == 2);
  CHECK(passed.payload_bytes == 160);
  CHECK(passed.ticks == 160);
  CHECK(passed.duration == 20ms);
  CHECK(passed.last == due + 36ms);
  CHECK(passed.jitter_ns == 1'000'000);  // 16 ms later than the spacing before
  CHECK(expected.take_back().packets == 0);
  // SimpleBlock, size 164 in two bytes, track 1, time, key frame.
  const Bytes head{0xA3, 0x40, 0xA4, 0x81, 0, 100, 0x80};
  CHECK(std::equal(head.begin(), head.end(), place.begin()));
  CHECK(place[7] == 0xC3);
  CHECK(place[166] == 0xC3);
  CHECK(place[167 + 5] == 120);
  CHECK(place[334] == 0);
}
