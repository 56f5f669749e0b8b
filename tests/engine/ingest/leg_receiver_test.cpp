#include "engine/ingest/leg_receiver.h"

#include <algorithm>
#include <optional>

#include "received.h"

using namespace assent;

namespace {

constexpr Codec kPcmu{CodecName::pcmu, 8000, 1};
constexpr Codec kWide{CodecName::l16, 16000, 1};
constexpr std::uint8_t kDtmf = 101;
const Endpoint kSender = *parse_endpoint("192.0.2.1:4000");
const Endpoint kStranger = *parse_endpoint("192.0.2.66:4000");

constexpr Codec kG722{CodecName::g722, 8000, 1};
constexpr Codec kOpus{CodecName::opus, 48000, 1};
constexpr std::uint8_t kRed = 121;
constexpr std::uint8_t kWideNoise = 118;

LegReceiver receiver_of(std::optional<Endpoint> source = std::nullopt) {
  const std::vector<LegFormat> formats{
      {0, kPcmu}, {8, {CodecName::pcma, 8000, 1}}, {96, kWide}, {9, kG722}, {111, kOpus}};
  auto receiver = LegReceiver::create({{formats, kDtmf, kWideNoise, kRed}, source});
  REQUIRE(receiver);
  return std::move(*receiver);
}

// A leg, its sender, and what came of it. Packets are 20 ms of PCMU unless told otherwise.
struct Leg {
  BlockPool pool = make_pool(96);
  LegReceiver receiver = receiver_of();
  ReceivedAudio heard;
  Endpoint from = kSender;
  Ssrc ssrc{1};
  nanoseconds now = 0ms;

  void datagram(const Bytes& bytes, DatagramPort port = DatagramPort::rtp) {
    receiver.receive(ScriptedSource::datagram(pool, bytes, from), port, moment(now), heard);
  }
  void rtp(std::uint8_t payload_type, int sequence, std::uint32_t timestamp, const Bytes& payload) {
    RtpHeader header;
    header.payload_type = payload_type;
    header.sequence = SequenceNumber(static_cast<std::uint16_t>(sequence));
    header.timestamp = RtpTimestamp(timestamp);
    header.ssrc = ssrc;
    Bytes packet(kRtpHeaderBytes + payload.size());
    write_rtp(header, payload, packet);
    datagram(packet);
  }
  // The n-th packet of the stream.
  void audio(int n) { rtp(0, n, static_cast<std::uint32_t>(160 * n), Bytes(160, static_cast<std::uint8_t>(n))); }
  void digit(int n, std::uint8_t event, std::uint32_t start, std::uint16_t duration) {
    Bytes payload{event, 10};
    append_be16(payload, duration);
    rtp(kDtmf, n, start, payload);
  }
  void poll() { receiver.poll(moment(now), heard); }
};

Bytes bye_of(Ssrc ssrc) {
  Bytes bye{0x81, 203, 0, 1};
  append_be32(bye, ssrc.value);
  return bye;
}

Bytes report_of(Ssrc ssrc, WallTime wall, std::uint32_t timestamp) {
  Bytes report{0x80, 200, 0, 6};
  append_be32(report, ssrc.value);
  append_be64(report, ntp_time_of(wall).value);
  append_be32(report, timestamp);
  append_be64(report, 0);
  return report;
}

}  // namespace

TEST_CASE("audio is handed on with its payload, its time and its length") {
  Leg leg;
  for (int n = 1; n <= 3; ++n, leg.now += 20ms) leg.audio(n);
  REQUIRE(leg.heard.audio.size() == 3);
  CHECK(leg.heard.audio[2].payload == Bytes(160, 3));
  CHECK(leg.heard.audio[2].ticks == 160);
  CHECK(leg.heard.audio[2].at == 40ms);
  CHECK(leg.receiver.counts().packets == 3);
  CHECK(leg.receiver.counts().bytes == 480);
}

TEST_CASE("a packet that has been handed on is wiped and its block is free") {
  Leg leg;
  leg.audio(1);
  CHECK(leg.pool.in_use_blocks() == 0);
}

