#include "crypto/srtp_session.h"

#include <algorithm>
#include <string>

#include "base/limits.h"

namespace assent {

std::string_view name_of(SrtpFault fault) {
  switch (fault) {
    case SrtpFault::none: return "none";
    case SrtpFault::malformed: return "malformed";
    case SrtpFault::unknown_mki: return "unknown_mki";
    case SrtpFault::replayed: return "replayed";
    case SrtpFault::too_old: return "too_old";
    case SrtpFault::unauthentic: return "unauthentic";
    case SrtpFault::too_many_sources: return "too_many_sources";
    case SrtpFault::no_room: return "no_room";
    case SrtpFault::unkeyed: return "unkeyed";
  }
  return "unknown";
}

SrtpCounts& SrtpCounts::operator+=(const SrtpCounts& more) {
  packets += more.packets;
  for (std::size_t i = 0; i < faults.size(); ++i) faults[i] += more.faults[i];
  return *this;
}

bool has_srtp_room(const SrtpPacket& packet, std::size_t trailer_bytes) {
  return packet.bytes + trailer_bytes <= std::min(packet.memory.size(), limits::kSrtpPacketBytes);
}

Result<void> check_srtp_keys(SrtpSuite suite, std::span<const SrtpMasterKey> keys) {
  if (keys.empty() || keys.size() > limits::kSrtpMasterKeys) {
    return error(Errc::invalid, "an SRTP session has 1 to " + std::to_string(limits::kSrtpMasterKeys) +
                                    " master keys, not " + std::to_string(keys.size()));
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].suite() != suite) {
      return error(Errc::invalid, "a master key of " + std::string(name_of(keys[i].suite())) + " in a session of " +
                                      std::string(name_of(suite)));
    }
    if (keys[i].mki().size() != keys[0].mki().size()) {
      return error(Errc::invalid, "the MKIs of an SRTP session are of one length");
    }
    for (std::size_t other = 0; other < i; ++other) {
      if (std::ranges::equal(keys[i].mki(), keys[other].mki())) {
        return error(Errc::invalid, "two master keys of an SRTP session have one MKI, or none");
      }
    }
  }
  return {};
}

}  // namespace assent
