#include "codecs/rtp.h"

#include <algorithm>

namespace assent {
namespace {

constexpr std::uint8_t kVersionBits = 0xC0;
constexpr std::uint8_t kVersion2 = 0x80;
constexpr std::uint8_t kPaddingBit = 0x20;
constexpr std::uint8_t kExtensionBit = 0x10;
constexpr std::uint8_t kCsrcCountBits = 0x0F;
constexpr std::uint8_t kMarkerBit = 0x80;
constexpr std::uint8_t kPayloadTypeBits = 0x7F;
constexpr std::size_t kWordBytes = 4;

}  // namespace

std::string_view name_of(RtpFlaw flaw) {
  switch (flaw) {
    case RtpFlaw::none: return "none";
    case RtpFlaw::too_short: return "too_short";
    case RtpFlaw::too_long: return "too_long";
    case RtpFlaw::version: return "version";
    case RtpFlaw::csrc: return "csrc";
    case RtpFlaw::extension: return "extension";
    case RtpFlaw::padding: return "padding";
  }
  return "unknown";
}

RtpFlaw read_rtp(ByteView packet, RtpHeader& header) {
  if (packet.size() < kRtpHeaderBytes) return RtpFlaw::too_short;
  if (packet.size() > kRtpBytesMax) return RtpFlaw::too_long;
  const std::uint8_t* p = packet.data();
  if ((p[0] & kVersionBits) != kVersion2) return RtpFlaw::version;

  std::size_t offset = kRtpHeaderBytes + kWordBytes * (p[0] & kCsrcCountBits);
  if (offset > packet.size()) return RtpFlaw::csrc;
  if ((p[0] & kExtensionBit) != 0) {
    if (packet.size() - offset < kWordBytes) return RtpFlaw::extension;
    offset += kWordBytes + kWordBytes * load_be16(p + offset + 2);
    if (offset > packet.size()) return RtpFlaw::extension;
  }
  std::size_t size = packet.size() - offset;
  if ((p[0] & kPaddingBit) != 0) {
    const std::size_t padding = packet.back();
    if (padding == 0 || padding > size) return RtpFlaw::padding;
    size -= padding;
  }

  header.payload_type = p[1] & kPayloadTypeBits;
  header.marker = (p[1] & kMarkerBit) != 0;
  header.sequence = SequenceNumber(load_be16(p + 2));
  header.timestamp = RtpTimestamp(load_be32(p + 4));
  header.ssrc = Ssrc(load_be32(p + 8));
  header.payload_offset = static_cast<std::uint16_t>(offset);
  header.payload_size = static_cast<std::uint16_t>(size);
  return RtpFlaw::none;
}

std::optional<RtpHeader> parse_rtp(ByteView packet) {
  RtpHeader header;
  if (read_rtp(packet, header) != RtpFlaw::none) return std::nullopt;
  return header;
}

std::size_t write_rtp(const RtpHeader& header, ByteView payload, ByteSpan out) {
  if (out.size() < kRtpHeaderBytes || out.size() - kRtpHeaderBytes < payload.size()) return 0;
  std::uint8_t* p = out.data();
  p[0] = kVersion2;
  p[1] = static_cast<std::uint8_t>((header.marker ? kMarkerBit : 0) | (header.payload_type & kPayloadTypeBits));
  store_be16(p + 2, header.sequence.value);
  store_be32(p + 4, header.timestamp.value);
  store_be32(p + 8, header.ssrc.value);
  std::copy(payload.begin(), payload.end(), p + kRtpHeaderBytes);
  return kRtpHeaderBytes + payload.size();
}

}  // namespace assent