TEST_CASE("packets are handed on in order; a gap waits for the window and stays a hole") {
  Leg leg;
  leg.audio(1);
  leg.audio(4);
  leg.audio(3);
  CHECK(leg.heard.audio.size() == 1);
  CHECK(leg.pool.in_use_blocks() == 2);
  leg.now = 60ms;
  leg.poll();
  REQUIRE(leg.heard.audio.size() == 3);
  CHECK(leg.heard.audio[1].payload == Bytes(160, 3));
  CHECK(leg.heard.audio[1].at == 40ms);
  CHECK(leg.receiver.counts().lost == 1);
  CHECK(leg.receiver.counts().reordered == 1);
}

TEST_CASE("a held packet that anchors the time counts from its arrival, not from its release") {
  Leg leg;
  leg.audio(1);
  leg.now = 10ms;
  leg.rtp(0, 3, 0x50000000, Bytes(160));
  leg.now = 70ms;
  leg.poll();
  REQUIRE(leg.heard.audio.size() == 2);
  CHECK(leg.heard.audio[1].at == 20ms);  // it came at 10 ms, when the first still lasted
}

TEST_CASE("a discard wipes what waits") {
  Leg leg;
  leg.audio(1);
  leg.audio(3);
  leg.receiver.discard();
  CHECK(leg.pool.in_use_blocks() == 0);
  leg.now = 100ms;
  leg.poll();
  CHECK(leg.heard.audio.size() == 1);
}

TEST_CASE("the end of a leg hands on what waits") {
  Leg leg;
  leg.audio(1);
  leg.audio(3);
  leg.receiver.finish(moment(0ms), leg.heard);
  CHECK(leg.heard.audio.size() == 2);
}

// ---- whose packets
// ----------------------------------------------------------------------------------------------------

TEST_CASE("the first valid source is the leg's, all others are dropped and counted") {
  Leg leg;
  CHECK_FALSE(leg.receiver.source());
  leg.audio(1);
  CHECK(leg.receiver.source() == kSender);
  leg.from = kStranger;
  leg.audio(2);
  leg.datagram(bye_of(leg.ssrc), DatagramPort::rtcp);
  leg.from = kSender;
  leg.from.port = 4002;
  leg.audio(2);
  CHECK(leg.heard.story == "a");
  CHECK(leg.receiver.counts().foreign_source == 3);
}

TEST_CASE("a packet that could not be the leg's does not make its sender the source") {
  Leg leg;
  leg.from = kStranger;
  leg.datagram(Bytes(100, 0));
  leg.rtp(77, 1, 1, Bytes(160));
  leg.rtp(96, 1, 1, Bytes(161));
  leg.rtp(kDtmf, 1, 1, Bytes(3));
  CHECK_FALSE(leg.receiver.source());
  CHECK(leg.receiver.counts().unknown_payload_type == 1);
  CHECK(leg.receiver.counts().malformed_payload == 2);
  leg.from = kSender;
  leg.audio(1);
  CHECK(leg.heard.story == "a");
}

TEST_CASE("a source that was given is the only one") {
  Leg leg;
  leg.receiver = receiver_of(kSender);
  leg.from = kStranger;
  leg.audio(1);
  leg.from = kSender;
  leg.audio(2);
  CHECK(leg.heard.story == "a");
  CHECK(leg.receiver.counts().foreign_source == 1);
}

TEST_CASE("a source given without a port is pinned to the first port it sends from") {
  Leg leg;
  Endpoint address = kSender;
  address.port = 0;
  leg.receiver = receiver_of(address);
  leg.from = kStranger;
  leg.audio(1);
  leg.from = kSender;
  leg.audio(1);
  leg.from.port = 9;
  leg.audio(2);
  CHECK(leg.heard.story == "a");
  CHECK(leg.receiver.counts().foreign_source == 2);
}

TEST_CASE("a stream that goes on from elsewhere once its source is silent has moved") {
  Leg leg;
  for (int n = 1; n <= 3; ++n, leg.now += 20ms) leg.audio(n);
  // The NAT has bound it anew: what comes before it is sure that nothing more comes from before is not heard.
  leg.from = kStranger;
  for (int n = 4; n <= 20; ++n, leg.now += 20ms) leg.audio(n);
  leg.poll();
  CHECK(leg.receiver.source() == kStranger);
  const ReceiverCounts counts = leg.receiver.counts();
  CHECK(counts.source_moves == 1);
  CHECK(counts.foreign_source == 9);  // 180 ms of them
  CHECK(counts.lost == 9);
  CHECK(counts.audio == 11);
  CHECK(leg.heard.audio.back().at == 19 * 20ms);  // in time as if nothing had been
  CHECK(counts.timestamp_jumps == 0);

  leg.from = kSender;
  leg.audio(21);
  CHECK(leg.receiver.source() == kStranger);
}

