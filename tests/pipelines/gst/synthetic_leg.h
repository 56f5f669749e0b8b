// Legs made for tests: packets with known payloads, and what G.711's own formula makes of them, without any code of
// ours.
#pragma once

#include <cmath>
#include <cstdint>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "pipelines/gst/leg_audio_source.h"

namespace assent::test {

inline const WallTime kOrigin = *parse_rfc3339("2026-03-04T05:06:07.250Z");

struct Packet {
  WallTime at;
  Codec codec;
  Bytes payload;
};

class SyntheticLeg final : public gst::LegAudioSource {
 public:
  explicit SyntheticLeg(std::vector<Packet> packets) : packets_(std::move(packets)) {}

  Result<std::optional<gst::TimedPayload>> next() override {
    if (at_ == packets_.size()) return std::optional<gst::TimedPayload>{};
    const auto& packet = packets_[at_++];
    current_ = packet.payload;  // the view dies with the next call, as the contract says
    return std::optional<gst::TimedPayload>({packet.at, packet.codec, current_});
  }

 private:
  std::vector<Packet> packets_;
  Bytes current_;
  std::size_t at_ = 0;
};

// Fails after some packets, as a segment does whose bytes do not verify.
class FailingLeg final : public gst::LegAudioSource {
 public:
  Result<std::optional<gst::TimedPayload>> next() override { return error(Errc::corrupt, "segment 7: frame 3"); }
};

inline std::vector<std::unique_ptr<gst::LegAudioSource>> legs_of(std::vector<std::vector<Packet>> legs) {
  std::vector<std::unique_ptr<gst::LegAudioSource>> sources;
  for (auto& leg : legs) sources.push_back(std::make_unique<SyntheticLeg>(std::move(leg)));
  return sources;
}

// ITU-T G.711, table 2a and 2b: mu-law as 14 bits scaled to 16, all bits of the code inverted.
inline std::int16_t mu_law(std::uint8_t code) {
  const int bits = static_cast<std::uint8_t>(~code);
  const int segment = (bits >> 4) & 7;
  const int step = bits & 15;
  const int magnitude = ((2 * step + 33) * (1 << segment) - 33) * 4;
  return static_cast<std::int16_t>((bits & 0x80) != 0 ? -magnitude : magnitude);
}

// ITU-T G.711, table 1a and 1b: A-law as 13 bits scaled to 16, the even bits of the code inverted.
inline std::int16_t a_law(std::uint8_t code) {
  const int bits = code ^ 0x55;
  const int segment = (bits >> 4) & 7;
  const int step = bits & 15;
  const int magnitude = segment == 0 ? (2 * step + 1) * 8 : (2 * step + 33) * (1 << (segment - 1)) * 8;
  return static_cast<std::int16_t>((bits & 0x80) != 0 ? magnitude : -magnitude);
}

// The samples of a one-channel payload.
inline std::vector<std::int16_t> decoded(const Packet& packet) {
  std::vector<std::int16_t> samples;
  for (std::size_t i = 0; i < packet.payload.size() / packet.codec.tick_bytes(); ++i) {
    switch (packet.codec.name) {
      case CodecName::pcmu: samples.push_back(mu_law(packet.payload[i])); break;
      case CodecName::pcma: samples.push_back(a_law(packet.payload[i])); break;
      case CodecName::l16: samples.push_back(static_cast<std::int16_t>(load_be16(&packet.payload[2 * i]))); break;
      default: break;
    }
  }
  return samples;
}

inline Packet random_packet(std::mt19937& random, WallTime at, const Codec& codec, std::size_t samples) {
  Packet packet{at, codec, Bytes(samples * codec.tick_bytes())};
  for (auto& byte : packet.payload) byte = static_cast<std::uint8_t>(random());
  return packet;
}

// A tone as L16 packets of 20 ms, or as many whole samples as fit in that; times in whole milliseconds.
inline std::vector<Packet> tone(double hertz, const Codec& codec, int packets) {
  std::vector<Packet> leg;
  const std::size_t samples = codec.clock_rate / 50;
  for (int p = 0; p < packets; ++p) {
    const auto exact = nanoseconds(static_cast<std::int64_t>(samples) * p * 1000000000 / codec.clock_rate);
    Packet packet{kOrigin + std::chrono::floor<milliseconds>(exact), codec, {}};
    for (std::size_t i = 0; i < samples; ++i) {
      const double t =
          (static_cast<double>(p) * static_cast<double>(samples) + static_cast<double>(i)) / codec.clock_rate;
      const auto value = static_cast<std::int16_t>(std::lround(10000 * std::sin(2 * M_PI * hertz * t)));
      append_be16(packet.payload, static_cast<std::uint16_t>(value));
    }
    leg.push_back(std::move(packet));
  }
  return leg;
}

}  // namespace assent::test
