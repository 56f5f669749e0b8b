// Codec: how a leg's payload bytes become sound: encoding name, clock rate, channels.
//
// A Codec that came from outside was made by make_codec, which decides what this build records; everything behind it
// may rely on the ranges stated here. How long a payload lasts is said by codecs/payload_format.h; how a codec is
// decoded is the business of pipelines/gst alone. Pure; any thread. Errc::unsupported names the value that is not
// recorded and the ones that are. Names and encodings: RFC 3551 section 4.5 (PCMU, PCMA, L16, G722, G729), RFC 7587
// (opus), RFC 4867 (AMR, AMR-WB), RFC 3952 (iLBC); text form: RFC 8866 sections 6.6 (a=rtpmap) and 6.15 (a=fmtp).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace assent {

enum class CodecName : std::uint8_t {
  pcmu,  // G.711 mu-law, 8 bits a sample
  pcma,  // G.711 A-law, 8 bits a sample
  l16,   // linear, signed 16 bits a sample, big-endian, channels interleaved
  g722,  // 16,000 samples a second, of which two are a byte; the RTP clock says 8000 (RFC 3551 section 4.5.2)
  // From here on a payload is of frames whose own bytes say how long it lasts.
  opus,
  amr,
  amr_wb,
  g729,
  ilbc,
};
inline constexpr std::size_t kCodecNames = 9;

// How the frames of an AMR payload are laid out (RFC 4867 sections 4.3 and 4.4); compact for every other codec.
enum class FramePacking : std::uint8_t {
  compact,        // bit after bit
  octet_aligned,  // each frame begins with a byte
};

// "PCMU", "opus", as in SDP, where case does not matter.
std::string_view name_of(CodecName name);
std::optional<CodecName> parse_codec_name(std::string_view text);

inline constexpr std::array<std::uint32_t, 8> kClockRates = {8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000};
inline constexpr std::uint8_t kMaxChannels = 2;

struct Codec {
  CodecName name = CodecName::pcmu;
  std::uint32_t clock_rate = 8000;  // Hz: RTP ticks a second
  std::uint8_t channels = 1;        // in the sound; of opus by sprop-stereo, since its rtpmap always says 2
  FramePacking packing = FramePacking::compact;

  constexpr bool operator==(const Codec&) const = default;

  // Sample instants a second.
  constexpr std::uint32_t sample_rate() const { return name == CodecName::g722 ? 2 * clock_rate : clock_rate; }
  // Bytes of one tick, all channels; 0 where a payload's size does not say how long it lasts.
  constexpr std::size_t tick_bytes() const {
    if (name > CodecName::g722) return 0;
    return (name == CodecName::l16 ? 2U : 1U) * std::size_t{channels};
  }
  // Whether a payload's samples can be read without a decoder's memory of those before: then levels, talk and keys are
  // measured while the call goes on. For the other codecs they are not measured.
  constexpr bool is_waveform() const { return name <= CodecName::l16; }
};

// The only way in for values from outside. Numbers are wide so that no caller narrows before the check.
struct CodecRequest {
  std::string_view name;
  std::int64_t clock_rate = 8000;
  std::int64_t channels = 1;
  // As a=fmtp: "sprop-stereo=1; useinbandfec=1". Read are opus' sprop-stereo and AMR's octet-align; what would change
  // the payload in a way that is not read is refused; the rest is passed over.
  std::string_view parameters = {};
};
Result<Codec> make_codec(const CodecRequest& request);

// "PCMU/8000", "L16/44100/2", "opus/48000/2 sprop-stereo=1", "AMR/8000 octet-align=1": the channel count is left out
// when it is 1, parameters where they say nothing.
std::string to_text(const Codec& codec);
Result<Codec> parse_codec(std::string_view text);

// Several, in one line: "PCMU/8000, opus/48000/2".
std::string to_text(const std::vector<Codec>& codecs);
Result<std::vector<Codec>> parse_codecs(std::string_view text);

}  // namespace assent
