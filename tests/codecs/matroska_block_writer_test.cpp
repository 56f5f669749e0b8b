#include "codecs/matroska/block_writer.h"

#include <algorithm>
#include <type_traits>

#include "catch.h"
#include "codecs/matroska/layout.h"
#include "tests/codecs/matroska_file.h"

using namespace assent;
using namespace assent::test;
using matroska::ClusterWriter;

static_assert(std::is_trivially_copyable_v<ClusterWriter> && sizeof(ClusterWriter) <= 24);

namespace {

// A block as it may come from the pool: never assumed to be zero.
Bytes used_block(std::size_t size = limits::kFrameBytes) { return Bytes(size, 0xDD); }

std::string hex_at(const Bytes& block, std::size_t at, std::size_t size) {
  return to_hex(ByteView(block).subspan(at, size));
}

}  // namespace

TEST_CASE("a Cluster lies in its block as the layout draws it") {
  auto block = used_block();
  auto writer = ClusterWriter::begin(block, kStart);
  writer.append(Bytes{0xAA, 0xBB, 0xCC}, kStart + 20ms);
  writer.append(Bytes(160, 0x11), kStart - 20ms);
  writer.finish();
  matroska::patch_timestamp(block, 0x1234ms);

  const std::size_t second = 16 + 7 + 3;
  const std::size_t end = second + 7 + 160;
  CHECK(hex_at(block, 0, 4) == "1f43b675");
  CHECK(load_be16(&block[4]) == (0x4000 | (end - 6)));
  CHECK(hex_at(block, 6, 10) == "e7880000000000001234");
  CHECK(hex_at(block, 16, 10) ==
        "a34007"
        "81"
        "0014"
        "80"
        "aabbcc");
  CHECK(hex_at(block, second, 8) ==
        "a340a4"
        "81"
        "ffec"
        "80"
        "11");
  CHECK(hex_at(block, end, 3) == "ec" + to_hex(Bytes{static_cast<std::uint8_t>(0x40 | ((4064 - end - 3) >> 8)),
                                                     static_cast<std::uint8_t>(4064 - end - 3)}));
  CHECK(Bytes(block.begin() + static_cast<std::ptrdiff_t>(end) + 3, block.end()) == Bytes(4064 - end - 3, 0));
}

TEST_CASE("the packets of a finished block are counted from its bytes, whatever room is left in it") {
  for (std::size_t packets = 0; packets <= 12; ++packets) {
    for (std::size_t left = 0; left <= 4; ++left) {
      auto block = used_block(16 + 12 * (7 + 100) + left);
      auto writer = ClusterWriter::begin(block, kStart);
      for (std::size_t i = 0; i < packets; ++i) writer.append(Bytes(100, 0xA3), kStart + 20ms * static_cast<int>(i));
      writer.finish();
      INFO(packets << " packets, " << left << " bytes left");
      CHECK(matroska::packets_in(block) == packets);
    }
  }
  auto one = used_block();
  auto writer = ClusterWriter::begin(one, kStart);
  writer.append(Bytes(limits::kPayloadBytes, 0), kStart);
  writer.finish();
  CHECK(matroska::packets_in(one) == 1);
}

TEST_CASE("every length of room that can be left is filled exactly") {
  for (std::size_t left = 0; left <= 200; ++left) {
    auto block = used_block();
    auto writer = ClusterWriter::begin(block, kStart);
    const auto payload = limits::kPayloadBytes - left;
    REQUIRE(writer.fits(payload, kStart));
    writer.append(Bytes(payload, 0x77), kStart);
    INFO("room left " << left);
    CHECK(writer.room_bytes() == (left == 1 ? 0 : left));
    writer.finish();
    if (left > 3) CHECK(Bytes(block.end() - static_cast<std::ptrdiff_t>(left - 3), block.end()) == Bytes(left - 3, 0));
    if (left == 1)
      CHECK(hex_at(block, 16, 4) ==
            "a3"
            "20"
            "0fcc");
    if (left == 2) CHECK(hex_at(block, 4062, 2) == "ec80");
    if (left == 128) CHECK(hex_at(block, 3936, 2) == "ecfe");
    if (left == 129) CHECK(hex_at(block, 3935, 3) == "ec407e");
  }
}

TEST_CASE("a packet fits when it is not empty, there is room, and its time can be written") {
  auto block = used_block();
  auto writer = ClusterWriter::begin(block, kStart);
  CHECK_FALSE(writer.fits(0, kStart));
  CHECK(writer.fits(limits::kPayloadBytes, kStart));
  CHECK_FALSE(writer.fits(limits::kPayloadBytes + 1, kStart));
  CHECK_FALSE(writer.fits(SIZE_MAX, kStart));
  CHECK(writer.fits(1, kStart + 32767ms));
  CHECK_FALSE(writer.fits(1, kStart + 32768ms));
  CHECK(writer.fits(1, kStart - 32768ms));
  CHECK_FALSE(writer.fits(1, kStart - 32769ms));
}

TEST_CASE("twenty-four packets of twenty milliseconds of G.711 fill a block") {
  auto block = used_block();
  auto writer = ClusterWriter::begin(block, kStart);
  int packets = 0;
  for (; writer.fits(160, kStart + packets * 20ms); ++packets) writer.append(Bytes(160, 0x42), kStart + packets * 20ms);
  CHECK(packets == 24);
}

TEST_CASE("times are rounded down once, so even packets stay even across clusters and segments") {
  const WallTime first = kStart + 999us;
  CHECK(matroska::segment_offset(first, kStart) == 0ms);
  for (int i = 0; i < 3000; ++i) {
    REQUIRE(matroska::segment_offset(first + i * 20ms, kStart + 1us) == i * 20ms);
  }
}

TEST_CASE("a time before the segment's start is written as the start") {
  auto block = used_block();
  ClusterWriter::begin(block, kStart).finish();
  matroska::patch_timestamp(block, -5ms);
  CHECK(hex_at(block, 8, 8) == "0000000000000000");
}

TEST_CASE("a first Cluster may share the block with the head") {
  auto block = used_block();
  const auto offset = matroska::write_head(block, segment_head({CodecName::pcmu, 8000, 1}));
  CHECK(offset < 400);
  auto writer = ClusterWriter::begin(block, kStart, offset);
  CHECK(writer.is_empty());
  while (writer.fits(160, kStart)) writer.append(Bytes(160, 0x42), kStart);
  CHECK_FALSE(writer.is_empty());
  writer.finish();
  CHECK_FALSE(writer.is_open());
  CHECK(hex_at(block, offset, 4) == "1f43b675");
}

TEST_CASE("a void block keeps nothing of what the block held") {
  auto block = used_block();
  matroska::write_void_block(block);
  CHECK(hex_at(block, 0, 3) == "ec4fdd");
  CHECK(std::count(block.begin() + 3, block.end(), std::uint8_t{0}) == 4061);
}

TEST_CASE("the longest names and counts still fit their frames") {
  auto head = segment_head({CodecName::pcma, 48000, 2});
  head.muxing_app.assign(500, 'm');
  head.writing_app.assign(500, 'w');
  auto block = used_block();
  CHECK(matroska::write_head(block, head) < 600);

  LegCounts counts;
  for (const auto& tag : kLegCountTags) counts.*tag.count = UINT64_MAX;
  Bytes out(limits::kFinalFrameBytes);
  CHECK(matroska::write_tags(out, counts) < 1024);
}
