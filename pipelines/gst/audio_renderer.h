// GstAudioRenderer: the engine's AudioRenderer (engine/control/audio_renderer.h) through this folder's renders.
//
// It owns nothing; each stream owns its render. Call start_gstreamer before. Any thread; errors are those of the
// renders.
#pragma once

#include "engine/control/audio_renderer.h"

namespace assent::gst {

class GstAudioRenderer final : public AudioRenderer {
 public:
  Result<BodyStream> wav(RenderSpec spec) override;
  Result<BodyStream> ogg(RenderSpec spec) override;
  Result<std::vector<std::vector<SamplePeak>>> peaks(RenderSpec spec, std::size_t buckets) override;
};

}  // namespace assent::gst
