#include "codecs/rtp.h"

#include "catch.h"

using namespace assent;

namespace {

// The drawing of the header, byte by byte: marker, type 8, sequence 0x1234, timestamp 0x01020304, SSRC 0xA0B0C0D0.
Bytes plain_packet() {
  return {0x80, 0x88, 0x12, 0x34, 0x01, 0x02, 0x03, 0x04, 0xA0, 0xB0, 0xC0, 0xD0, 0x55, 0x66, 0x77};
}

RtpFlaw flaw_of(ByteView packet) {
  RtpHeader header;
  return read_rtp(packet, header);
}

Bytes payload_of(ByteView packet) {
  const auto header = parse_rtp(packet);
  REQUIRE(header);
  const auto payload = packet.subspan(header->payload_offset, header->payload_size);
  return {payload.begin(), payload.end()};
}

}  // namespace

TEST_CASE("every field of an RTP header is read from its place") {
  const auto header = parse_rtp(plain_packet());
  REQUIRE(header);
  CHECK(header->payload_type == 8);
  CHECK(header->marker);
  CHECK(header->sequence == SequenceNumber(0x1234));
  CHECK(header->timestamp == RtpTimestamp(0x01020304));
  CHECK(header->ssrc == Ssrc(0xA0B0C0D0));
  CHECK(payload_of(plain_packet()) == Bytes{0x55, 0x66, 0x77});
}

TEST_CASE("a written RTP packet is read back as it was") {
  const RtpHeader header{101, false, SequenceNumber(65535), RtpTimestamp(0xFFFFFFFF), Ssrc(1), 12, 4};
  const Bytes payload{1, 2, 3, 4};
  Bytes out(kRtpHeaderBytes + payload.size());
  REQUIRE(write_rtp(header, payload, out) == out.size());
  CHECK(parse_rtp(out) == header);
  CHECK(payload_of(out) == payload);
}

TEST_CASE("an RTP packet is not written where it has no room") {
  Bytes out(15, 0xEE);
  CHECK(write_rtp(RtpHeader{}, Bytes(4), out) == 0);
  CHECK(out == Bytes(15, 0xEE));
}

TEST_CASE("contributing sources and a header extension are stepped over") {
  Bytes packet = plain_packet();
  packet[0] = 0x80 | 0x10 | 2;
  const Bytes between{0, 0, 0, 1, 0, 0, 0, 2, 0xBE, 0xDE, 0, 1, 0x10, 0xFF, 0, 0};
  packet.insert(packet.begin() + 12, between.begin(), between.end());
  CHECK(payload_of(packet) == Bytes{0x55, 0x66, 0x77});
}

TEST_CASE("padding is taken off the payload") {
  Bytes packet = plain_packet();
  packet[0] |= 0x20;
  append(packet, Bytes{0, 0, 3});
  CHECK(payload_of(packet) == Bytes{0x55, 0x66, 0x77});
}

TEST_CASE("a packet of nothing but padding has an empty payload") {
  Bytes packet = plain_packet();
  packet[0] |= 0x20;
  packet[14] = 3;
  CHECK(payload_of(packet).empty());
}

TEST_CASE("what is no RTP packet is refused with the reason") {
  Bytes packet = plain_packet();
  CHECK(flaw_of(ByteView(packet).first(11)) == RtpFlaw::too_short);
  CHECK(flaw_of({}) == RtpFlaw::too_short);
  CHECK(flaw_of(Bytes(65536, 0x80)) == RtpFlaw::too_long);

  packet[0] = 0x40;
  CHECK(flaw_of(packet) == RtpFlaw::version);
  packet[0] = 0x81;
  CHECK(flaw_of(packet) == RtpFlaw::csrc);
  packet[0] = 0x90;
  CHECK(flaw_of(packet) == RtpFlaw::extension);
  packet[0] = 0xA0;
  packet[14] = 4;
  CHECK(flaw_of(packet) == RtpFlaw::padding);
  packet[14] = 0;
  CHECK(flaw_of(packet) == RtpFlaw::padding);
}

TEST_CASE("a header extension that claims more words than there are is refused") {
  Bytes packet = plain_packet();
  packet[0] = 0x90;
  append(packet, Bytes{0xBE, 0xDE});
  packet[14] = 0xFF;
  CHECK(flaw_of(packet) == RtpFlaw::extension);
}

TEST_CASE("a header that is refused leaves the answer as it was") {
  RtpHeader header;
  header.payload_type = 99;
  CHECK(read_rtp(Bytes(12, 0), header) == RtpFlaw::version);
  CHECK(header.payload_type == 99);
}

TEST_CASE("every reason to refuse a packet has its own name") {
  for (std::size_t i = 0; i < kRtpFlaws; ++i) {
    for (std::size_t j = 0; j < i; ++j) CHECK(name_of(static_cast<RtpFlaw>(i)) != name_of(static_cast<RtpFlaw>(j)));
    CHECK(name_of(static_cast<RtpFlaw>(i)) != "unknown");
  }
}

TEST_CASE("RTCP is told from RTP by its packet type") {
  for (unsigned second = 0; second < 256; ++second) {
    CHECK(is_rtcp(Bytes{0x80, static_cast<std::uint8_t>(second)}) == (second >= 192 && second <= 223));
  }
  CHECK_FALSE(is_rtcp(Bytes{200}));
  CHECK_FALSE(is_rtcp({}));
}

TEST_CASE("distances wrap with the field") {
  CHECK(distance(SequenceNumber(65535), SequenceNumber(0)) == 1);
  CHECK(distance(SequenceNumber(0), SequenceNumber(65535)) == -1);
  CHECK(next(SequenceNumber(65535)) == SequenceNumber(0));
  CHECK(distance(RtpTimestamp(0xFFFFFF60), RtpTimestamp(0)) == 160);
  CHECK(distance(RtpTimestamp(0), RtpTimestamp(0xFFFFFF60)) == -160);
}
