// From the writer of segments to the samples of a WAV: times in whole milliseconds on the way cost no sample.
#include "catch.h"
#include "codecs/matroska/reader.h"
#include "pipelines/gst/wav_render.h"
#include "tests/codecs/matroska_file.h"
#include "tests/pipelines/gst/synthetic_leg.h"

using namespace assent;
using namespace assent::test;

namespace {

// Reads the plaintext of several segments one after the other.
class SegmentsLeg final : public gst::LegAudioSource {
 public:
  explicit SegmentsLeg(std::vector<std::vector<Bytes>> segments) : segments_(std::move(segments)) {}

  Result<std::optional<gst::TimedPayload>> next() override {
    while (at_ == packets_.size()) {
      if (segment_ == segments_.size()) return std::optional<gst::TimedPayload>{};
      if (auto fed = feed(); !fed) return fed.error();
    }
    const auto& packet = packets_[at_++];
    const auto& head = *reader_.head();
    return std::optional<gst::TimedPayload>({head.start + packet.at, head.codec, packet.payload});
  }

 private:
  Result<void> feed() {
    const auto& frames = segments_[segment_];
    if (frame_ == frames.size()) {
      ++segment_;
      frame_ = 0;
      reader_ = MatroskaReader{};
      packets_ = {};
      at_ = 0;
      return {};
    }
    const auto fed = reader_.feed(frames[frame_++]);
    if (!fed) return fed.error();
    packets_ = *fed;
    at_ = 0;
    return {};
  }

  std::vector<std::vector<Bytes>> segments_;
  MatroskaReader reader_;
  std::span<const SegmentPacket> packets_;
  std::size_t segment_ = 0;
  std::size_t frame_ = 0;
  std::size_t at_ = 0;
};

struct Call {
  Codec codec;
  std::size_t packet_samples;
  nanoseconds begins;  // after kStart: seldom a whole millisecond
};

// Three segments of packets whose times are those of their sample numbers; one in twelve is lost.
void check_call(const Call& call, std::mt19937& random) {
  const std::size_t packets = 900;
  std::vector<std::int16_t> expected(packets * call.packet_samples);
  std::vector<std::vector<Bytes>> segments;
  std::vector<TimedBytes> segment;
  WallTime first{};
  for (std::size_t i = 0; i < packets; ++i) {
    const auto sample = i * call.packet_samples;
    const auto at = kStart + call.begins + nanoseconds(sample * 1000000000 / call.codec.clock_rate);
    if (i == 0 || i == packets - 1 || random() % 12 != 0) {
      const auto packet = random_packet(random, at, call.codec, call.packet_samples);
      const auto samples = decoded(packet);
      std::copy(samples.begin(), samples.end(), expected.begin() + static_cast<std::ptrdiff_t>(sample));
      segment.push_back({at, packet.payload});
    }
    if (i % 300 == 299) {
      segments.push_back(segment_frames(segment_head(call.codec, segment.front().at), segment));
      segment.clear();
    }
    if (i == 0) first = std::chrono::floor<milliseconds>(at);
  }

  const auto length = nanoseconds(expected.size() * 1000000000 / call.codec.clock_rate);
  std::vector<std::unique_ptr<gst::LegAudioSource>> legs;
  legs.push_back(std::make_unique<SegmentsLeg>(std::move(segments)));
  auto render = gst::WavRender::open(std::move(legs), {{first, first + length}, call.codec.clock_rate});
  REQUIRE(render.has_value());
  Bytes wav((*render)->total_bytes());
  for (std::size_t done = 0; done < wav.size();) {
    const auto got = (*render)->read(ByteSpan(wav).subspan(done));
    if (!got) FAIL(got.error().what);
    done += *got;
  }
  REQUIRE(wav.size() == gst::kWavHeadBytes + 2 * expected.size());
  REQUIRE(std::memcmp(wav.data() + gst::kWavHeadBytes, expected.data(), 2 * expected.size()) == 0);
}

}  // namespace

TEST_CASE("what was sent comes out of segments sample for sample, with losses as silence of their length") {
  std::mt19937 random(77);
  for (const auto begins : {0ns, 1ns, 499999ns, 500001ns, 999999ns}) {
    INFO("begins at " << begins.count() << " ns");
    check_call({{CodecName::pcmu, 8000, 1}, 160, begins}, random);
    check_call({{CodecName::pcma, 8000, 1}, 80, begins}, random);
    check_call({{CodecName::l16, 44100, 1}, 441, begins}, random);
    check_call({{CodecName::l16, 11025, 1}, 220, begins}, random);
    check_call({{CodecName::l16, 22050, 1}, 333, begins}, random);
  }
}
