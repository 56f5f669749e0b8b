// How each codec stands in a Matroska track (RFC 9559 section 5.1.4; draft-ietf-cellar-codec for CodecID and
// CodecPrivate). Payloads are stored as they came; this says what they are.
//
//   PCMU, PCMA   A_MS/ACM, WAVEFORMATEX tag 0x0007, 0x0006
//   G722         A_MS/ACM, 0x028F; its SamplingFrequency is what is inside, 16000
//   G729         A_MS/ACM, 0x0083; a payload may end with a frame of comfort noise (2 bytes)
//   L16          A_PCM/INT/BIG
//   opus         A_OPUS, OpusHead (RFC 7845 section 5.1) without pre-skip: a call is joined in its middle
//   AMR, AMR-WB, iLBC
//                A_ASSENT/RTP, a CodecID of our own, CodecPrivate "AMR/8000 octet-align=1" (codecs/codec.h): their RTP
//                payloads are not what a Matroska file would have, and nobody else has a mapping for these
//
// What is read is a codec only when this build would have written exactly that. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "codecs/codec.h"

namespace assent::matroska {

struct TrackCodec {
  std::string id;
  Bytes private_bytes;  // none: no CodecPrivate
  std::uint32_t sampling_hz = 0;
  std::uint8_t channels = 1;
  std::uint8_t bit_depth = 0;          // 0: no BitDepth
  std::uint64_t seek_pre_roll_ns = 0;  // 0: no SeekPreRoll

  bool operator==(const TrackCodec&) const = default;
};

TrackCodec track_codec_of(const Codec& codec);
// Nothing: not a codec that we record, or not as we write it.
std::optional<Codec> codec_of(const TrackCodec& track);

}  // namespace assent::matroska
