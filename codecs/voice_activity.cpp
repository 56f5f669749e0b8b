#include "codecs/voice_activity.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <algorithm>
#include <cstdlib>

#include "codecs/matroska/packet_walk.h"

namespace assent {
namespace {

// 42 dB below the loudest there is: of 16-bit samples, and the codes that stand for it (ITU-T G.711 tables 1 and 2).
constexpr std::uint64_t kVoiceMagnitude = 260;
constexpr std::uint64_t kVoicePcmu = 24;
constexpr std::uint64_t kVoicePcma = 16;

// `flip` turns a code into sign and magnitude with no sound at 0.
std::uint64_t sum_of_codes(ByteView payload, std::uint8_t flip) {
  constexpr std::uint8_t kMagnitude = 0x7F;
  std::uint64_t sum = 0;
  std::size_t at = 0;
#ifdef __SSE2__
  // Sixteen at a time: the sum of absolute differences from nothing is their sum.
  const __m128i flips = _mm_set1_epi8(static_cast<char>(flip));
  const __m128i magnitudes = _mm_set1_epi8(static_cast<char>(kMagnitude));
  __m128i sums = _mm_setzero_si128();
  for (; at + 16 <= payload.size(); at += 16) {
    const __m128i codes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(payload.data() + at));
    const __m128i levels = _mm_and_si128(_mm_xor_si128(codes, flips), magnitudes);
    sums = _mm_add_epi64(sums, _mm_sad_epu8(levels, _mm_setzero_si128()));
  }
  sum = static_cast<std::uint64_t>(_mm_cvtsi128_si64(sums)) +
        static_cast<std::uint64_t>(_mm_cvtsi128_si64(_mm_unpackhi_epi64(sums, sums)));
#endif
  for (; at < payload.size(); ++at) sum += static_cast<std::uint64_t>((payload[at] ^ flip) & kMagnitude);
  return sum;
}

std::uint64_t sum_of_magnitudes(ByteView payload) {
  std::uint64_t sum = 0;
  for (std::size_t at = 0; at + 1 < payload.size(); at += 2) {
    sum += static_cast<std::uint64_t>(std::abs(static_cast<std::int16_t>(load_be16(payload.data() + at))));
  }
  return sum;
}

}  // namespace

bool is_voice(const Codec& codec, ByteView payload) {
  switch (codec.name) {
    case CodecName::pcmu: return sum_of_codes(payload, 0x7F) > kVoicePcmu * payload.size();
    case CodecName::pcma: return sum_of_codes(payload, 0x55) > kVoicePcma * payload.size();
    case CodecName::l16: return sum_of_magnitudes(payload) > kVoiceMagnitude * (payload.size() / 2);
    default: return false;
  }
}

TalkTime talk_time(const Talk& talk, const Codec& codec) {
  const auto time_of = [&](std::uint64_t ticks) { return nanoseconds(ticks * 1'000'000'000 / codec.clock_rate); };
  return {time_of(talk.talk_ticks), time_of(talk.quiet_ticks)};
}

Talk talk_in(const Codec& codec, ByteView block) {
  if (!codec.is_waveform()) return {};
  // In bytes, so that nothing is divided for each packet.
  const std::uint64_t frame = codec.tick_bytes();
  const std::uint64_t gap =
      std::uint64_t{codec.clock_rate} * static_cast<std::uint64_t>(kTalkGap.count()) / 1000 * frame;
  std::uint64_t talk = 0;
  std::uint64_t quiet = 0;
  std::uint64_t still_talk = 0;
  matroska::for_each_payload(block, [&](ByteView payload) {
    if (is_voice(codec, payload)) {
      still_talk = gap;
      talk += payload.size();
    } else if (still_talk != 0) {
      still_talk -= std::min(still_talk, std::uint64_t{payload.size()});
      talk += payload.size();
    } else {
      quiet += payload.size();
    }
  });
  return {talk / frame, quiet / frame};
}

}  // namespace assent
