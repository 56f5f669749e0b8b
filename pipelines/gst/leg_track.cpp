#include "pipelines/gst/leg_track.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "base/limits.h"
#include "pipelines/gst/element_chain.h"
#include "pipelines/gst/payload_decoder.h"
#include "pipelines/gst/timeline.h"

namespace assent::gst {
namespace {

constexpr std::size_t kSampleBytes = sizeof(std::int16_t);

std::string mono_caps(std::uint32_t rate_hz) {
  return "audio/x-raw,format=S16LE,layout=interleaved,channels=1,rate=" + std::to_string(rate_hz);
}

// The packets of one codec in a row: decoded, laid on a timeline of their own, resampled to the output's rate.
class Stretch {
 public:
  static Result<std::unique_ptr<Stretch>> open(const Codec& codec, const Timeline& timeline, std::uint32_t rate_hz) {
    auto decoder = PayloadDecoder::open(codec);
    if (!decoder) return decoder.error();
    std::unique_ptr<Stretch> stretch(new Stretch(codec, *std::move(decoder), timeline, rate_hz));
    if (codec.sample_rate() != rate_hz) {
      auto resampler = ElementChain::open({mono_caps(codec.sample_rate()), "audioresample", mono_caps(rate_hz)});
      if (!resampler) return resampler.error();
      stretch->resampler_ = *std::move(resampler);
    }
    return stretch;
  }

  const Codec& codec() const { return codec_; }

  // Decodes one packet and says how many samples of silence belong before it.
  Result<std::uint64_t> decode(const TimedPayload& packet) {
    pcm_.clear();
    if (auto decoded = decoder_.decode(packet.payload, pcm_); !decoded) return decoded.error();
    const std::size_t samples = pcm_.size() / kSampleBytes;
    const auto place = timeline_.place(packet.at, samples);
    pcm_.erase(pcm_.begin(), pcm_.begin() + static_cast<std::ptrdiff_t>((samples - place.take) * kSampleBytes));
    return place.silence;
  }

  // The samples of the packet decoded last, or `samples` of silence, at the output's rate, added to `out`.
  Result<void> lay_packet(Bytes& out) { return lay(pcm_, out); }
  Result<void> lay_silence(std::size_t samples, Bytes& out) {
    silence_.assign(samples * kSampleBytes, 0);
    return lay(silence_, out);
  }

  // What the resampler still held, cut or padded to the exact length of the stretch in the output's time.
  Result<void> finish(Bytes& out) {
    if (!resampler_) return {};
    const auto before = out.size();
    if (auto drained = resampler_->drain(out); !drained) return drained.error();
    const auto exact = (timeline_.length() * rate_hz_ + codec_.sample_rate() / 2) / codec_.sample_rate() * kSampleBytes;
    const auto already = made_;
    out.resize(before + static_cast<std::size_t>(exact - std::min<std::uint64_t>(exact, already)));
    return {};
  }

 private:
  Stretch(const Codec& codec, PayloadDecoder decoder, const Timeline& timeline, std::uint32_t rate_hz)
      : codec_(codec), rate_hz_(rate_hz), timeline_(timeline), decoder_(std::move(decoder)) {}

  Result<void> lay(const Bytes& pcm, Bytes& out) {
    if (!resampler_) {
      append(out, pcm);
      return {};
    }
    const auto before = out.size();
    if (auto pushed = resampler_->push(pcm, out); !pushed) return pushed.error();
    made_ += out.size() - before;
    return {};
  }

  Codec codec_;
  std::uint32_t rate_hz_;
  Timeline timeline_;
  PayloadDecoder decoder_;
  std::unique_ptr<ElementChain> resampler_;  // none when the rates are equal
  Bytes pcm_;
  Bytes silence_;
  std::uint64_t made_ = 0;  // bytes that came out of the resampler
};

class DecodedTrack final : public LegTrack {
 public:
  DecodedTrack(std::unique_ptr<LegAudioSource> source, const TrackSpec& spec, std::uint64_t total)
      : source_(std::move(source)), spec_(spec), left_(total) {}

