// PcapFile: the UDP payloads of a capture (classic pcap, little-endian, Ethernet, IPv4), with when each was captured.
// For tests.
//
//      file head, 24: magic 0xA1B2C3D4, versions, ..., link type (1 = Ethernet)
//      each packet, 16 + n: seconds, microseconds, n captured, length | Ethernet 14 | IPv4, 4 x IHL | UDP 8 | payload
#pragma once

#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"

namespace assent {

struct CapturedPayload {
  nanoseconds captured;  // since 1970
  Bytes payload;
};

inline std::optional<std::vector<CapturedPayload>> read_pcap(const std::string& path) {
  constexpr std::size_t kFileHead = 24, kPacketHead = 16, kEthernet = 14, kUdp = 8;
  std::ifstream in(path, std::ios::binary);
  const Bytes file{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  const auto word = [&](std::size_t at) {
    return file[at] | (std::uint32_t{file[at + 1]} << 8) | (std::uint32_t{file[at + 2]} << 16) |
           (std::uint32_t{file[at + 3]} << 24);
  };
  if (file.size() < kFileHead || word(0) != 0xA1B2C3D4 || word(20) != 1) return std::nullopt;
  std::vector<CapturedPayload> packets;
  for (std::size_t at = kFileHead; at + kPacketHead <= file.size(); at += kPacketHead + word(at + 8)) {
    const std::uint8_t* ip = file.data() + at + kPacketHead + kEthernet;
    const std::uint8_t* udp = ip + std::size_t{4} * (ip[0] & 0x0F);
    const nanoseconds captured = seconds(word(at)) + std::chrono::microseconds(word(at + 4));
    packets.push_back({captured, Bytes(udp + kUdp, udp + load_be16(udp + 4))});
  }
  return packets;
}

}  // namespace assent