TEST_CASE("a stream has not moved while its source sends, whatever it sends") {
  Leg leg;
  for (int n = 1; n <= 60; ++n, leg.now += 20ms) {
    leg.from = kSender;
    if (n < 20) leg.audio(n);
    if (n >= 20 && n < 40) leg.digit(n, 5, 160 * 20, static_cast<std::uint16_t>(160 * (n - 19)));
    if (n >= 40) leg.rtp(77, n, static_cast<std::uint32_t>(160 * n), Bytes(160));
    leg.from = kStranger;
    leg.audio(n + 1);
  }
  CHECK(leg.receiver.source() == kSender);
  CHECK(leg.receiver.counts().source_moves == 0);
  CHECK(leg.receiver.counts().foreign_source == 60);
  CHECK(leg.receiver.counts().audio == 19);
}

TEST_CASE("packets that came as foreseen keep their source where it is") {
  Leg leg;
  leg.audio(1);
  leg.audio(2);
  leg.now = 1s;
  leg.receiver.passed({.packets = 50, .payload_bytes = 160, .ticks = 160, .duration = 20ms, .last = moment(1s).mono});
  leg.from = kStranger;
  leg.audio(53);
  CHECK(leg.receiver.source() == kSender);
  CHECK(leg.receiver.counts().foreign_source == 1);
}

TEST_CASE("what is not the stream, or not in its place, has not moved it") {
  Leg leg;
  leg.audio(1000);
  leg.audio(1001);
  leg.now = 10s;
  leg.from = kStranger;
  leg.ssrc = Ssrc{2};
  leg.audio(1002);
  leg.ssrc = Ssrc{1};
  leg.audio(1001);                             // replayed
  leg.audio(1000);                             // behind
  leg.audio(1002 + limits::kSourceAhead);      // too far ahead
  leg.rtp(77, 1002, 160 * 1002, Bytes(160));   // of no payload type of the leg
  leg.rtp(kDtmf, 1002, 160 * 1002, Bytes(3));  // no telephone event
  leg.datagram(bye_of(leg.ssrc), DatagramPort::rtcp);
  CHECK(leg.receiver.source() == kSender);
  CHECK(leg.receiver.counts().foreign_source == 7);
  leg.audio(1001 + limits::kSourceAhead);
  CHECK(leg.receiver.source() == kStranger);
}

TEST_CASE("of a source that was given only what was not named moves") {
  const auto moves = [](std::optional<Endpoint> given, Endpoint to) {
    Leg leg;
    leg.receiver = receiver_of(given);
    leg.audio(1);
    leg.now = 1s;
    leg.from = to;
    leg.audio(2);
    return leg.receiver.counts().source_moves == 1;
  };
  Endpoint address = kSender;
  address.port = 0;
  Endpoint other_port = kSender;
  other_port.port = 9;
  CHECK(moves(std::nullopt, kStranger));
  CHECK(moves(address, other_port));
  CHECK_FALSE(moves(address, kStranger));
  CHECK_FALSE(moves(kSender, other_port));
}

TEST_CASE("a machine that was named may begin another stream at another port, once it was silent as on hold") {
  const auto moves = [](std::optional<Endpoint> given, nanoseconds silent, Endpoint to) {
    Leg leg;
    leg.receiver = receiver_of(given);
    leg.audio(1);
    leg.now = silent;
    leg.from = to;
    leg.ssrc = Ssrc{2};
    leg.audio(5000);
    return leg.receiver.counts().source_moves == 1 && leg.heard.story == "aba";
  };
  Endpoint address = kSender;
  address.port = 0;
  Endpoint other_port = kSender;
  other_port.port = 9;
  CHECK(moves(address, limits::kHoldGap, other_port));
  CHECK_FALSE(moves(address, limits::kHoldGap - 1ms, other_port));
  CHECK_FALSE(moves(address, limits::kHoldGap, kStranger));
  CHECK_FALSE(moves(std::nullopt, limits::kHoldGap, other_port));
  CHECK_FALSE(moves(kSender, limits::kHoldGap, other_port));
}

