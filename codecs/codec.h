// Codec: how a leg's payload bytes become sound: encoding name, clock rate, channels.
//
// A Codec that came from outside was made by make_codec, which decides what this build records; everything behind it
// may rely on the ranges stated here. How a codec is decoded is the business of pipelines/gst alone. Pure; any thread.
// Errc::unsupported names the value that is not recorded and the ones that are. Names and encodings: RFC 3551
// section 4.5 (PCMU, PCMA, L16); text form: RFC 8866 section 6.6 (a=rtpmap).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace assent {

enum class CodecName : std::uint8_t {
  pcmu,  // G.711 mu-law, 8 bits a sample
  pcma,  // G.711 A-law, 8 bits a sample
  l16,   // linear, signed 16 bits a sample, big-endian, channels interleaved
};

// "PCMU", "PCMA", "L16", as in SDP, where case does not matter.
std::string_view name_of(CodecName name);
std::optional<CodecName> parse_codec_name(std::string_view text);

inline constexpr std::array<std::uint32_t, 8> kClockRates = {8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000};
inline constexpr std::uint8_t kMaxChannels = 2;

struct Codec {
  CodecName name = CodecName::pcmu;
  std::uint32_t clock_rate = 8000;  // Hz: RTP ticks and sample instants a second (they are the same for these codecs)
  std::uint8_t channels = 1;

  constexpr bool operator==(const Codec&) const = default;

  // Bytes of one sample instant, all channels.
  constexpr std::size_t frame_bytes() const { return (name == CodecName::l16 ? 2U : 1U) * std::size_t{channels}; }
  // Whole sample instants in a payload; a remainder that is not one is not counted.
  constexpr std::size_t samples_in(std::size_t payload_bytes) const { return payload_bytes / frame_bytes(); }
};

// The only way in for values from outside. Numbers are wide so that no caller narrows before the check.
struct CodecRequest {
  std::string_view name;
  std::int64_t clock_rate = 8000;
  std::int64_t channels = 1;
};
Result<Codec> make_codec(const CodecRequest& request);

// "PCMU/8000", "L16/44100/2": the channel count is left out when it is 1.
std::string to_text(const Codec& codec);
Result<Codec> parse_codec(std::string_view text);

}  // namespace assent
