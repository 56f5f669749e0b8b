// LegAudioSource: where a renderer gets one leg's packets from. Whoever opens stored segments implements it.
//
// It owns the decrypted bytes it hands out; it need not know how they are decoded or mixed. One thread at a time: the
// one that reads the render.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "codecs/codec.h"

namespace assent::gst {

struct TimedPayload {
  WallTime at;       // of its first sample; whole milliseconds when it comes from a segment
  Codec codec;       // may differ from the packet before: a codec change begins a new segment
  ByteView payload;  // valid until the next call of next()
};

class LegAudioSource {
 public:
  virtual ~LegAudioSource() = default;

  // The leg's packets across all its segments, in order of time; nothing after the last. An error ends the render.
  virtual Result<std::optional<TimedPayload>> next() = 0;
};

}  // namespace assent::gst