TEST_CASE("a leg whose source may change takes the next valid one") {
  Leg leg;
  leg.audio(1);
  leg.receiver.pin(std::nullopt);
  leg.from = kStranger;
  leg.audio(2);
  CHECK(leg.heard.story == "aa");
  CHECK(leg.receiver.source() == kStranger);
}

// ---- what kind of packet
// ----------------------------------------------------------------------------------------------

TEST_CASE("what is not RTP is counted by its flaw") {
  Leg leg;
  leg.datagram(Bytes(3));
  leg.datagram(Bytes(100, 0));
  leg.datagram({});
  CHECK(leg.receiver.counts().malformed[static_cast<std::size_t>(RtpFlaw::too_short)] == 2);
  CHECK(leg.receiver.counts().malformed[static_cast<std::size_t>(RtpFlaw::version)] == 1);
  CHECK(leg.pool.in_use_blocks() == 0);
}

TEST_CASE("an unknown payload type within the stream is counted and is not a loss") {
  Leg leg;
  leg.audio(1);
  leg.rtp(77, 2, 320, Bytes(20));
  leg.audio(3);
  CHECK(leg.heard.story == "aa");
  CHECK(leg.receiver.counts().unknown_payload_type == 1);
  CHECK(leg.receiver.counts().lost == 0);
}

TEST_CASE("comfort noise is silence: counted, and a hole in time") {
  Leg leg;
  leg.audio(1);
  leg.rtp(13, 2, 320, Bytes(1, 60));
  leg.now = 1s;
  leg.rtp(0, 3, 160 + 8000, Bytes(160));
  REQUIRE(leg.heard.audio.size() == 2);
  CHECK(leg.heard.audio[1].at == 1s);
  CHECK(leg.receiver.counts().comfort_noise == 1);
  CHECK(leg.receiver.counts().lost == 0);
}

TEST_CASE("a change to another codec of the leg is told before its first audio") {
  Leg leg;
  leg.audio(1);
  leg.rtp(8, 2, 320, Bytes(160));
  leg.rtp(8, 3, 480, Bytes(160));
  CHECK(leg.heard.story == "acaa");
  CHECK(leg.heard.codecs == std::vector<Codec>{{CodecName::pcma, 8000, 1}});
  CHECK(leg.receiver.codec().name == CodecName::pcma);
  CHECK(leg.heard.audio[2].at == 40ms);
}

TEST_CASE("a codec of another clock rate goes on in time from where the one before ended") {
  Leg leg;
  leg.audio(1);
  leg.now = 20ms;
  leg.rtp(96, 2, 77, Bytes(640));
  leg.now = 40ms;
  leg.rtp(96, 3, 77 + 320, Bytes(640));
  CHECK(leg.heard.story == "acbaa");
  CHECK(leg.heard.audio[2].at == 40ms);
  CHECK(leg.heard.audio[2].ticks == 320);
}

TEST_CASE("a leg that begins in its second format says so") {
  Leg leg;
  leg.rtp(8, 1, 160, Bytes(160));
  CHECK(leg.heard.story == "ca");
}

TEST_CASE("a sender that goes from PCMU to G.722 to Opus and back is on one timeline") {
  Leg leg;
  leg.audio(1);
  leg.now = 20ms;
  leg.rtp(9, 2, 320, Bytes(160));  // the clock is PCMU's: the timestamp goes on
  leg.now = 40ms;
  leg.rtp(111, 3, 5'000'000, Bytes{0xF8, 1, 2, 3});
  leg.now = 60ms;
  leg.rtp(111, 4, 5'000'960, Bytes{0xF8});
  leg.now = 80ms;
  leg.rtp(0, 5, 99, Bytes(160));
  CHECK(leg.heard.story == "acacbaacba");
  REQUIRE(leg.heard.audio.size() == 5);
  for (std::size_t i = 0; i < 5; ++i) CHECK(leg.heard.audio[i].at == i * 20ms);
  CHECK(leg.heard.audio[1].ticks == 160);
  CHECK(leg.heard.audio[3].ticks == 960);
  CHECK(leg.receiver.counts().codec_changes == 3);
  CHECK(leg.receiver.counts().lost == 0);
}

TEST_CASE("what Opus leaves out for silence is a hole of its length, not a loss") {
  Leg leg;
  leg.rtp(111, 1, 0, Bytes{0xF8, 1});
  leg.rtp(111, 2, 960, Bytes{0xF8});
  leg.now = 400ms;
  leg.rtp(111, 3, 19200, Bytes{0xF8, 1});
  CHECK(leg.heard.audio[2].at == 400ms);
  CHECK(leg.receiver.counts().lost == 0);
}

