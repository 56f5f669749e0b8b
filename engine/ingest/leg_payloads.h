// LegPayloads: what the payload types of a leg stand for, as its two ends agreed on them (RFC 8866 section 6.6).
//
// A sender may change between the leg's formats at any packet. Comfort noise of payload type 13 needs no agreement (RFC
// 3551 section 6); at another clock rate it has a type of its own. A value; which combinations make no sense
// LegReceiver::create says.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "codecs/codec.h"

namespace assent {

struct LegFormat {
  std::uint8_t payload_type = 0;
  Codec codec;

  bool operator==(const LegFormat&) const = default;
};

struct LegPayloads {
  std::vector<LegFormat> formats;                  // of audio; the first is what the leg is taken to begin with
  std::optional<std::uint8_t> dtmf = {};           // telephone events, RFC 4733
  std::optional<std::uint8_t> comfort_noise = {};  // RFC 3389, besides 13
  std::optional<std::uint8_t> redundancy = {};     // RFC 2198, of the types above

  bool operator==(const LegPayloads&) const = default;
};

inline std::vector<Codec> codecs_of(const LegPayloads& payloads) {
  std::vector<Codec> codecs;
  for (const LegFormat& format : payloads.formats) codecs.push_back(format.codec);
  return codecs;
}

}  // namespace assent
