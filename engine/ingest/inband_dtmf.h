// InbandDtmf: hears keys of a telephone as tones within one leg's audio (ITU-T Q.23), for senders that have no
// telephone events (RFC 4733). Payloads in, keys out.
//
// What a press is, spandsp decides: both tones of a key and nothing as loud beside them, for two blocks of 12.75 ms
// that agree (ITU-T Q.24 asks for 40 ms of tone and 40 ms of pause). Each press is reported once, as soon as it is
// known, some 30 ms after it began. Tones can lie within -26 dBm0, 8 dB of twist, 4 dB of reverse twist, 15 dB above
// what else there is. Speech can sound like a key now and then; bench/micro/README says how often.
//
// A gap (packets that were lost, or silence that was not sent) up to kBridged is passed over, so that a press goes on
// across it; a longer one ends the press. Any clock rate and channel count of codecs/codec.h: the channels are
// averaged, and the rate is brought to 8000 Hz. Only of codecs that are waveforms: nothing is heard in the others,
// which nobody decodes while the call goes on.
//
// What it hears may be audio that nobody has consented to. It keeps none: samples are decoded a few milliseconds at a
// time and wiped before `hear` returns; what stays from packet to packet are the energies of the detector, some thirty
// numbers, and `forget` and the destructor wipe those, too. The caller's thread leaves its registers and stack to
// wipe_traces (crypto/wipe.h). Pure: no clock, no allocation after construction. One thread, the shard's.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "base/bytes.h"
#include "base/time.h"
#include "codecs/codec.h"

namespace assent {

// Which legs are listened to for tones.
enum class InbandUse : std::uint8_t {
  off,
  automatic,  // those that named no payload type for telephone events
  on,         // all: for senders that name one and do not use it
};

// The presses that one payload brings to light, in order.
class HeardKeys {
 public:
  void add(char key) {
    if (count_ < keys_.size()) keys_[count_++] = key;
  }
  std::span<const char> all() const& { return std::span(keys_).first(count_); }
  std::span<const char> all() && = delete;  // it would outlive them

 private:
  // A press and the pause behind it take 80 ms, the longest payload of a block at 8000 Hz 500 ms.
  std::array<char, 8> keys_{};
  std::size_t count_ = 0;
};

class InbandDtmf {
 public:
  static constexpr milliseconds kBridged{60};

  InbandDtmf();
  ~InbandDtmf();
  InbandDtmf(InbandDtmf&&) noexcept;
  InbandDtmf& operator=(InbandDtmf&&) noexcept;

  // One payload of the codec, and how much time is missing between it and the one before.
  HeardKeys hear(const Codec& codec, ByteView payload, nanoseconds gap);
  // Begins anew: nothing of what was heard is left.
  void forget();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace assent
