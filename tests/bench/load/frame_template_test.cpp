// The frames that the kernel's program sends, made here by the code that it is compiled from.
#include "bench/load/frame_template.h"

#include <cstring>

#include "bench/load/payload_pattern.h"
#include "catch.h"
#include "codecs/rtp.h"

using namespace assent;
using namespace assent::load;

namespace {

constexpr Seed kSeed{7};
constexpr LegNumber kLeg{12};
constexpr std::uint32_t kPlace = 70'000;  // beyond 16 bits
const Endpoint kTo = *parse_address("127.0.0.1", 14'002);

struct Stream {
  StreamShape shape;
  Bytes frame = frame_template(shape.payload_bytes());
  Pace pace{};
  PacedLeg leg = *paced_leg(shape, kSeed, kLeg, kTo, kPlace);

  explicit Stream(const StreamShape& wanted = {}) : shape(wanted) {
    pace.packet_ticks = static_cast<std::uint32_t>(shape.payload_bytes());
    pace.ip_sum = template_ip_sum(frame);
  }
  const Bytes& write(std::uint32_t packet) {
    write_headers(frame.data(), &leg, packet, &pace);
    write_payload(&frame[kFramePayload], frame.data() + frame.size(), &leg, packet);
    return frame;
  }
};

unsigned big16(ByteView from, std::size_t at) { return (unsigned{from[at]} << 8U) + from[at + 1]; }

// RFC 1071: over a header with its checksum, the sum of ones' complements is all ones.
unsigned ones_sum(ByteView header) {
  unsigned sum = 0;
  for (std::size_t at = 0; at < header.size(); at += 2) sum += big16(header, at);
  while (sum > 0xFFFFU) sum = (sum & 0xFFFFU) + (sum >> 16U);
  return sum;
}

}  // namespace

TEST_CASE("a frame has its headers where the drawing says") {
  Stream stream;
  const Bytes& frame = stream.write(0);
  REQUIRE(frame.size() == 14 + 20 + 8 + 12 + 160);
  CHECK(big16(frame, 12) == 0x0800);
  CHECK(frame[14] == 0x45);
  CHECK(big16(frame, 16) == 200);  // IP's length
  CHECK(frame[23] == 17);          // UDP
  const Bytes source(&frame[26], &frame[30]);
  CHECK(source == Bytes{198, 19, 0x11, 0x70});  // 198.18.0.0 + 70,000
  const Bytes destination(&frame[30], &frame[34]);
  CHECK(destination == Bytes{127, 0, 0, 1});
  CHECK(big16(frame, 34) == 5004);
  CHECK(big16(frame, 36) == 14'002);
  CHECK(big16(frame, 38) == 180);  // UDP's length
  CHECK(big16(frame, 40) == 0);    // no checksum
}

TEST_CASE("the checksum of every frame's IP header is right") {
  Stream stream;
  for (std::uint32_t place = 0; place < 131'072; place += 97) {
    stream.leg = *paced_leg(stream.shape, kSeed, kLeg, kTo, place);
    CHECK(ones_sum(ByteView(stream.write(place)).subspan(kFrameIp, 20)) == 0xFFFFU);
  }
}

TEST_CASE("a frame carries the packet that the plan and the pattern say, also where its numbers wrap") {
  StreamShape alaw;
  alaw.codec = CodecName::pcma;
  alaw.packet_time = milliseconds(30);
  for (const StreamShape& shape : {StreamShape{}, alaw}) {
    Stream stream(shape);
    const StreamPlan plan(shape, kSeed, kLeg);
    const PayloadPattern pattern(kSeed);
    for (const std::uint32_t packet : {0U, 1U, 2U, 1000U, 65'535U, 65'536U, 100'000'000U}) {
      Bytes wanted(kRtpHeaderBytes + shape.payload_bytes());
      pattern.fill(kLeg, PacketNumber(packet), ByteSpan(wanted).subspan(kRtpHeaderBytes));
      RtpHeader header = plan.header(PacketNumber(packet));
      write_rtp(header, {}, wanted);
      const Bytes& frame = stream.write(packet);
      CHECK(Bytes(frame.begin() + kFrameRtp, frame.end()) == wanted);
    }
  }
}

TEST_CASE("a payload ends where its frame does") {
  StreamShape shortest;
  shortest.packet_time = milliseconds(10);
  Stream stream(shortest);
  stream.frame.push_back(0xAB);
  write_payload(&stream.frame[kFramePayload], stream.frame.data() + stream.frame.size() - 1, &stream.leg, 3);
  CHECK(stream.frame.back() == 0xAB);
}

TEST_CASE("places are due evenly over the packet time, in their order, in every round") {
  Pace pace{};
  pace.start_ns = 1'000'000'000'000;
  pace.packet_ns = 20'000'000;
  pace.places = 3;
  CHECK(due_ns(&pace, 0, 0) == pace.start_ns);
  CHECK(due_ns(&pace, 0, 1) == pace.start_ns + 6'666'666);
  CHECK(due_ns(&pace, 0, 2) == pace.start_ns + 13'333'333);
  CHECK(due_ns(&pace, 1, 0) == pace.start_ns + 20'000'000);
  // A day of the most places and the longest packets is beyond 32 bits, and exact.
  pace.places = kPlacesMax;
  pace.packet_ns = 60'000'000;
  CHECK(due_ns(&pace, 1'440'000, kPlacesMax - 1) == pace.start_ns + 86'400'000'000'000 + 59'999'084);
}

TEST_CASE("only plain streams, and only IPv4, can be sent as frames") {
  CHECK(is_plain(StreamShape{}));
  const auto with = [](auto change) {
    StreamShape shape;
    change(shape);
    return is_plain(shape);
  };
  CHECK(with([](StreamShape& shape) { shape.packet_time = milliseconds(60); }));
  CHECK_FALSE(with([](StreamShape& shape) { shape.packet_time = milliseconds(61); }));
  CHECK_FALSE(with([](StreamShape& shape) { shape.burst = 2; }));
  CHECK_FALSE(with([](StreamShape& shape) { shape.source_change = seconds(1); }));
  CHECK_FALSE(with([](StreamShape& shape) { shape.talk = shape.silence = milliseconds(100); }));
  CHECK_FALSE(paced_leg({}, kSeed, kLeg, *parse_address("::1", 14'002), 0).has_value());
}
