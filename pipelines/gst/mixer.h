// Mixer: the legs of a recording mixed by GStreamer into one stream of bytes that the caller pulls.
//
//   LegTrack 1 -> appsrc -> audioconvert (left)  -.
//   LegTrack 2 -> appsrc -> audioconvert (right) -+-> audiomixer -> the tail's elements -> appsink -> read()
//   LegTrack 3 -> appsrc -> audioconvert (left)  -'
//
// One leg is mono. Otherwise odd legs are heard left and even ones right; legs on one side are added and limited to 16
// bits. The tracks are gapless and begin together, so the mixer has no times to interpret and mixes sample on sample.
// It owns tracks and pipeline. read() is called by one thread at a time and feeds, pulls and waits in it; GStreamer's
// own threads live from open() to the destructor. Memory is bounded by limits::kRenderQueueSamples a leg. Errors: those
// of the tracks; corrupt when the pipeline reports one; unavailable when it stalls. After one, it stays.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "pipelines/gst/leg_track.h"

namespace assent::gst {

struct MixSpec {
  std::uint32_t rate_hz = 8000;
  std::string tail;  // elements behind the mixer, as for gst-launch; empty for the samples themselves (S16LE)
};

std::uint8_t mixed_channels(std::size_t legs);  // of the mix: 1 or 2

class Mixer {
 public:
  static Result<std::unique_ptr<Mixer>> open(std::vector<std::unique_ptr<LegTrack>> tracks, const MixSpec& spec);
  virtual ~Mixer() = default;

  // Up to out.size() further bytes; 0 at the end.
  virtual Result<std::size_t> read(ByteSpan out) = 0;
};

// Tracks over the legs' sources, and the mixer over the tracks.
Result<std::unique_ptr<Mixer>> open_mixer(std::vector<std::unique_ptr<LegAudioSource>> legs, const TrackSpec& spec,
                                          std::string tail);

}  // namespace assent::gst
