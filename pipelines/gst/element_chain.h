// ElementChain: a row of GStreamer elements run in the caller's thread, bytes in, bytes out.
//
// It is for elements that need neither a clock nor a thread (decoders, converters, the resampler): every push runs the
// whole row, so what comes out is exactly what went in, in order, with no queue in between. It owns the elements; it
// need not know what they do. One thread at a time; it starts none. Errors: Errc::unavailable when the row cannot be
// built, Errc::corrupt when an element refuses the bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace assent::gst {

struct ChainSpec {
  std::string input_caps;   // "audio/x-mulaw,rate=8000,channels=1"
  std::string elements;     // as for gst-launch: "mulawdec ! audioconvert"
  std::string output_caps;  // what must come out: "audio/x-raw,format=S16LE"
};

class ElementChain {
 public:
  static Result<std::unique_ptr<ElementChain>> open(const ChainSpec& spec);
  virtual ~ElementChain() = default;

  // Runs `bytes` through the row and adds what comes out to `out`.
  virtual Result<void> push(ByteView bytes, Bytes& out) = 0;

  // No more bytes: adds what the elements still held. Nothing may be pushed afterwards.
  virtual Result<void> drain(Bytes& out) = 0;
};

}  // namespace assent::gst
