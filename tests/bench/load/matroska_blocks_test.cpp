#include "bench/load/matroska_blocks.h"

#include "catch.h"
#include "codecs/matroska/block_writer.h"

using namespace assent;
using namespace assent::load;

namespace {

// A head, then two blocks of two packets.
Bytes stream() {
  const WallTime start = *parse_rfc3339("2026-03-04T05:06:07.250Z");
  Bytes all(limits::kFrameBytes);
  SegmentHead head;
  head.start = start;
  matroska::write_head_block(all, head);
  for (int cluster = 0; cluster < 2; ++cluster) {
    Bytes block(limits::kFrameBytes, 0xDD);
    const WallTime at = start + cluster * 100ms;
    auto writer = matroska::ClusterWriter::begin(block, at);
    for (int i = 0; i < 2; ++i) writer.append(Bytes(160, static_cast<std::uint8_t>(10 * cluster + i)), at + i * 20ms);
    writer.finish();
    matroska::patch_timestamp(block, matroska::segment_offset(at, start));
    append(all, block);
  }
  return all;
}

}  // namespace

TEST_CASE("the blocks of what the engine writes are found, with their times") {
  const Bytes bytes = stream();
  const auto blocks = matroska_blocks(bytes);
  REQUIRE(blocks);
  REQUIRE(blocks->size() == 4);
  CHECK((*blocks)[0].at == 0ms);
  CHECK((*blocks)[3].at == 120ms);
  CHECK((*blocks)[3].payload.size() == 160);
  CHECK((*blocks)[3].payload[0] == 11);
}

TEST_CASE("a stream that breaks off is damage") {
  Bytes bytes = stream();
  bytes.resize(bytes.size() - 1);
  CHECK_FALSE(matroska_blocks(bytes));
}

TEST_CASE("what is not Matroska is damage, and nothing at all is no block") {
  CHECK_FALSE(matroska_blocks(Bytes{0, 1, 2, 3}));
  CHECK_FALSE(matroska_blocks(Bytes{0x1A}));
  const auto nothing = matroska_blocks({});
  REQUIRE(nothing);
  CHECK(nothing->empty());
}
