#include "pipelines/gst/ogg_render.h"

#include "pipelines/gst/mixer.h"

namespace assent::gst {
namespace {

// Opus takes 8, 12, 16, 24 and 48 kHz; the resampler stands aside for those. The generic kind of Opus, because its
// voice kind was measured to raise a tone by a quarter; complexity 5 of 10 encodes an hour of two legs in about 20 s of
// CPU.
constexpr auto kTail =
    "audioresample ! opusenc audio-type=generic bitrate=48000 complexity=5 ! oggmux max-delay=500000000 "
    "max-page-delay=500000000";

}  // namespace

Result<std::unique_ptr<OggRender>> OggRender::open(std::vector<std::unique_ptr<LegAudioSource>> legs,
                                                   const TrackSpec& spec) {
  auto mixer = open_mixer(std::move(legs), spec, kTail);
  if (!mixer) return mixer.error();
  return std::unique_ptr<OggRender>(new OggRender(*std::move(mixer)));
}

OggRender::OggRender(std::unique_ptr<Mixer> mixer) : mixer_(std::move(mixer)) {}
OggRender::~OggRender() = default;

Result<std::size_t> OggRender::read(ByteSpan out) { return mixer_->read(out); }

}  // namespace assent::gst