  Result<std::size_t> read(std::span<std::int16_t> out) override {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), left_));
    std::size_t done = 0;
    while (done < wanted) {
      if (ready_at_ == ready_.size()) {
        if (auto made = make_more(); !made) return made.error();
      }
      const auto bytes = std::min((wanted - done) * kSampleBytes, ready_.size() - ready_at_);
      if (bytes > 0) std::memcpy(&out[done], &ready_[ready_at_], bytes);
      ready_at_ += bytes;
      done += bytes / kSampleBytes;
    }
    left_ -= done;
    return done;
  }

 private:
  // Refills ready_ by one step: some of the silence that is due, the packet after it, or the next packet's silence.
  // After the last packet everything is silence.
  Result<void> make_more() {
    laid_ += ready_.size() / kSampleBytes;
    ready_.clear();
    ready_at_ = 0;
    if (silence_due_ > 0) {
      const auto step = static_cast<std::size_t>(std::min<std::uint64_t>(silence_due_, limits::kRenderStepSamples));
      silence_due_ -= step;
      return stretch_->lay_silence(step, ready_);
    }
    if (packet_due_) {
      packet_due_ = false;
      return stretch_->lay_packet(ready_);
    }
    if (!ended_) return next_packet();
    ready_.assign(limits::kRenderStepSamples * kSampleBytes, 0);
    return {};
  }

  Result<void> next_packet() {
    if (!pending_) {
      auto next = source_->next();
      if (!next) return next.error();
      pending_ = *next;
    }
    if (!pending_) {
      ended_ = true;
      return finish_stretch();
    }
    if (stretch_ && stretch_->codec() != pending_->codec) return finish_stretch();
    if (!stretch_) {
      if (auto begun = begin_stretch(pending_->codec); !begun) return begun;
    }
    auto silence = stretch_->decode(*pending_);
    if (!silence) return silence.error();
    pending_.reset();
    silence_due_ = *silence;
    packet_due_ = true;
    return {};
  }

  Result<void> begin_stretch(const Codec& codec) {
    const auto begins = any_stretch_ ? Timeline::Begins::as_continuation : Timeline::Begins::afresh;
    auto opened = Stretch::open(codec, Timeline(laid_until(), codec.sample_rate(), begins), spec_.rate_hz);
    if (!opened) return opened.error();
    stretch_ = *std::move(opened);
    any_stretch_ = true;
    return {};
  }

  Result<void> finish_stretch() {
    if (!stretch_) return {};
    auto finished = stretch_->finish(ready_);
    stretch_.reset();
    return finished;
  }

  // The wall time at which everything laid down so far ends.
  WallTime laid_until() const {
    const auto whole_seconds = seconds(static_cast<std::int64_t>(laid_ / spec_.rate_hz));
    const auto rest = nanoseconds(static_cast<std::int64_t>(laid_ % spec_.rate_hz * 1000000000 / spec_.rate_hz));
    return spec_.range.start + whole_seconds + rest;
  }

  std::unique_ptr<LegAudioSource> source_;
  TrackSpec spec_;
  std::uint64_t left_;      // samples not yet read
  std::uint64_t laid_ = 0;  // samples made before those in ready_
  Bytes ready_;             // made, not yet read; at most one step
  std::size_t ready_at_ = 0;
  std::unique_ptr<Stretch> stretch_;
  std::optional<TimedPayload> pending_;  // read from the source, waits for the stretch before it to finish
  std::uint64_t silence_due_ = 0;        // at the stretch's rate
  bool packet_due_ = false;
  bool any_stretch_ = false;
  bool ended_ = false;
};

}  // namespace

Result<std::uint64_t> total_samples(const TrackSpec& spec) {
  if (std::find(kClockRates.begin(), kClockRates.end(), spec.rate_hz) == kClockRates.end()) {
    return error(Errc::invalid, "a render at " + std::to_string(spec.rate_hz) + " Hz: not a rate we make");
  }
  const auto& [start, end] = spec.range;
  if (end < start) return error(Errc::invalid, "a render that ends before it starts");
  return static_cast<std::uint64_t>(samples_in(end - start, spec.rate_hz));
}

Result<std::unique_ptr<LegTrack>> LegTrack::open(std::unique_ptr<LegAudioSource> source, const TrackSpec& spec) {
  const auto total = total_samples(spec);
  if (!total) return total.error();
  return std::unique_ptr<LegTrack>(new DecodedTrack(std::move(source), spec, *total));
}

}  // namespace assent::gst
