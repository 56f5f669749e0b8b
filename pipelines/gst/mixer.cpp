#include "pipelines/gst/mixer.h"

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "base/limits.h"
#include "pipelines/gst/objects.h"
#include "pipelines/gst/start.h"

namespace assent::gst {
namespace {

// How long a read waits for mixed audio before it looks again whether the legs need feeding.
constexpr auto kPatience = 5ms;

// What the mixer gives at a time: whole samples at every clock rate, and few enough buffers that they cost nothing.
constexpr auto kMixedBuffer = 200ms;

std::string samples_caps(std::uint32_t rate_hz, std::uint8_t channels) {
  return "audio/x-raw,format=S16LE,layout=interleaved,rate=" + std::to_string(rate_hz) +
         ",channels=" + std::to_string(channels) + (channels == 2 ? ",channel-mask=(bitmask)0x3" : "");
}

std::string feed_name(std::size_t leg) { return "leg" + std::to_string(leg); }

// One row per output channel, one column per input channel.
std::string side_of(std::size_t leg, std::uint8_t channels) {
  if (channels == 1) return "<<(float)1.0>>";
  return leg % 2 == 0 ? "<<(float)1.0>,<(float)0.0>>" : "<<(float)0.0>,<(float)1.0>>";
}

std::string pipeline_text(std::size_t legs, const MixSpec& spec) {
  const auto channels = mixed_channels(legs);
  const auto mixed = samples_caps(spec.rate_hz, channels);
  std::string text =
      "audiomixer name=mix output-buffer-duration=" + std::to_string(nanoseconds(kMixedBuffer).count()) + " ! " +
      mixed + (spec.tail.empty() ? "" : " ! " + spec.tail) +
      " ! appsink name=out sync=false wait-on-eos=false max-buffers=" + std::to_string(limits::kRenderMixedBuffers);
  for (std::size_t leg = 0; leg < legs; ++leg) {
    text += " appsrc name=" + feed_name(leg) + " format=time caps=\"" + samples_caps(spec.rate_hz, 1) +
            "\" ! audioconvert dithering=none noise-shaping=none mix-matrix=\"" + side_of(leg, channels) + "\" ! " +
            mixed + " ! mix.";
  }
  return text;
}

// A leg's way into the pipeline.
struct Feed {
  ObjectRef<GstElement> source;
  std::unique_ptr<LegTrack> track;
  std::uint64_t fed = 0;  // samples
  bool ended = false;
};

class RunningMixer final : public Mixer {
 public:
  RunningMixer(const RunningMixer&) = delete;
  RunningMixer& operator=(const RunningMixer&) = delete;

  static Result<std::unique_ptr<Mixer>> open(std::vector<std::unique_ptr<LegTrack>> tracks, const MixSpec& spec) {
    std::unique_ptr<RunningMixer> mixer(new RunningMixer(spec));
    if (auto built = mixer->build(std::move(tracks)); !built) return built.error();
    return std::unique_ptr<Mixer>(std::move(mixer));
  }

  ~RunningMixer() override {
    if (pipeline_) gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
  }

  Result<std::size_t> read(ByteSpan out) override {
    if (failed_) return *failed_;
    std::size_t done = 0;
    while (done < out.size()) {
      if (ready_at_ == ready_.size()) {
        auto more = pull();
        if (!more) failed_ = more.error();
        if (!more) return *failed_;
        if (!*more) break;
      }
      const auto bytes = std::min(out.size() - done, ready_.size() - ready_at_);
      if (bytes > 0) std::memcpy(&out[done], &ready_[ready_at_], bytes);
      ready_at_ += bytes;
      done += bytes;
    }
    return done;
  }

 private:
  explicit RunningMixer(const MixSpec& spec) : spec_(spec) {}

  Result<void> build(std::vector<std::unique_ptr<LegTrack>> tracks) {
    if (auto started = start_gstreamer(); !started) return started.error();
    if (tracks.empty() || tracks.size() > limits::kLegsPerCall) {
      return error(Errc::invalid, "a render of " + std::to_string(tracks.size()) + " legs: 1 to " +
                                      std::to_string(limits::kLegsPerCall) + " can be mixed");
    }
    GError* failure = nullptr;
    const auto text = pipeline_text(tracks.size(), spec_);
    GstElement* parsed = gst_parse_launch_full(text.c_str(), nullptr, GST_PARSE_FLAG_FATAL_ERRORS, &failure);
    if (parsed != nullptr) pipeline_.reset(static_cast<GstElement*>(gst_object_ref_sink(parsed)));
    if (failure != nullptr) return take_failure("mixer", failure);
    bus_.reset(gst_element_get_bus(pipeline_.get()));
    sink_.reset(gst_bin_get_by_name(GST_BIN(pipeline_.get()), "out"));
    for (std::size_t leg = 0; leg < tracks.size(); ++leg) {
      ObjectRef<GstElement> source(gst_bin_get_by_name(GST_BIN(pipeline_.get()), feed_name(leg).c_str()));
      feeds_.push_back({std::move(source), std::move(tracks[leg])});
    }
    if (gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE) {
      return take_bus_error(*bus_, "mixer").value_or(error(Errc::unavailable, "GStreamer cannot run the mixer"));
    }
    return {};
  }

