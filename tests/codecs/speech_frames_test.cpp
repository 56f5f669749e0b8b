#include "codecs/speech_frames.h"

#include "catch.h"

using namespace assent;

TEST_CASE("a G.729 payload is frames of 10 bytes, and one of 2 at its end") {
  CHECK(g729_ms(10) == 10U);
  CHECK(g729_ms(20) == 20U);
  CHECK(g729_ms(22) == 30U);
  CHECK(g729_ms(2) == 10U);
  for (const std::size_t bytes : {0U, 1U, 3U, 8U, 15U, 19U, 21U}) CHECK_FALSE(g729_ms(bytes));
}

TEST_CASE("an iLBC payload's size says which frames it has") {
  CHECK(ilbc_frames(38)->frame_ms == 20);
  CHECK(ilbc_frames(50)->frame_ms == 30);
  CHECK(ilbc_frames(76)->count == 2);
  CHECK(ilbc_frames(100)->count == 2);
  CHECK(ilbc_frames(100)->frame_bytes == 50);
  for (const std::size_t bytes : {0U, 1U, 37U, 39U, 49U, 51U, 88U}) CHECK_FALSE(ilbc_frames(bytes));
}