TEST_CASE("a packet whose duration its size does not tell is not foreseen") {
  Leg leg;
  leg.rtp(9, 1, 160, Bytes(160));
  REQUIRE(leg.receiver.foresee());
  CHECK(leg.receiver.foresee()->ticks == 160);
  leg.rtp(111, 2, 0, Bytes{0xF8, 1});
  leg.rtp(111, 3, 960, Bytes{0xF8, 1});
  CHECK_FALSE(leg.receiver.foresee());
}

TEST_CASE("comfort noise of another clock rate has the payload type that was agreed on") {
  Leg leg;
  leg.audio(1);
  leg.rtp(kWideNoise, 2, 320, Bytes(1, 60));
  CHECK(leg.heard.story == "a");
  CHECK(leg.receiver.counts().comfort_noise == 1);
  CHECK(leg.receiver.counts().unknown_payload_type == 0);
}

// ---- redundancy
// --------------------------------------------------------------------------------------------------------

namespace {

// The n-th packet, and with it the one or two before it.
Bytes redundant(int n, int earlier) {
  Bytes payload;
  for (int back = earlier; back > 0; --back) {
    append_be32(payload, 0x80000000U | static_cast<std::uint32_t>(160 * back) << 10 | 160U);
  }
  payload.push_back(0);
  for (int back = earlier; back >= 0; --back) append(payload, Bytes(160, static_cast<std::uint8_t>(n - back)));
  return payload;
}

}  // namespace

TEST_CASE("of a packet with redundancy its own block is taken, as long as nothing was lost") {
  Leg leg;
  for (int n = 1; n <= 4; ++n, leg.now += 20ms) {
    leg.rtp(kRed, n, static_cast<std::uint32_t>(160 * n), redundant(n, 1));
  }
  REQUIRE(leg.heard.audio.size() == 4);
  for (std::uint8_t n = 1; n <= 4; ++n) {
    CHECK(leg.heard.audio[n - 1U].payload == Bytes(160, n));
    CHECK(leg.heard.audio[n - 1U].at == (n - 1) * 20ms);
  }
  CHECK(leg.receiver.counts().restored == 0);
  CHECK_FALSE(leg.receiver.foresee());
}

TEST_CASE("redundant blocks take the place of the packets that were lost, and of no others") {
  Leg leg;
  leg.rtp(kRed, 1, 160, redundant(1, 2));
  leg.now = 60ms;
  leg.rtp(kRed, 4, 640, redundant(4, 2));
  leg.now = 120ms;
  leg.poll();
  REQUIRE(leg.heard.audio.size() == 4);
  for (std::uint8_t n = 1; n <= 4; ++n) {
    CHECK(leg.heard.audio[n - 1U].payload == Bytes(160, n));
    CHECK(leg.heard.audio[n - 1U].at == (n - 1) * 20ms);
  }
  CHECK(leg.receiver.counts().lost == 2);
  CHECK(leg.receiver.counts().restored == 2);
}

TEST_CASE("a key whose packets were lost is heard from the redundancy behind it, once") {
  Leg leg;
  leg.audio(1);
  Bytes payload;
  append_be32(payload, 0x80000000U | std::uint32_t{kDtmf} << 24 | 160U << 10 | 4U);
  append(payload, Bytes{0, 5, 10, 0, 160});  // primary PCMU; event 5
  append(payload, Bytes(160, 3));
  leg.rtp(kRed, 3, 480, payload);
  leg.now = 60ms;
  leg.poll();
  leg.rtp(kRed, 4, 640, payload);
  CHECK(leg.heard.digits.front() == '5');
  CHECK(leg.heard.audio.size() == 3);
}

TEST_CASE("a payload that only says to be redundant is malformed, and begins no stream") {
  Leg leg;
  leg.rtp(kRed, 1, 160, Bytes{0x80, 1});
  leg.rtp(kRed, 1, 160, Bytes{77, 1});
  CHECK_FALSE(leg.receiver.source());
  leg.audio(1);
  leg.rtp(kRed, 2, 320, Bytes{0xFF, 0xFF, 0xFF});
  leg.rtp(kRed, 3, 480, Bytes{kRed, 0, 0});  // within itself
  leg.audio(4);
  CHECK(leg.heard.story == "aa");
  CHECK(leg.receiver.counts().malformed_payload == 2);
  CHECK(leg.receiver.counts().lost == 0);
}

