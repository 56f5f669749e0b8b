#include "codecs/rtcp.h"

#include "catch.h"

using namespace assent;

namespace {

// One RTCP packet: the length field follows from the body.
Bytes packet_of(std::uint8_t first, std::uint8_t type, const Bytes& body) {
  Bytes packet{first, type};
  append_be16(packet, static_cast<std::uint16_t>(body.size() / 4));
  append(packet, body);
  return packet;
}

Bytes sender_report(Ssrc ssrc, NtpTime ntp, RtpTimestamp timestamp) {
  Bytes body;
  append_be32(body, ssrc.value);
  append_be64(body, ntp.value);
  append_be32(body, timestamp.value);
  append_be32(body, 100);
  append_be32(body, 16000);
  return packet_of(0x80, 200, body);
}

Bytes joined(const Bytes& first, const Bytes& second) {
  Bytes both = first;
  append(both, second);
  return both;
}

const Bytes kCname = packet_of(0x81, 202, {0, 0, 0, 7, 1, 2, 'm', 'e', 0, 0, 0, 0});

}  // namespace

TEST_CASE("a sender report gives the sender's clocks") {
  const auto contents =
      parse_rtcp(joined(sender_report(Ssrc(7), NtpTime(0xE0000000'80000000), RtpTimestamp(1234)), kCname));
  REQUIRE(contents);
  REQUIRE(contents->sender);
  CHECK(contents->sender->ssrc == Ssrc(7));
  CHECK(contents->sender->ntp == NtpTime(0xE0000000'80000000));
  CHECK(contents->sender->timestamp == RtpTimestamp(1234));
  CHECK(contents->sender->packets == 100);
  CHECK(contents->sender->bytes == 16000);
  CHECK(contents->receptions().empty());
  CHECK(contents->leaving().empty());
}

TEST_CASE("a reception report is read with its signed loss") {
  Bytes body{0, 0, 0, 7, 0, 0, 0, 9, 0x40, 0xFF, 0xFF, 0xFE};
  append(body, Bytes{0, 0, 0, 0, 0, 0, 0, 33, 0, 0, 0, 0, 0, 0, 0, 0});
  const auto contents = parse_rtcp(packet_of(0x81, 201, body));
  REQUIRE(contents);
  REQUIRE(contents->receptions().size() == 1);
  const ReceptionReport report = contents->receptions()[0];
  CHECK(report.source == Ssrc(9));
  CHECK(report.fraction_lost == 0x40);
  CHECK(report.packets_lost == -2);
  CHECK(report.jitter_ticks == 33);
}

TEST_CASE("a goodbye names those who leave, with or without a reason") {
  const Bytes bye = packet_of(0x82, 203, {0, 0, 0, 7, 0, 0, 0, 8, 3, 'e', 'n', 'd'});
  const auto contents = parse_rtcp(joined(packet_of(0x80, 201, {0, 0, 0, 7}), bye));
  REQUIRE(contents);
  CHECK(contents->leaving().size() == 2);
  CHECK(contents->says_bye(Ssrc(7)));
  CHECK(contents->says_bye(Ssrc(8)));
  CHECK_FALSE(contents->says_bye(Ssrc(9)));
}

TEST_CASE("a goodbye alone is read: reduced-size RTCP") {
  const auto contents = parse_rtcp(packet_of(0x81, 203, {0, 0, 0, 7}));
  REQUIRE(contents);
  CHECK(contents->says_bye(Ssrc(7)));
}

TEST_CASE("packets of unknown and unneeded types are stepped over") {
  Bytes compound = packet_of(0x80, 201, {0, 0, 0, 7});
  for (const std::uint8_t type : Bytes{202, 204, 205, 206, 207, 223})
    compound = joined(compound, packet_of(0x80, type, {1, 2, 3, 4}));
  compound = joined(compound, packet_of(0x81, 203, {0, 0, 0, 7}));
  const auto contents = parse_rtcp(compound);
  REQUIRE(contents);
  CHECK(contents->says_bye(Ssrc(7)));
}

TEST_CASE("more lists than one packet can hold are cut at the bound") {
  Bytes body;
  for (std::uint32_t i = 0; i < 31; ++i) append_be32(body, i);
  const Bytes bye = packet_of(0x80 | 31, 203, body);
  const auto contents = parse_rtcp(joined(bye, bye));
  REQUIRE(contents);
  CHECK(contents->leaving().size() == kRtcpListMax);
}

TEST_CASE("padding is allowed at the end of the compound only") {
  const Bytes padded = packet_of(0xA1, 203, {0, 0, 0, 7, 0, 0, 0, 4});
  CHECK(parse_rtcp(padded));
  CHECK_FALSE(parse_rtcp(joined(padded, kCname)));
  CHECK_FALSE(parse_rtcp(packet_of(0xA1, 203, {0, 0, 0, 7, 0, 0, 0, 0})));
  CHECK_FALSE(parse_rtcp(packet_of(0xA1, 203, {0, 0, 0, 7, 0, 0, 0, 12})));
  CHECK_FALSE(parse_rtcp(packet_of(0xA1, 203, {0, 0, 0, 7, 0, 0, 0, 8})));
}

TEST_CASE("a compound is whole or it is nothing") {
  const Bytes good = sender_report(Ssrc(7), NtpTime(1), RtpTimestamp(2));
  for (std::size_t cut = 0; cut < good.size(); ++cut) CHECK_FALSE(parse_rtcp(ByteView(good).first(cut)));
  CHECK_FALSE(parse_rtcp(joined(good, {0x80})));
  CHECK_FALSE(parse_rtcp(joined(good, {0x40, 203, 0, 0})));
  CHECK_FALSE(parse_rtcp(packet_of(0x81, 201, {0, 0, 0, 7})));  // counts a report that is not there
  CHECK_FALSE(parse_rtcp(packet_of(0x82, 203, {0, 0, 0, 7})));  // counts a source that is not there
  CHECK_FALSE(parse_rtcp(packet_of(0x80, 200, {0, 0, 0, 7, 0, 0, 0, 0})));
}

TEST_CASE("NTP time is wall time, in the era that its top bit says") {
  CHECK(wall_time_of(NtpTime(2'208'988'800ULL << 32 | 0x80000000)) == WallTime(500ms));
  CHECK(wall_time_of(NtpTime(0xFFFFFFFFULL << 32)) == parse_rfc3339("2036-02-07T06:28:15Z"));
  CHECK(wall_time_of(NtpTime(1ULL << 32)) == parse_rfc3339("2036-02-07T06:28:17Z"));
  CHECK_FALSE(wall_time_of(NtpTime(0)));
}

TEST_CASE("wall time survives NTP to the nanosecond") {
  for (const std::int64_t ns :
       {1'700'000'000'123'456'789LL, 1'700'000'000'000'000'001LL, 2'500'000'000'999'999'999LL}) {
    CHECK(wall_time_of(ntp_time_of(WallTime(nanoseconds(ns)))) == WallTime(nanoseconds(ns)));
  }
}
