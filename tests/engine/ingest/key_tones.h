// Keys of a telephone as tones (ITU-T Q.23), and their way into payloads, made here from the definitions and not by the
// library that the engine hears them with.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "codecs/codec.h"

namespace assent {

inline constexpr std::string_view kAllKeys = "123A456B789C*0#D";

struct KeyTone {
  double low_dbm0 = -10;
  double high_dbm0 = -10;
  double off = 1;  // both frequencies, times this
};

// The frequencies of a key: row and column.
inline std::pair<double, double> frequencies_of(char key) {
  constexpr double kRows[] = {697, 770, 852, 941};
  constexpr double kColumns[] = {1209, 1336, 1477, 1633};
  const std::size_t at = kAllKeys.find(key);
  return {kRows[at / 4], kColumns[at % 4]};
}

// The peak of a sine of this level: the loudest in G.711 has 3.17 dBm0 (G.711 section 4).
inline double peak_of(double dbm0) { return 32767 * std::pow(10, (dbm0 - 3.17) / 20); }

// Samples of one channel, to be added to.
class ToneSamples {
 public:
  explicit ToneSamples(std::uint32_t rate = 8000) : rate_(rate) {}

  void silence(double ms) { samples_.resize(samples_.size() + count(ms)); }
  void tone(double hertz, double dbm0, double ms) {
    const std::size_t first = samples_.size();
    silence(ms);
    add(first, hertz, dbm0);
  }
  void press(char key, double ms, const KeyTone& how = {}) {
    const auto [low, high] = frequencies_of(key);
    const std::size_t first = samples_.size();
    silence(ms);
    add(first, low * how.off, how.low_dbm0);
    add(first, high * how.off, how.high_dbm0);
  }
  std::vector<double>& samples() { return samples_; }

 private:
  std::size_t count(double ms) const { return static_cast<std::size_t>(std::lround(ms * rate_ / 1000)); }
  void add(std::size_t first, double hertz, double dbm0) {
    for (std::size_t i = first; i < samples_.size(); ++i) {
      const double radians = 2 * std::numbers::pi * hertz * static_cast<double>(i) / rate_;
      samples_[i] += peak_of(dbm0) * std::sin(radians);
    }
  }

  std::uint32_t rate_;
  std::vector<double> samples_;
};

inline std::int16_t clipped(double sample) {
  return static_cast<std::int16_t>(std::lround(std::min(32767.0, std::max(-32768.0, sample))));
}

// G.711 table 2: eight segments of 16 steps, each twice as wide as the one before.
inline std::uint8_t ulaw_of(std::int16_t sample) {
  const int biased = std::min(std::abs(int{sample}), 32635) + 0x84;
  int segment = 7;
  while (segment > 0 && (biased & (0x80 << segment)) == 0) --segment;
  const int code = segment << 4 | ((biased >> (segment + 3)) & 0x0F);
  return static_cast<std::uint8_t>(~(code | (sample < 0 ? 0x80 : 0)));
}

// G.711 table 1: the first two segments have 16 steps of one width each, every other one twice that of the one before.
inline std::uint8_t alaw_of(std::int16_t sample) {
  const int magnitude = (sample < 0 ? -(int{sample} + 1) : int{sample}) >> 3;
  int segment = 0;
  while (magnitude >> (segment + 5) != 0) ++segment;
  const int code = segment << 4 | ((magnitude >> std::max(segment, 1)) & 0x0F);
  return static_cast<std::uint8_t>((code | (sample < 0 ? 0 : 0x80)) ^ 0x55);
}

inline Bytes payload_of(const Codec& codec, const std::vector<double>& samples) {
  Bytes payload;
  for (const double sample : samples) {
    for (int channel = 0; channel < codec.channels; ++channel) {
      switch (codec.name) {
        case CodecName::pcmu: payload.push_back(ulaw_of(clipped(sample))); break;
        case CodecName::pcma: payload.push_back(alaw_of(clipped(sample))); break;
        case CodecName::l16: append_be16(payload, static_cast<std::uint16_t>(clipped(sample))); break;
        default: break;
      }
    }
  }
  return payload;
}

}  // namespace assent