// ---- streams
// ------------------------------------------------------------------------------------------------------------

TEST_CASE("a new SSRC is a new stream, placed by arrival, after all of the old one") {
  Leg leg;
  leg.audio(1);
  leg.audio(3);
  leg.ssrc = Ssrc(2);
  leg.now = 100ms;
  leg.rtp(0, 40000, 999999, Bytes(160));
  CHECK(leg.heard.story == "aaba");
  CHECK(leg.heard.audio[2].at == 100ms);
  CHECK(leg.receiver.counts().ssrc_changes == 1);
}

TEST_CASE("a straggler of the stream before does not bring it back") {
  Leg leg;
  leg.audio(1);
  leg.ssrc = Ssrc(2);
  leg.audio(100);
  leg.ssrc = Ssrc(1);
  leg.now = 20ms;
  leg.audio(2);
  leg.ssrc = Ssrc(2);
  leg.audio(101);
  CHECK(leg.heard.story == "abaa");
  CHECK(leg.receiver.counts().late == 1);
  CHECK(leg.receiver.counts().ssrc_changes == 1);
}

TEST_CASE("a packet that makes no sense cannot begin a stream") {
  Leg leg;
  leg.audio(1);
  leg.ssrc = Ssrc(2);
  leg.rtp(77, 9, 9, Bytes(160));
  leg.rtp(96, 9, 9, Bytes(161));
  leg.rtp(13, 9, 9, Bytes(1));
  leg.ssrc = Ssrc(1);
  leg.audio(2);
  CHECK(leg.heard.story == "aa");
  CHECK(leg.receiver.counts().ssrc_changes == 0);
}

TEST_CASE("a timestamp jump is told and counted") {
  Leg leg;
  leg.audio(1);
  leg.now = 20ms;
  leg.rtp(0, 2, 0x77000000, Bytes(160));
  CHECK(leg.heard.story == "aba");
  CHECK(leg.receiver.counts().timestamp_jumps == 1);
}

TEST_CASE("a sequence that begins anew is followed without losing a packet") {
  Leg leg;
  for (const int n : {1, 2, 30000, 30001}) leg.audio(n);
  CHECK(leg.heard.audio.size() == 4);
  CHECK(leg.receiver.counts().sequence_restarts == 1);
}

// ---- digits
// -----------------------------------------------------------------------------------------------------------

TEST_CASE("a digit is told once, in its place among the audio, at its own time") {
  Leg leg;
  leg.audio(1);
  leg.now = 20ms;
  leg.digit(2, 1, 320, 160);
  leg.audio(3);
  leg.digit(4, 1, 320, 480);
  leg.digit(5, 1, 320, 640);
  CHECK(leg.heard.story == "a1a");
  CHECK(leg.heard.digit_times == std::vector<nanoseconds>{20ms});
  CHECK(leg.receiver.counts().digits == 1);
  CHECK(leg.receiver.counts().lost == 0);
}

TEST_CASE("digits sent as a stream of their own are heard and leave the audio alone") {
  Leg leg;
  leg.audio(1);
  leg.ssrc = Ssrc(2);
  leg.digit(900, 5, 777777, 160);
  leg.ssrc = Ssrc(1);
  leg.audio(2);
  CHECK(leg.heard.story == "a5a");
  CHECK(leg.receiver.counts().ssrc_changes == 0);
}

TEST_CASE("a digit before any audio is heard at its arrival") {
  Leg leg;
  leg.now = 7ms;
  leg.digit(1, 11, 160, 160);
  CHECK(leg.heard.digits == "#");
  CHECK(leg.heard.digit_times == std::vector<nanoseconds>{7ms});
  CHECK(leg.receiver.source() == kSender);
}

