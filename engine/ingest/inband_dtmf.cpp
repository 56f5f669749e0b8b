#include "engine/ingest/inband_dtmf.h"

#include <spandsp.h>
#include <spandsp/private/logging.h>
#include <spandsp/private/queue.h>
#include <spandsp/private/tone_generate.h>
// After what it is made of.
#include <spandsp/private/dtmf.h>

#include <algorithm>

#include "crypto/wipe.h"

namespace assent {
namespace {

constexpr std::uint32_t kRate = 8000;       // Hz, the detector's
constexpr std::size_t kSamplesAtOnce = 80;  // 10 ms

template <typename T>
void wipe_object(T& object) {
  wipe({reinterpret_cast<std::uint8_t*>(&object), sizeof(T)});
}

// One sample of one channel, in 16 bits.
int decode(CodecName name, const std::uint8_t* at) {
  switch (name) {
    case CodecName::pcmu: return ulaw_to_linear(*at);
    case CodecName::pcma: return alaw_to_linear(*at);
    case CodecName::l16: return static_cast<std::int16_t>(load_be16(at));
    default: return 0;
  }
}

// A payload as one channel at 8000 Hz, a few samples at a time.
class At8000 {
 public:
  At8000(const Codec& codec, ByteView payload, std::uint32_t phase)
      : codec_(codec),
        payload_(payload),
        frames_(payload.size() / codec.tick_bytes()),
        averaged_(std::max<std::size_t>(1, codec.clock_rate / kRate)),
        position_(phase) {}

  std::size_t take(std::span<std::int16_t> out) {
    std::size_t count = 0;
    while (count < out.size() && position_ / kRate < frames_) {
      out[count++] = static_cast<std::int16_t>(next());
      position_ += codec_.clock_rate;
    }
    return count;
  }
  // Where the next payload's first sample is asked for, in 1/8000 of its frames.
  std::uint32_t phase() const { return static_cast<std::uint32_t>(position_ - frames_ * kRate); }

 private:
  // The mean of the frames that one sample at 8000 Hz stands for, which also takes out what is above 4000 Hz; between
  // two of them where the rates are no multiples of each other.
  int next() const {
    const std::size_t frame = position_ / kRate;
    const auto between = static_cast<int>(position_ % kRate);
    const int here = mean_from(frame);
    if (between == 0) return here;
    return here + (mean_from(frame + 1) - here) * between / static_cast<int>(kRate);
  }
  int mean_from(std::size_t frame) const {
    int sum = 0;
    for (std::size_t i = 0; i < averaged_; ++i) sum += frame_at(std::min(frame + i, frames_ - 1));
    return sum / static_cast<int>(averaged_);
  }
  int frame_at(std::size_t frame) const {
    const std::size_t sample_bytes = codec_.tick_bytes() / codec_.channels;
    const std::uint8_t* at = payload_.data() + frame * codec_.tick_bytes();
    int sum = 0;
    for (std::size_t channel = 0; channel < codec_.channels; ++channel) {
      sum += decode(codec_.name, at + channel * sample_bytes);
    }
    return sum / codec_.channels;
  }

  const Codec codec_;
  const ByteView payload_;
  const std::size_t frames_;
  const std::size_t averaged_;
  std::size_t position_;  // in 1/8000 of a frame
};

void note_tone(void* keys, int key, int, int) {
  if (key != 0) static_cast<HeardKeys*>(keys)->add(static_cast<char>(key));
}

void begin(dtmf_rx_state_t& detector) { ASSENT_CHECK(dtmf_rx_init(&detector, nullptr, nullptr) != nullptr); }

// The library makes tables of its own at the first use, and not for several threads at once.
void make_tables() {
  static const bool made = [] {
    dtmf_rx_state_t first{};
    begin(first);
    return true;
  }();
  ASSENT_CHECK(made);
}

}  // namespace

struct InbandDtmf::State {
  dtmf_rx_state_t detector{};
  std::uint32_t phase = 0;
  std::array<std::int16_t, kSamplesAtOnce> samples{};  // wiped whenever `hear` returns
};

InbandDtmf::InbandDtmf() : state_(std::make_unique<State>()) {
  make_tables();
  begin(state_->detector);
}

InbandDtmf::~InbandDtmf() {
  if (state_) wipe_object(*state_);
}

InbandDtmf::InbandDtmf(InbandDtmf&&) noexcept = default;

InbandDtmf& InbandDtmf::operator=(InbandDtmf&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

void InbandDtmf::forget() {
  wipe_object(*state_);
  begin(state_->detector);
}

HeardKeys InbandDtmf::hear(const Codec& codec, ByteView payload, nanoseconds gap) {
  if (!codec.is_waveform()) return {};
  State& state = *state_;
  if (gap > kBridged) forget();
  if (gap > 0ns) {
    (void)dtmf_rx_fillin(&state.detector, static_cast<int>(std::min<nanoseconds>(gap, kBridged) / 125us));
    state.phase = 0;
  }
  HeardKeys keys;
  dtmf_rx_set_realtime_callback(&state.detector, note_tone, &keys);
  At8000 audio(codec, payload, state.phase);
  while (const std::size_t count = audio.take(state.samples)) {
    (void)dtmf_rx(&state.detector, state.samples.data(), static_cast<int>(count));
  }
  state.phase = audio.phase();
  dtmf_rx_set_realtime_callback(&state.detector, note_tone, nullptr);
  wipe_object(state.samples);
  return keys;
}

}  // namespace assent
