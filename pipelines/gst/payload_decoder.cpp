#include "pipelines/gst/payload_decoder.h"

#include <string>
#include <utility>

#include "codecs/amr_payload.h"
#include "codecs/payload_format.h"
#include "codecs/speech_frames.h"
#include "pipelines/gst/start.h"

namespace assent::gst {
namespace {

constexpr std::size_t kSampleBytes = sizeof(std::int16_t);

// What decodes it, and how that element names what goes into it. iLBC, for which it has no name, is told by the size of
// its frames. L16 takes a conversion only.
struct Decoder {
  std::string element;
  std::string input_caps;
};
Decoder decoder_of(CodecName name, std::size_t frame_bytes) {
  switch (name) {
    case CodecName::pcmu: return {"mulawdec", "audio/x-mulaw"};
    case CodecName::pcma: return {"alawdec", "audio/x-alaw"};
    case CodecName::l16: return {"", "audio/x-raw,format=S16BE,layout=interleaved"};
    case CodecName::g722: return {"avdec_g722", "audio/G722"};
    case CodecName::opus: return {"opusdec", "audio/x-opus,channel-mapping-family=0"};
    case CodecName::amr: return {"amrnbdec", "audio/AMR"};
    case CodecName::amr_wb: return {"amrwbdec", "audio/AMR-WB"};
    case CodecName::g729: return {"avdec_g729", "audio/G729"};
    case CodecName::ilbc: return {"avdec_ilbc", "unknown/unknown,block_align=" + std::to_string(frame_bytes)};
  }
  return {};
}

Result<std::unique_ptr<ElementChain>> open_chain(const Codec& codec, std::size_t frame_bytes = 0) {
  const Decoder decoder = decoder_of(codec.name, frame_bytes);
  if (auto loaded = load_decoder(decoder.element); !loaded) return loaded.error();
  const std::string rate = ",rate=" + std::to_string(codec.sample_rate());
  const std::string convert = "audioconvert dithering=none noise-shaping=none";
  return ElementChain::open({decoder.input_caps + rate + ",channels=" + std::to_string(codec.channels),
                             decoder.element.empty() ? convert : decoder.element + " ! " + convert,
                             "audio/x-raw,format=S16LE,layout=interleaved,channels=1" + rate});
}

}  // namespace

Result<PayloadDecoder> PayloadDecoder::open(const Codec& codec) {
  PayloadDecoder decoder(codec);
  if (codec.name == CodecName::ilbc) return decoder;  // the first payload says what its frames are
  auto chain = open_chain(codec);
  if (!chain) return chain.error();
  decoder.chain_ = *std::move(chain);
  return decoder;
}

std::size_t PayloadDecoder::samples_in(ByteView payload) const {
  if (codec_.is_waveform()) return payload.size() / codec_.tick_bytes();
  return std::size_t{ticks_of(codec_, payload).value_or(0)} * (codec_.sample_rate() / codec_.clock_rate);
}

Result<void> PayloadDecoder::decode(ByteView payload, Bytes& out) {
  const std::size_t samples = samples_in(payload);
  if (samples == 0) return {};
  if (!codec_.is_waveform()) return decode_frames(payload, out);
  const std::size_t before = out.size();
  if (auto pushed = chain_->push(payload.first(samples * codec_.tick_bytes()), out); !pushed) return pushed;
  const std::size_t made = (out.size() - before) / kSampleBytes;
  if (made == samples) return {};
  return error(Errc::corrupt, "decoding " + std::to_string(samples) + " samples of " + to_text(codec_) + " made " +
                                  std::to_string(made));
}

Result<void> PayloadDecoder::decode_frames(ByteView payload, Bytes& out) {
  switch (codec_.name) {
    case CodecName::amr:
    case CodecName::amr_wb: return decode_amr(payload, out);
    case CodecName::g729: return decode_g729(payload, out);
    case CodecName::ilbc: return decode_ilbc(payload, out);
    default: return decode_frame(payload, samples_in(payload), out);
  }
}

Result<void> PayloadDecoder::decode_amr(ByteView payload, Bytes& out) {
  const std::size_t samples = samples_in_ms(kAmrFrameMs);
  AmrFrames frames(codec_, payload);
  while (const auto frame = frames.next()) {
    const ByteView bytes = frame->is_speech ? frame->view() : ByteView();
    if (auto decoded = decode_frame(bytes, samples, out); !decoded) return decoded;
  }
  return {};
}

Result<void> PayloadDecoder::decode_g729(ByteView payload, Bytes& out) {
  const std::size_t samples = samples_in_ms(kG729FrameMs);
  for (; payload.size() >= kG729FrameBytes; payload = payload.subspan(kG729FrameBytes)) {
    if (auto decoded = decode_frame(payload.first(kG729FrameBytes), samples, out); !decoded) return decoded;
  }
  return payload.empty() ? Result<void>() : decode_frame({}, samples, out);
}

// A sender may change between the two kinds of frames, which are as good as two codecs.
Result<void> PayloadDecoder::decode_ilbc(ByteView payload, Bytes& out) {
  const auto frames = ilbc_frames(payload.size());
  if (frames->frame_bytes != ilbc_frame_bytes_) {
    auto chain = open_chain(codec_, frames->frame_bytes);
    if (!chain) return chain.error();
    chain_ = *std::move(chain);
    ilbc_frame_bytes_ = frames->frame_bytes;
  }
  const std::size_t samples = samples_in_ms(frames->frame_ms);
  for (; !payload.empty(); payload = payload.subspan(frames->frame_bytes)) {
    if (auto decoded = decode_frame(payload.first(frames->frame_bytes), samples, out); !decoded) return decoded;
  }
  return {};
}

Result<void> PayloadDecoder::decode_frame(ByteView frame, std::size_t samples, Bytes& out) {
  const std::size_t before = out.size();
  if (!frame.empty()) {
    if (auto pushed = chain_->push(frame, out); !pushed) return pushed;
  }
  out.resize(before + samples * kSampleBytes);
  return {};
}

}  // namespace assent::gst
