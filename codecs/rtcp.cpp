#include "codecs/rtcp.h"

#include <algorithm>

namespace assent {
namespace {

constexpr std::size_t kHeadBytes = 4;
constexpr std::size_t kSsrcBytes = 4;
constexpr std::size_t kSenderInfoBytes = 20;
constexpr std::size_t kReceptionBytes = 24;
constexpr std::uint8_t kVersionBits = 0xC0;
constexpr std::uint8_t kVersion2 = 0x80;
constexpr std::uint8_t kPaddingBit = 0x20;
constexpr std::uint8_t kCountBits = 0x1F;

enum PacketType : std::uint8_t { kSenderReport = 200, kReceiverReport = 201, kBye = 203 };

constexpr std::int64_t kNtpToUnixSeconds = 2'208'988'800;  // 1900 to 1970
constexpr std::int64_t kNtpEraSeconds = std::int64_t{1} << 32;
constexpr std::uint64_t kNsPerSecond = 1'000'000'000;

void read_receptions(ByteView blocks, RtcpContents& contents) {
  for (; blocks.size() >= kReceptionBytes; blocks = blocks.subspan(kReceptionBytes)) {
    if (contents.reception_count == kRtcpListMax) return;
    const std::uint8_t* p = blocks.data();
    auto& report = contents.reception_list[contents.reception_count++];
    report.source = Ssrc(load_be32(p));
    report.fraction_lost = p[4];
    // 24 bits with a sign: shifted up to the top, then down with the sign.
    report.packets_lost = static_cast<std::int32_t>(load_be32(p + 4) << 8) >> 8;
    report.jitter_ticks = load_be32(p + 12);
  }
}

// Body of SR and RR, behind the head: false when the counted reports do not fit.
bool read_report(PacketType type, std::size_t count, ByteView body, RtcpContents& contents) {
  const std::size_t fixed = kSsrcBytes + (type == kSenderReport ? kSenderInfoBytes : 0);
  if (body.size() < fixed + count * kReceptionBytes) return false;
  if (type == kSenderReport) {
    const std::uint8_t* p = body.data();
    contents.sender = SenderReport{Ssrc(load_be32(p)), NtpTime(load_be64(p + 4)), RtpTimestamp(load_be32(p + 12)),
                                   load_be32(p + 16), load_be32(p + 20)};
  }
  read_receptions(body.subspan(fixed, count * kReceptionBytes), contents);
  return true;
}

bool read_bye(std::size_t count, ByteView body, RtcpContents& contents) {
  if (body.size() < count * kSsrcBytes) return false;
  for (std::size_t i = 0; i < count && contents.leaving_count < kRtcpListMax; ++i) {
    contents.leaving_list[contents.leaving_count++] = Ssrc(load_be32(body.data() + i * kSsrcBytes));
  }
  return true;
}

// One packet whose length was checked, with its head: false when its content contradicts it.
bool read_packet(ByteView packet, RtcpContents& contents) {
  const std::size_t count = packet[0] & kCountBits;
  ByteView body = packet.subspan(kHeadBytes);
  if ((packet[0] & kPaddingBit) != 0) {
    const std::size_t padding = packet.back();
    if (padding == 0 || padding % 4 != 0 || padding > body.size()) return false;
    body = body.first(body.size() - padding);
  }
  switch (packet[1]) {
    case kSenderReport: return read_report(kSenderReport, count, body, contents);
    case kReceiverReport: return read_report(kReceiverReport, count, body, contents);
    case kBye: return read_bye(count, body, contents);
    default: return true;
  }
}

}  // namespace

std::optional<WallTime> wall_time_of(NtpTime ntp) {
  if (ntp.value == 0) return std::nullopt;
  auto second = static_cast<std::int64_t>(ntp.value >> 32);
  if (second < kNtpEraSeconds / 2) second += kNtpEraSeconds;
  const std::uint64_t fraction = ntp.value & 0xFFFF'FFFF;
  const auto ns = static_cast<std::int64_t>((fraction * kNsPerSecond + (1U << 31)) >> 32);
  return WallTime(seconds(second - kNtpToUnixSeconds) + nanoseconds(ns));
}

NtpTime ntp_time_of(WallTime time) {
  const auto whole = std::chrono::floor<seconds>(time);
  const auto rest_ns = static_cast<std::uint64_t>((time - whole).count());
  const auto second = static_cast<std::uint64_t>(whole.time_since_epoch().count() + kNtpToUnixSeconds);
  return NtpTime((second << 32) | ((rest_ns << 32) / kNsPerSecond));
}

bool RtcpContents::says_bye(Ssrc ssrc) const {
  return std::find(leaving().begin(), leaving().end(), ssrc) != leaving().end();
}

std::optional<RtcpContents> parse_rtcp(ByteView compound) {
  if (!is_rtcp(compound)) return std::nullopt;
  RtcpContents contents;
  while (!compound.empty()) {
    if (compound.size() < kHeadBytes || (compound[0] & kVersionBits) != kVersion2) return std::nullopt;
    const std::size_t length = kHeadBytes + 4 * std::size_t{load_be16(compound.data() + 2)};
    if (length > compound.size()) return std::nullopt;
    // Only the last packet may be padded (section 6.4.1): the padding belongs to the compound.
    if ((compound[0] & kPaddingBit) != 0 && length != compound.size()) return std::nullopt;
    if (!read_packet(compound.first(length), contents)) return std::nullopt;
    compound = compound.subspan(length);
  }
  return contents;
}

}  // namespace assent