  // Refills ready_; false at the end.
  Result<bool> pull() {
    constexpr auto kTries = limits::kRenderStall / kPatience;
    for (std::int64_t idle = 0; idle < kTries; ++idle) {
      auto fed = feed();
      if (!fed) return fed.error();
      if (*fed) idle = 0;
      const auto patience = static_cast<GstClockTime>(nanoseconds(kPatience).count());
      const SampleRef sample(gst_app_sink_try_pull_sample(GST_APP_SINK(sink_.get()), patience));
      if (sample) {
        ready_.clear();
        ready_at_ = 0;
        append_buffer(*gst_sample_get_buffer(sample.get()), ready_);
        return true;
      }
      if (auto posted = take_bus_error(*bus_, "mixer")) return *posted;
      if (gst_app_sink_is_eos(GST_APP_SINK(sink_.get())) != FALSE) return false;
    }
    return error(Errc::unavailable, "GStreamer's mixer has stood still for too long");
  }

  // Fills every leg's queue as far as its bound; true when anything was fed.
  Result<bool> feed() {
    constexpr auto kQueueBytes = limits::kRenderQueueSamples * sizeof(std::int16_t);
    bool any = false;
    for (auto& leg : feeds_) {
      while (!leg.ended && gst_app_src_get_current_level_bytes(GST_APP_SRC(leg.source.get())) < kQueueBytes) {
        if (auto fed = feed_step(leg); !fed) return fed.error();
        any = true;
      }
    }
    return any;
  }

  Result<void> feed_step(Feed& leg) {
    auto* const source = GST_APP_SRC(leg.source.get());
    const auto got = leg.track->read(step_);
    if (!got) return got.error();
    if (*got == 0) {
      leg.ended = true;
      gst_app_src_end_of_stream(source);
      return {};
    }
    GstBuffer* buffer = gst_buffer_new_memdup(step_.data(), *got * sizeof(std::int16_t));
    GST_BUFFER_PTS(buffer) = gst_util_uint64_scale(leg.fed, GST_SECOND, spec_.rate_hz);
    leg.fed += *got;
    GST_BUFFER_DURATION(buffer) = gst_util_uint64_scale(leg.fed, GST_SECOND, spec_.rate_hz) - GST_BUFFER_PTS(buffer);
    if (gst_app_src_push_buffer(source, buffer) == GST_FLOW_OK) return {};
    return take_bus_error(*bus_, "mixer").value_or(error(Errc::corrupt, "GStreamer's mixer takes no more audio"));
  }

  MixSpec spec_;
  ObjectRef<GstElement> pipeline_;
  ObjectRef<GstBus> bus_;
  ObjectRef<GstElement> sink_;
  std::vector<Feed> feeds_;
  std::array<std::int16_t, limits::kRenderStepSamples> step_{};
  Bytes ready_;  // one buffer of mixed audio
  std::size_t ready_at_ = 0;
  std::optional<Error> failed_;
};

}  // namespace

std::uint8_t mixed_channels(std::size_t legs) { return legs == 1 ? 1 : 2; }

Result<std::unique_ptr<Mixer>> Mixer::open(std::vector<std::unique_ptr<LegTrack>> tracks, const MixSpec& spec) {
  return RunningMixer::open(std::move(tracks), spec);
}

Result<std::unique_ptr<Mixer>> open_mixer(std::vector<std::unique_ptr<LegAudioSource>> legs, const TrackSpec& spec,
                                          std::string tail) {
  std::vector<std::unique_ptr<LegTrack>> tracks;
  for (auto& leg : legs) {
    auto track = LegTrack::open(std::move(leg), spec);
    if (!track) return track.error();
    tracks.push_back(*std::move(track));
  }
  return Mixer::open(std::move(tracks), {spec.rate_hz, std::move(tail)});
}

}  // namespace assent::gst
