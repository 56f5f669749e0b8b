// PayloadDecoder: one codec's payloads as samples: mono, signed 16 bits, at the codec's sample rate.
//
// It knows what a payload must be taken apart into before GStreamer's element takes it, and that is all: a payload in,
// exactly as many samples out as it lasts (codecs/payload_format.h), so that time is nobody's else concern. Waveforms
// are decoded to the sample. Of the others, what an element makes nothing of (comfort noise, a frame that was damaged
// on its way to us, bits that no encoder makes) is silence, since it came like that and a recording is not to end with
// it. Two channels are averaged.
//
//   PCMU, PCMA, L16   mulawdec, alawdec, none           gstreamer1.0-plugins-good
//   opus              opusdec                           gstreamer1.0-plugins-base
//   AMR, AMR-WB       amrnbdec, amrwbdec                gstreamer1.0-plugins-ugly  } frame by frame, loaded when first
//   G722, G729, iLBC  avdec_g722, avdec_g729, avdec_ilbc  gstreamer1.0-libav       } needed (pipelines/gst/start.h)
//
// One thread at a time. Errors: Errc::unavailable names the element that is missing and its package, Errc::corrupt
// when a waveform's payload does not make its samples.
#pragma once

#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "base/result.h"
#include "codecs/codec.h"
#include "pipelines/gst/element_chain.h"

namespace assent::gst {

class PayloadDecoder {
 public:
  static Result<PayloadDecoder> open(const Codec& codec);

  // How many samples a payload lasts, what is left of a waveform's last one not counted; 0 for bytes that are no
  // payload, which make none.
  std::size_t samples_in(ByteView payload) const;

  // Adds its samples to `out`.
  Result<void> decode(ByteView payload, Bytes& out);

 private:
  explicit PayloadDecoder(const Codec& codec) : codec_(codec) {}

  std::size_t samples_in_ms(std::uint32_t ms) const { return std::size_t{codec_.sample_rate()} / 1000 * ms; }
  Result<void> decode_frames(ByteView payload, Bytes& out);
  Result<void> decode_amr(ByteView payload, Bytes& out);
  Result<void> decode_g729(ByteView payload, Bytes& out);
  Result<void> decode_ilbc(ByteView payload, Bytes& out);
  // One frame that lasts `samples`; an empty one is silence.
  Result<void> decode_frame(ByteView frame, std::size_t samples, Bytes& out);

  Codec codec_;
  std::unique_ptr<ElementChain> chain_;
  std::size_t ilbc_frame_bytes_ = 0;  // that the chain was made for
};

}  // namespace assent::gst
