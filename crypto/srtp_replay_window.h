// SrtpReplayWindow: which of the latest indices have been there (RFC 3711 3.3.2; for SRTCP 3.4). A bit for each of the
// kPackets indices up to the highest one:
//
//     seen_[0] bit 0: highest,  bit 1: highest - 1, ...  bit 63   | seen_[1] bit 0: highest - 64, ...
//
// Whoever authenticates asks `place` before, so that a replay costs nothing, and `add`s afterwards; nothing that is not
// authentic changes it. Pure; one thread at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "crypto/srtp_index.h"

namespace assent {

class SrtpReplayWindow {
 public:
  static constexpr std::size_t kPackets = 128;  // RFC 3711 asks for 64 at least
  enum class Place : std::uint8_t { fresh, seen, too_old };

  bool is_empty() const { return seen_[0] == 0; }
  SrtpIndex highest() const { return SrtpIndex(highest_); }  // 0 while it is empty

  Place place(SrtpIndex index) const {
    if (is_empty() || index.value > highest_) return Place::fresh;
    const std::uint64_t behind = highest_ - index.value;
    if (behind >= kPackets) return Place::too_old;
    return (seen_[behind / 64] >> (behind % 64) & 1) != 0 ? Place::seen : Place::fresh;
  }

  void add(SrtpIndex index) {  // a fresh one
    if (is_empty() || index.value > highest_) {
      forward(is_empty() ? kPackets : index.value - highest_);
      highest_ = index.value;
    }
    const std::uint64_t behind = highest_ - index.value;
    ASSENT_CHECK(behind < kPackets);
    seen_[behind / 64] |= std::uint64_t{1} << (behind % 64);
  }

 private:
  void forward(std::uint64_t packets) {
    if (packets >= kPackets) {
      seen_ = {};
    } else if (packets >= 64) {
      seen_ = {0, seen_[0] << (packets - 64)};
    } else {  // at least 1: a shift by 64 is not defined
      seen_ = {seen_[0] << packets, (seen_[1] << packets) | (seen_[0] >> (64 - packets))};
    }
  }

  std::uint64_t highest_ = 0;
  std::array<std::uint64_t, kPackets / 64> seen_{};  // the highest one's bit is always set, once there is one
};

}  // namespace assent
