#include "pipelines/gst/audio_renderer.h"

#include <memory>
#include <utility>

#include "pipelines/gst/leg_audio_source.h"
#include "pipelines/gst/ogg_render.h"
#include "pipelines/gst/peaks.h"
#include "pipelines/gst/wav_render.h"

namespace assent::gst {
namespace {

class StoredLegAudio final : public LegAudioSource {
 public:
  explicit StoredLegAudio(std::unique_ptr<LegPackets> packets) : packets_(std::move(packets)) {}

  Result<std::optional<TimedPayload>> next() override {
    auto packet = packets_->next();
    if (!packet) return packet.error();
    if (!*packet) return std::optional<TimedPayload>();
    return std::optional<TimedPayload>(TimedPayload{(*packet)->at, (*packet)->codec, (*packet)->payload});
  }

 private:
  std::unique_ptr<LegPackets> packets_;
};

std::vector<std::unique_ptr<LegAudioSource>> sources_of(RenderSpec& spec) {
  std::vector<std::unique_ptr<LegAudioSource>> sources;
  for (auto& leg : spec.legs) sources.push_back(std::make_unique<StoredLegAudio>(std::move(leg)));
  return sources;
}

TrackSpec track_of(const RenderSpec& spec) { return {{spec.start, spec.end}, spec.rate_hz}; }

template <typename Render>
BodyStream stream_of(std::unique_ptr<Render> render) {
  std::shared_ptr<Render> shared = std::move(render);
  return {[shared](ByteSpan out) { return shared->read(out); }, std::nullopt};
}

}  // namespace

Result<BodyStream> GstAudioRenderer::wav(RenderSpec spec) {
  auto render = WavRender::open(sources_of(spec), track_of(spec));
  if (!render) return render.error();
  const std::uint64_t length_bytes = (*render)->total_bytes();
  BodyStream stream = stream_of(*std::move(render));
  stream.length_bytes = length_bytes;
  return stream;
}

Result<BodyStream> GstAudioRenderer::ogg(RenderSpec spec) {
  auto render = OggRender::open(sources_of(spec), track_of(spec));
  if (!render) return render.error();
  return stream_of(*std::move(render));
}

Result<std::vector<std::vector<SamplePeak>>> GstAudioRenderer::peaks(RenderSpec spec, std::size_t buckets) {
  auto measured = measure_peaks(sources_of(spec), track_of(spec), buckets);
  if (!measured) return measured.error();
  std::vector<std::vector<SamplePeak>> rows;
  for (const auto& leg : *measured) {
    std::vector<SamplePeak> row;
    row.reserve(leg.size());
    for (const Peak& peak : leg) row.push_back({peak.low, peak.high});
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace assent::gst
