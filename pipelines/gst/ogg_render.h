// OggRender: the same mix as WavRender's, as Opus in Ogg (RFC 7845) that the caller pulls.
//
// Its size is not known before its end. One thread at a time. Errors: as WavRender's, without the bound of 4 GiB.
#pragma once

#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "pipelines/gst/leg_audio_source.h"
#include "pipelines/gst/leg_track.h"

namespace assent::gst {

class Mixer;

class OggRender {
 public:
  static Result<std::unique_ptr<OggRender>> open(std::vector<std::unique_ptr<LegAudioSource>> legs,
                                                 const TrackSpec& spec);
  ~OggRender();
  OggRender(const OggRender&) = delete;
  OggRender& operator=(const OggRender&) = delete;

  // Up to out.size() further bytes; 0 at the end.
  Result<std::size_t> read(ByteSpan out);

 private:
  explicit OggRender(std::unique_ptr<Mixer> mixer);
  std::unique_ptr<Mixer> mixer_;
};

}  // namespace assent::gst