TEST_CASE("a sink that discards at a digit gets nothing of what waited behind it") {
  struct Denying final : LegSink {
    explicit Denying(LegReceiver& leg_receiver) : receiver(leg_receiver) {}
    void on_audio(ByteView, WallTime, std::uint32_t) override { ++audio; }
    void on_digit(char, WallTime) override { receiver.discard(); }
    void on_codec_change(const Codec&) override {}
    void on_timeline_break() override {}
    void on_bye(Now) override {}
    LegReceiver& receiver;
    int audio = 0;
  };
  Leg leg;
  leg.audio(1);
  leg.digit(3, 2, 480, 160);
  leg.audio(4);
  Denying sink(leg.receiver);
  leg.receiver.poll(moment(60ms), sink);
  CHECK(sink.audio == 0);
  CHECK(leg.pool.in_use_blocks() == 0);
}

// ---- RTCP
// -------------------------------------------------------------------------------------------------------------

TEST_CASE("a goodbye of the stream is told once, after all its audio") {
  Leg leg;
  leg.audio(1);
  leg.audio(3);
  leg.from.port = 4001;
  leg.datagram(bye_of(Ssrc(9)), DatagramPort::rtcp);
  leg.datagram(bye_of(leg.ssrc), DatagramPort::rtcp);
  leg.datagram(bye_of(leg.ssrc), DatagramPort::rtcp);
  CHECK(leg.heard.story == "aaB");
  CHECK(leg.receiver.counts().rtcp == 3);
}

TEST_CASE("RTCP is known by its type on the RTP port") {
  Leg leg;
  leg.audio(1);
  leg.datagram(bye_of(leg.ssrc));
  CHECK(leg.heard.story == "aB");
}

TEST_CASE("RTCP that is none is counted") {
  Leg leg;
  leg.audio(1);
  leg.datagram(Bytes(50, 0xFF), DatagramPort::rtcp);
  CHECK(leg.receiver.counts().malformed_rtcp == 1);
}

TEST_CASE("a sender report places the audio after it is adopted") {
  Leg leg;
  leg.audio(0);
  leg.datagram(report_of(Ssrc(9), kWallStart + 3s, 160));
  CHECK_FALSE(leg.receiver.adopt_sender_report());
  leg.datagram(report_of(leg.ssrc, kWallStart + 1s, 160));
  leg.now = 20ms;
  leg.audio(1);
  CHECK(leg.heard.audio[1].at == 20ms);
  CHECK(leg.receiver.adopt_sender_report());
  leg.audio(2);
  CHECK(leg.heard.audio[2].at == 1020ms);
}

TEST_CASE("when the wall clock was set the next audio is placed by its arrival") {
  Leg leg;
  leg.audio(1);
  leg.receiver.anchor_anew();
  leg.now = 1h;
  leg.audio(2);
  CHECK(leg.heard.audio[1].at == 1h);
}

TEST_CASE("datagrams that the source dropped are on the leg's account") {
  Leg leg;
  leg.receiver.count_drop(DatagramDrop::truncated);
  leg.receiver.count_drop(DatagramDrop::no_block);
  CHECK(leg.receiver.counts().truncated == 1);
  CHECK(leg.receiver.counts().no_block == 1);
}

TEST_CASE("a set-up that contradicts itself is refused") {
  const std::vector<LegFormat> one{{0, kPcmu}};
  const std::vector<LegFormat> twice{{0, kPcmu}, {0, kWide}};
  const std::vector<LegFormat> noise{{13, kPcmu}};
  const std::vector<LegFormat> large{{128, kPcmu}};
  std::vector<LegFormat> many;
  for (std::uint8_t type = 96; many.size() <= limits::kFormatsPerLeg; ++type) many.push_back({type, kPcmu});
  const auto refuses = [](LegPayloads payloads, nanoseconds window = 60ms) {
    return !LegReceiver::create({std::move(payloads), std::nullopt, window});
  };
  CHECK(refuses({}));
  CHECK(refuses({twice}));
  CHECK(refuses({noise}));
  CHECK(refuses({large}));
  CHECK(refuses({many}));
  CHECK(refuses({one, std::uint8_t{0}}));
  CHECK(refuses({one, std::uint8_t{200}}));
  CHECK(refuses({one, kDtmf, kDtmf}));
  CHECK(refuses({one, kDtmf, std::nullopt, std::uint8_t{0}}));
  CHECK(refuses({one, std::uint8_t{13}}));
  CHECK(refuses({one, kDtmf}, 501ms));
  CHECK(refuses({one, kDtmf}, -1ms));
  CHECK_FALSE(refuses({one, kDtmf}, 0ms));
  CHECK_FALSE(refuses({one, kDtmf, std::uint8_t{13}, std::uint8_t{121}}));
}
