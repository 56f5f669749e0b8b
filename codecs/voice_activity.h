// Voice activity: how much of what was recorded is somebody talking, and how much is quiet.
//
// A packet is voice when it is louder than a telephone line's noise: the mean of its samples' levels is above some
// -42 dBov. Of G.711 it is the mean of the codes, which are logarithms of the level, so that nothing is decoded; of L16
// the mean of the magnitudes. Speech has short gaps between words, which belong to talking (ITU-T P.56 section 8: 200
// ms): what follows voice within kTalkGap counts as talk. Of a codec that is no waveform (codecs/codec.h) nothing is
// told, since it would have to be decoded: whoever sums up says that it was not measured. About 5 ns for 20 ms of G.711
// (bench/micro/seal_bench). Pure; any thread.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/bytes.h"
#include "base/time.h"
#include "codecs/codec.h"

namespace assent {

inline constexpr milliseconds kTalkGap{200};

// Whether the payload, of at least one sample, is loud enough to be voice. The codec is a waveform.
bool is_voice(const Codec& codec, ByteView payload);

// In ticks of the codec's RTP clock.
struct Talk {
  std::uint64_t talk_ticks = 0;
  std::uint64_t quiet_ticks = 0;
};

struct TalkTime {
  nanoseconds talk{0};
  nanoseconds quiet{0};

  TalkTime& operator+=(const TalkTime& more) {
    talk += more.talk;
    quiet += more.quiet;
    return *this;
  }
};
TalkTime talk_time(const Talk& talk, const Codec& codec);

// Of a finished block of packets (codecs/matroska/layout.h); nothing of a codec that is no waveform. Blocks are looked
// at by themselves: a gap between words that goes on in the next block is quiet from that block's beginning on.
Talk talk_in(const Codec& codec, ByteView block);

}  // namespace assent
