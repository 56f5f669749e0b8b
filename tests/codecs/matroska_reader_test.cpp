#include "codecs/matroska/reader.h"

#include <algorithm>

#include "catch.h"
#include "tests/codecs/matroska_file.h"

using namespace assent;
using namespace assent::test;

namespace {

// Reads frames to the end; the first failure ends the test.
std::vector<TimedBytes> read_all(MatroskaReader& reader, const std::vector<Bytes>& frames) {
  std::vector<TimedBytes> packets;
  for (const auto& frame : frames) {
    const auto got = reader.feed(frame);
    if (!got) FAIL(got.error().what);
    for (const auto& packet : *got) {
      packets.push_back({reader.head()->start + packet.at, Bytes(packet.payload.begin(), packet.payload.end())});
    }
  }
  return packets;
}

std::vector<TimedBytes> random_packets(std::mt19937& random) {
  std::vector<TimedBytes> packets(random() % 200);
  WallTime at = kStart + milliseconds(random() % 5000);
  for (auto& packet : packets) {
    const auto size = random() % 8 == 0 ? 1 + random() % limits::kPayloadBytes : 1 + random() % 400;
    packet = {at, random_bytes(random, size)};
    at += milliseconds(random() % 50 == 0 ? random() % 100000 : random() % 60);
  }
  return packets;
}

Error failure_of(const std::vector<Bytes>& frames) {
  MatroskaReader reader;
  for (const auto& frame : frames) {
    if (const auto got = reader.feed(frame); !got) {
      CHECK_FALSE(reader.feed(frame));  // and it stays refused
      return got.error();
    }
  }
  FAIL("nothing was wrong");
  return {};
}

std::vector<Bytes> small_segment() {
  return segment_frames(segment_head({CodecName::pcmu, 8000, 1}), {{kStart, Bytes(160, 0x42)}});
}

}  // namespace

TEST_CASE("what the writer wrote, the reader reads, for random packets of every codec") {
  std::mt19937 random(20260304);
  for (int round = 0; round < 150; ++round) {
    const Codec codec{static_cast<CodecName>(random() % 3), kClockRates[random() % kClockRates.size()],
                      static_cast<std::uint8_t>(1 + random() % kMaxChannels)};
    const auto head = segment_head(codec);
    const auto packets = random_packets(random);
    LegCounts counts;
    for (const auto& tag : kLegCountTags) counts.*tag.count = (std::uint64_t{random()} << 32) | random();

    MatroskaReader reader;
    INFO("round " << round);
    REQUIRE(read_all(reader, segment_frames(head, packets, counts)) == packets);
    REQUIRE(reader.head() == head);
    REQUIRE(reader.counts() == counts);
    REQUIRE(reader.is_finished());
  }
}

TEST_CASE("a packet that leaves one byte of room is read back whole") {
  for (std::size_t left = 0; left < 4; ++left) {
    const std::vector<TimedBytes> packets{{kStart, Bytes(limits::kPayloadBytes - left, 0x31)}};
    MatroskaReader reader;
    CHECK(read_all(reader, segment_frames(segment_head({}), packets)) == packets);
  }
}

TEST_CASE("the start of a segment is read back in whole milliseconds") {
  MatroskaReader reader;
  read_all(reader, segment_frames(segment_head({}, kStart + 123456ns), {}));
  CHECK(reader.head()->start == kStart);
}

TEST_CASE("packets of a first Cluster beside the head are read with the head") {
  Bytes block(limits::kFrameBytes, 0xDD);
  const auto offset = matroska::write_head(block, segment_head({}));
  auto writer = matroska::ClusterWriter::begin(block, kStart, offset);
  writer.append(Bytes(160, 0x42), kStart + 40ms);
  writer.finish();
  MatroskaReader reader;
  CHECK(read_all(reader, {block}) == std::vector<TimedBytes>{{kStart + 40ms, Bytes(160, 0x42)}});
}

TEST_CASE("a withdrawn frame reads as no packets") {
  auto frames = small_segment();
  matroska::write_void_block(frames[1]);
  MatroskaReader reader;
  CHECK(read_all(reader, frames).empty());
  CHECK(reader.is_finished());
}

