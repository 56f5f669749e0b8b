#include "codecs/voice_activity.h"

#include <algorithm>
#include <cstdlib>

#include "codecs/matroska/packet_walk.h"
#include "codecs/payload_format.h"

namespace assent {
namespace {

// 42 dB below the loudest there is: of 16-bit samples, and the codes that stand for it (ITU-T G.711 tables 1 and 2).
constexpr std::uint64_t kVoiceMagnitude = 260;
constexpr std::uint64_t kVoicePcmu = 24;
constexpr std::uint64_t kVoicePcma = 16;

// Eight codes at a time; `flip` turns each into sign and magnitude with no sound at 0.
std::uint64_t sum_of_codes(ByteView payload, std::uint64_t flip) {
  constexpr std::uint64_t kMagnitudes = 0x7F7F7F7F7F7F7F7F;
  constexpr std::uint64_t kEveryOther = 0x00FF00FF00FF00FF;
  std::uint64_t lanes = 0;  // four sums of 16 bits, each of at most 2 x 127 a turn
  std::uint64_t sum = 0;
  std::size_t at = 0;
  const auto fold = [&] {
    sum += (lanes & 0xFFFF) + ((lanes >> 16) & 0xFFFF) + ((lanes >> 32) & 0xFFFF) + (lanes >> 48);
    lanes = 0;
  };
  for (std::size_t turns = 0; at + 8 <= payload.size(); at += 8) {
    const std::uint64_t codes = (load_be64(payload.data() + at) ^ flip) & kMagnitudes;
    lanes += (codes & kEveryOther) + ((codes >> 8) & kEveryOther);
    if (++turns == 256) {
      fold();
      turns = 0;
    }
  }
  fold();
  for (; at < payload.size(); ++at) sum += (payload[at] ^ (flip & 0xFF)) & 0x7F;
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
    case CodecName::pcmu: return sum_of_codes(payload, 0x7F7F7F7F7F7F7F7F) > kVoicePcmu * payload.size();
    case CodecName::pcma: return sum_of_codes(payload, 0x5555555555555555) > kVoicePcma * payload.size();
    case CodecName::l16: return sum_of_magnitudes(payload) > kVoiceMagnitude * (payload.size() / 2);
  }
  return false;
}

TalkTime talk_time(const Talk& talk, const Codec& codec) {
  const auto time_of = [&](std::uint64_t ticks) { return nanoseconds(ticks * 1'000'000'000 / codec.clock_rate); };
  return {time_of(talk.talk_ticks), time_of(talk.quiet_ticks)};
}

Talk talk_in(const Codec& codec, ByteView block) {
  Talk talk;
  std::uint64_t still_talk_ticks = 0;
  const std::uint64_t gap_ticks = std::uint64_t{codec.clock_rate} * static_cast<std::uint64_t>(kTalkGap.count()) / 1000;
  matroska::for_each_payload(block, [&](ByteView payload) {
    const std::uint64_t ticks = ticks_of(codec, payload).value_or(0);
    if (is_voice(codec, payload)) {
      still_talk_ticks = gap_ticks;
      talk.talk_ticks += ticks;
    } else if (still_talk_ticks != 0) {
      still_talk_ticks -= std::min(still_talk_ticks, ticks);
      talk.talk_ticks += ticks;
    } else {
      talk.quiet_ticks += ticks;
    }
  });
  return talk;
}

}  // namespace assent
