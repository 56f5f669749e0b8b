// Payload format: what a receiver must know of an RTP payload without decoding it: whether it is one, how long it
// lasts, how loud it is.
//
// A new codec adds its case to each function here and its name to codecs/codec.h; nothing else on a packet's way asks
// what the codec is. PCMU, PCMA, L16, G722: RFC 3551 sections 4.5.14, 4.5.11, 4.5.2; static payload types: section 6,
// table 4. The others are read by opus_packet.h, amr_payload.h and speech_frames.h. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "codecs/codec.h"

namespace assent {

inline constexpr std::uint8_t kComfortNoisePayloadType = 13;  // RFC 3389 section 4, for codecs of 8000 Hz
inline constexpr std::uint8_t kPayloadTypeMax = 127;

// How long the payload lasts, in ticks of the codec's RTP clock. Nothing when these bytes cannot be a payload of the
// codec: empty, too large for a block, not a whole number of sample instants, or not frames that make up its size.
std::optional<std::uint32_t> ticks_of(const Codec& codec, ByteView payload);

// Loudness over the whole payload (root mean square) in dBov, for a meter: 0 is the loudest there can be, kSilenceDbov
// no sound at all (RFC 6464 section 3, there without the sign). About 0.2 us for 20 ms of G.711. Nothing for a codec
// that is no waveform: it is not measured.
inline constexpr int kSilenceDbov = -127;
std::optional<int> level_dbov(const Codec& codec, ByteView payload);

// Of payloads, about the most that a sender makes of speech: what memory is reckoned by. Opus is counted with the rates
// of RFC 7587 section 3.1.1, 64 kbit/s a channel; one that takes more is held for as much less time.
std::size_t bytes_per_second(const Codec& codec);

// The payload type that stands for this codec without being agreed on, and the reverse.
std::optional<std::uint8_t> static_payload_type(const Codec& codec);
std::optional<Codec> codec_of_static(std::uint8_t payload_type);

}  // namespace assent