TEST_CASE("a salvaged segment may end with an empty final frame") {
  auto frames = small_segment();
  frames.back().clear();
  MatroskaReader reader;
  CHECK(read_all(reader, frames).size() == 1);
  CHECK(reader.is_finished());
  CHECK_FALSE(reader.counts());
}

TEST_CASE("an error names the frame, the element and its offset") {
  auto frames = small_segment();
  frames[1][16 + 3] = 0x82;
  const auto failure = failure_of(frames);
  CHECK(failure.code == Errc::corrupt);
  CHECK(failure.what == "matroska element 0xA3 at byte 16 of frame 2 is not a block of our track");
}

TEST_CASE("frames in the wrong place are refused") {
  const auto frames = small_segment();
  CHECK(failure_of({frames[1]}).code == Errc::corrupt);
  CHECK(failure_of({frames[2]}).code == Errc::corrupt);
  CHECK(failure_of({frames[0], frames[0]}).code == Errc::corrupt);
  CHECK(failure_of({frames[0], frames[2], frames[1]}).what.find("after the final frame") != std::string::npos);
  CHECK(failure_of({Bytes{}}).code == Errc::corrupt);
}

TEST_CASE("a frame that is cut, too long or followed by more is refused") {
  const auto frames = small_segment();
  auto cut = frames[1];
  cut.pop_back();
  CHECK(failure_of({frames[0], cut}).what.find("longer than what contains it") != std::string::npos);
  CHECK(failure_of({frames[0], Bytes(limits::kFrameBytes + 1, 0)}).code == Errc::corrupt);
  auto tags = frames[2];
  tags.push_back(0xEC);
  tags.push_back(0x80);
  CHECK(failure_of({frames[0], frames[1], tags}).what.find("more than belongs here") != std::string::npos);
}

TEST_CASE("a Void that hides bytes is refused") {
  auto frames = small_segment();
  frames[1].back() = 1;
  CHECK(failure_of(frames).what.find("hides") != std::string::npos);
}

TEST_CASE("a head of each codec that is no waveform is read as it was written, and as nothing else") {
  for (const char* text : {"G722/8000", "opus/48000/2", "opus/48000/2 sprop-stereo=1", "AMR/8000",
                           "AMR-WB/16000 octet-align=1", "G729/8000", "iLBC/8000"}) {
    const Codec codec = *parse_codec(text);
    MatroskaReader reader;
    REQUIRE(reader.feed(segment_frames(segment_head(codec), {})[0]));
    CHECK(reader.head()->codec == codec);
  }
  // An OpusHead that names another number of channels than the track is not one that we wrote.
  auto frames = segment_frames(segment_head({CodecName::opus, 48000, 2}), {});
  const auto head = bytes_of("OpusHead");
  const auto at = std::search(frames[0].begin(), frames[0].end(), head.begin(), head.end());
  REQUIRE(at != frames[0].end());
  *(at + 9) = 1;
  CHECK(failure_of(frames).code == Errc::unsupported);
}

TEST_CASE("a codec that this build does not know is unsupported, not corrupt") {
  auto frames = small_segment();
  const Bytes rate{0x40, 0xBF, 0x40, 0, 0, 0, 0, 0};  // 8000.0
  const auto at = std::search(frames[0].begin(), frames[0].end(), rate.begin(), rate.end());
  REQUIRE(at != frames[0].end());
  *(at + 2) = 0x41;
  CHECK(failure_of(frames).code == Errc::unsupported);
}

TEST_CASE("a flipped bit anywhere is an error or reads as other values, never as a crash") {
  const auto frames = small_segment();
  for (std::size_t f = 0; f < frames.size(); ++f) {
    for (std::size_t bit = 0; bit < 8 * std::min<std::size_t>(frames[f].size(), 700); ++bit) {
      auto damaged = frames;
      damaged[f][bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
      MatroskaReader reader;
      std::size_t bytes = 0;
      for (const auto& frame : damaged) {
        const auto got = reader.feed(frame);
        if (!got) break;
        for (const auto& packet : *got) bytes += packet.payload.size();
      }
      REQUIRE(bytes <= 160);
    }
  }
}
