// What other people's programs make of a segment: ffprobe, ffmpeg and GStreamer read it from a file.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "catch.h"
#include "tests/codecs/matroska_file.h"

using namespace assent;
using namespace assent::test;

namespace {

bool is_installed(const std::string& program) {
  if (std::system(("command -v " + program + " >/dev/null 2>&1").c_str()) == 0) return true;
  WARN("skipped: " << program << " is not installed");
  return false;
}

std::string output_of(const std::string& command) {
  std::string text;
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  REQUIRE(pipe != nullptr);
  char chunk[4096];
  for (std::size_t got = 0; (got = fread(chunk, 1, sizeof chunk, pipe)) > 0;) text.append(chunk, got);
  const int status = pclose(pipe);
  INFO(command << "\n" << text);
  REQUIRE(status == 0);
  return text;
}

Bytes file_bytes(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(in), {});
}

// A folder of this test's own, removed with everything in it.
class TestFolder {
 public:
  TestFolder() {
    char name[] = "/tmp/assent-matroska-XXXXXX";
    REQUIRE(mkdtemp(name) != nullptr);
    path_ = name;
  }
  ~TestFolder() { std::filesystem::remove_all(path_); }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

struct Expected {
  Codec codec;
  std::string ffmpeg_codec;  // as ffprobe names it, and ffmpeg's raw output format that keeps the bytes
  std::string raw_format;
  std::string gst_caps;  // none: its demuxer does not know the mapping
};

const std::vector<Expected> kExpected = {
    {{CodecName::pcmu, 8000, 1}, "pcm_mulaw", "mulaw", "audio/x-mulaw,rate=8000,channels=1"},
    {{CodecName::pcma, 8000, 1}, "pcm_alaw", "alaw", "audio/x-alaw,rate=8000,channels=1"},
    {{CodecName::pcma, 16000, 2}, "pcm_alaw", "alaw", "audio/x-alaw,rate=16000,channels=2"},
    {{CodecName::l16, 8000, 1}, "pcm_s16be", "s16be", "audio/x-raw,format=S16BE,rate=8000,channels=1"},
    {{CodecName::l16, 44100, 2}, "pcm_s16be", "s16be", "audio/x-raw,format=S16BE,rate=44100,channels=2"},
    {{CodecName::g722, 8000, 1}, "adpcm_g722", "g722", ""},
    {{CodecName::opus, 48000, 1}, "opus", "data", "audio/x-opus,rate=48000,channels=1,channel-mapping-family=0"},
    {{CodecName::opus, 48000, 2}, "opus", "data", "audio/x-opus,rate=48000,channels=2,channel-mapping-family=0"},
};

// Head, at least three Clusters of 20 ms packets, Tags.
struct Sample {
  std::vector<TimedBytes> packets;
  Bytes payloads;
  std::size_t clusters = 0;

