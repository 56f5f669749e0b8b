// AudioRenderer: how stored packets become something that plays. The control API needs the result, not the media
// library; pipelines/gst implements it.
//
// An implementation owns what it is given until the stream it returns is destroyed. Any thread; one stream or call: one
// thread at a time. Errors: those of the packets; Errc::invalid, unsupported, unavailable of the renderer.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "engine/control/http_message.h"
#include "engine/store/segment_source.h"

namespace assent {

// One leg's packets in order of time; nothing after the last. A packet is valid until the next call.
class LegPackets {
 public:
  virtual ~LegPackets() = default;
  virtual Result<std::optional<LegPacket>> next() = 0;
};

struct RenderSpec {
  std::vector<std::unique_ptr<LegPackets>> legs;  // in the recording's order: left, right, left, ...
  WallTime start;                                 // the result covers exactly start to end
  WallTime end;
  std::uint32_t rate_hz = 8000;  // one that a Codec can have
};

struct SamplePeak {
  std::int16_t low = 0;
  std::int16_t high = 0;

  bool operator==(const SamplePeak&) const = default;
};

class AudioRenderer {
 public:
  virtual ~AudioRenderer() = default;
  virtual Result<BodyStream> wav(RenderSpec spec) = 0;
  virtual Result<BodyStream> ogg(RenderSpec spec) = 0;
  // One row a leg, each of `buckets` equal stretches of time.
  virtual Result<std::vector<std::vector<SamplePeak>>> peaks(RenderSpec spec, std::size_t buckets) = 0;
};

}  // namespace assent
