#include "codecs/redundant_payload.h"

#include "catch.h"

using namespace assent;

namespace {

Bytes block_head(std::uint8_t payload_type, std::uint32_t ticks_before, std::uint32_t bytes) {
  Bytes out;
  append_be32(out, 0x80000000U | std::uint32_t{payload_type} << 24 | ticks_before << 10 | bytes);
  return out;
}

Bytes bytes_of_view(ByteView view) { return {view.begin(), view.end()}; }

}  // namespace

// RFC 2198 section 4, the figure: a DVI4 primary and one redundant block of LPC, 20 ms (160 ticks) before it.
TEST_CASE("the payload that the RFC draws") {
  Bytes payload = block_head(7, 160, 14);
  payload.push_back(5);
  append(payload, Bytes(14, 0x11));
  append(payload, Bytes(84, 0x22));
  const auto all = parse_redundant_payload(payload);
  REQUIRE(all);
  REQUIRE(all->blocks_before().size() == 1);
  CHECK(all->blocks_before()[0].payload_type == 7);
  CHECK(all->blocks_before()[0].ticks_before == 160);
  CHECK(bytes_of_view(all->blocks_before()[0].payload) == Bytes(14, 0x11));
  CHECK(all->primary.payload_type == 5);
  CHECK(bytes_of_view(all->primary.payload) == Bytes(84, 0x22));
}

TEST_CASE("blocks come in the order of their heads, with the largest of each field") {
  Bytes payload = block_head(127, 0x3FFF, 0x3FF);
  append(payload, block_head(0, 1, 0));
  payload.push_back(0);
  append(payload, Bytes(0x3FF, 1));
  const auto all = parse_redundant_payload(payload);
  REQUIRE(all);
  REQUIRE(all->blocks_before().size() == 2);
  CHECK(all->blocks_before()[0].payload_type == 127);
  CHECK(all->blocks_before()[0].ticks_before == 0x3FFF);
  CHECK(all->blocks_before()[0].payload.size() == 0x3FF);
  CHECK(all->blocks_before()[1].payload.empty());
  CHECK(all->primary.payload.empty());
}

TEST_CASE("a payload without redundant blocks is its primary") {
  const auto all = parse_redundant_payload(Bytes{0, 9, 9});
  REQUIRE(all);
  CHECK(all->blocks_before().empty());
  CHECK(all->primary.payload.size() == 2);
}

TEST_CASE("heads and blocks that go past the end are no payload, nor are more than any sender makes") {
  CHECK_FALSE(parse_redundant_payload({}));
  CHECK_FALSE(parse_redundant_payload(Bytes{0x80}));
  CHECK_FALSE(parse_redundant_payload(block_head(0, 160, 0)));  // no primary
  Bytes past = block_head(0, 160, 3);
  append(past, Bytes{0, 1, 2});
  CHECK_FALSE(parse_redundant_payload(past));
  Bytes many;
  for (std::size_t i = 0; i < kRedundantBlocks; ++i) append(many, block_head(0, 160, 0));
  Bytes fitting = many;
  fitting.push_back(0);
  CHECK(parse_redundant_payload(fitting));
  append(many, block_head(0, 160, 0));
  many.push_back(0);
  CHECK_FALSE(parse_redundant_payload(many));
}