  Sample(const Codec& codec, const std::filesystem::path& path) {
    std::mt19937 random(7);
    const auto payload_bytes = codec.tick_bytes() == 0 ? 160 : codec.clock_rate / 50 * codec.tick_bytes();
    for (int i = 0; i < 60; ++i) packets.push_back({kStart + i * 20ms, random_bytes(random, payload_bytes)});
    if (codec.name == CodecName::opus) {
      // Somebody else's program reads how long it lasts: one frame of 20 ms.
      for (auto& packet : packets) packet.payload[0] = codec.channels == 2 ? 0xFC : 0xF8;
    }
    for (const auto& packet : packets) append(payloads, packet.payload);
    LegCounts counts;
    counts.received = 61;
    counts.lost = 4;
    const auto frames = segment_frames(segment_head(codec), packets, counts);
    clusters = frames.size() - 2;
    const auto bytes = joined(frames);
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
};

}  // namespace

TEST_CASE("ffprobe sees the codec, the leg and every packet at its time") {
  if (!is_installed("ffprobe")) return;
  const TestFolder folder;
  for (const auto& expected : kExpected) {
    const auto path = folder / "segment.mka";
    const Sample sample(expected.codec, path);
    REQUIRE(sample.clusters >= 3);
    const auto text = output_of("ffprobe -v error -count_packets -show_streams -show_format " + path.string());
    INFO(text);
    CHECK(text.find("codec_name=" + expected.ffmpeg_codec + "\n") != std::string::npos);
    CHECK(text.find("sample_rate=" + std::to_string(expected.codec.sample_rate()) + "\n") != std::string::npos);
    CHECK(text.find("channels=" + std::to_string(expected.codec.channels) + "\n") != std::string::npos);
    CHECK(text.find("nb_read_packets=60\n") != std::string::npos);
    CHECK(text.find("TAG:title=" + to_text(segment_head(expected.codec).leg)) != std::string::npos);
    CHECK(text.find("TAG:creation_time=2026-03-04T05:06:07.250000Z") != std::string::npos);

    std::istringstream times(output_of("ffprobe -v error -show_entries packet=pts_time -of csv=p=0 " + path.string()));
    for (int i = 0; i < 60; ++i) {
      double seconds = -1;
      char rest[16];
      std::string line;
      std::getline(times, line);
      REQUIRE(std::sscanf(line.c_str(), "%lf%15s", &seconds, rest) >= 1);
      REQUIRE(seconds == Approx(i * 0.02).margin(1e-6));
    }
  }
}

TEST_CASE("ffprobe takes a payload of G.729 for the frames of 10 ms that it is") {
  if (!is_installed("ffprobe")) return;
  const TestFolder folder;
  const auto path = folder / "segment.mka";
  const Sample sample({CodecName::g729, 8000, 1}, path);
  const auto text = output_of("ffprobe -v error -count_packets -show_streams " + path.string());
  INFO(text);
  CHECK(text.find("codec_name=g729\n") != std::string::npos);
  CHECK(text.find("nb_read_packets=960\n") != std::string::npos);  // 60 payloads of 160 bytes
}

TEST_CASE("ffmpeg copies out of a segment exactly the payloads that went in") {
  if (!is_installed("ffmpeg")) return;
  const TestFolder folder;
  for (const auto& expected : kExpected) {
    const auto path = folder / "segment.mka";
    const Sample sample(expected.codec, path);
    const auto out = folder / "payloads";
    const auto text = output_of("ffmpeg -nostdin -v error -y -i " + path.string() + " -map 0 -c copy -f " +
                                expected.raw_format + " " + out.string());
    INFO(to_text(expected.codec) << text);
    CHECK(text.empty());
    CHECK(file_bytes(out) == sample.payloads);
  }
}

TEST_CASE("GStreamer reads the counts of a segment as its tags") {
  if (!is_installed("gst-launch-1.0")) return;
  const TestFolder folder;
  const auto path = folder / "segment.mka";
  const Sample sample({CodecName::pcmu, 8000, 1}, path);
  const auto text = output_of("gst-launch-1.0 -t filesrc location=" + path.string() + " ! matroskademux ! fakesink");
  CHECK(text.find("PACKETS_RECEIVED=61") != std::string::npos);
  CHECK(text.find("PACKETS_LOST=4") != std::string::npos);
}

TEST_CASE("GStreamer demuxes a segment to exactly the payloads that went in") {
  if (!is_installed("gst-launch-1.0")) return;
  const TestFolder folder;
  for (const auto& expected : kExpected) {
    if (expected.gst_caps.empty()) continue;
    const auto path = folder / "segment.mka";
    const Sample sample(expected.codec, path);
    const auto out = folder / "payloads";
    const auto text = output_of("gst-launch-1.0 -q filesrc location=" + path.string() + " ! matroskademux ! '" +
                                expected.gst_caps + "' ! filesink location=" + out.string());
    INFO(to_text(expected.codec) << text);
    CHECK(file_bytes(out) == sample.payloads);
  }
}
