#include "codecs/opus_packet.h"

#include "base/limits.h"
#include "catch.h"

using namespace assent;

namespace {

constexpr std::uint8_t kFullband20 = 31 << 3;  // CELT, 20 ms
constexpr std::uint8_t kFullband2 = 28 << 3;   // CELT, 2.5 ms
constexpr std::uint8_t kSilk60 = 3 << 3;

// A packet of code 3: its frame count byte and what follows it.
Bytes many(std::uint8_t config, std::uint8_t count, const Bytes& rest) {
  Bytes packet{static_cast<std::uint8_t>(config | 3), count};
  append(packet, rest);
  return packet;
}

}  // namespace

TEST_CASE("an Opus packet lasts what its first byte says, whatever its size") {
  // RFC 6716 table 2, in tenths of a millisecond, by configuration.
  constexpr int kTenths[32] = {100, 200, 400, 600, 100, 200, 400, 600, 100, 200, 400, 600, 100, 200, 100, 200,
                               25,  50,  100, 200, 25,  50,  100, 200, 25,  50,  100, 200, 25,  50,  100, 200};
  for (unsigned config = 0; config < 32; ++config) {
    for (const std::size_t frame : {std::size_t{0}, std::size_t{1}, std::size_t{40}, std::size_t{1275}}) {
      Bytes packet(1 + frame);
      packet[0] = static_cast<std::uint8_t>(config << 3);
      INFO("configuration " << config << ", " << frame << " bytes");
      CHECK(opus_ticks(packet) == static_cast<std::uint32_t>(kTenths[config]) * 48 / 10);
      packet[0] |= 4;  // stereo
      CHECK(opus_ticks(packet) == static_cast<std::uint32_t>(kTenths[config]) * 48 / 10);
    }
  }
}

TEST_CASE("what a sender leaves out for silence is a packet of one byte") {
  CHECK(opus_ticks(Bytes{kFullband20}) == 960U);
  CHECK(opus_ticks(Bytes{kSilk60}) == 2880U);
}

TEST_CASE("two frames of one size, or of two") {
  CHECK(opus_ticks(Bytes{kFullband20 | 1, 1, 2, 3, 4}) == 1920U);
  CHECK_FALSE(opus_ticks(Bytes{kFullband20 | 1, 1, 2, 3}));  // R3: an odd number of bytes
  CHECK(opus_ticks(Bytes{kFullband20 | 2, 1, 0xAA, 0xBB, 0xCC}) == 1920U);
  CHECK(opus_ticks(Bytes{kFullband20 | 2, 0, 0xAA}) == 1920U);
  CHECK_FALSE(opus_ticks(Bytes{kFullband20 | 2}));           // R4: no length
  CHECK_FALSE(opus_ticks(Bytes{kFullband20 | 2, 252}));      // half a length
  CHECK_FALSE(opus_ticks(Bytes{kFullband20 | 2, 3, 1, 2}));  // longer than there is
}

TEST_CASE("a length of 252 and more has a second byte, which counts fours") {
  Bytes packet{kFullband20 | 2, 253, 2};  // 261 bytes
  packet.resize(packet.size() + 261);
  CHECK(opus_ticks(packet) == 1920U);
  packet.pop_back();
  CHECK_FALSE(opus_ticks(packet));
}

TEST_CASE("many frames: 1 to 48, and no more than 120 ms") {
  CHECK(opus_ticks(many(kFullband20, 3, Bytes(9))) == 2880U);
  CHECK_FALSE(opus_ticks(many(kFullband20, 3, Bytes(10))));  // R6: not the same size
  CHECK(opus_ticks(many(kFullband20, 6, {})) == 5760U);
  CHECK_FALSE(opus_ticks(many(kFullband20, 7, {})));
  CHECK(opus_ticks(many(kFullband2, 48, Bytes(48))) == 5760U);
  CHECK_FALSE(opus_ticks(many(kFullband2, 49, {})));
  CHECK_FALSE(opus_ticks(many(kSilk60, 3, {})));
  CHECK_FALSE(opus_ticks(many(kFullband20, 0, {})));
  CHECK_FALSE(opus_ticks(Bytes{kFullband20 | 3}));
}

TEST_CASE("padding is not frames") {
  CHECK(opus_ticks(many(kFullband20, 0x40 | 2, {3, 1, 2, 3, 4, 0, 0, 0})) == 1920U);
  CHECK_FALSE(opus_ticks(many(kFullband20, 0x40 | 2, {3, 1, 2, 3, 0, 0, 0})));  // three bytes for two frames
  CHECK_FALSE(opus_ticks(many(kFullband20, 0x40 | 2, {3, 0, 0})));              // more padding than there is
  CHECK_FALSE(opus_ticks(many(kFullband20, 0x40 | 2, {})));
  Bytes longer{255, 1};
  longer.resize(longer.size() + 2 + 255);  // two frames of a byte, 254 and 1 of padding
  CHECK(opus_ticks(many(kFullband20, 0x40 | 2, longer)) == 1920U);
  CHECK_FALSE(opus_ticks(many(kFullband20, 0x40 | 2, {255})));
}

TEST_CASE("frames of many sizes say all but the last") {
  CHECK(opus_ticks(many(kFullband20, 0x80 | 3, {1, 2, 0xA, 0xB, 0xB, 0xC})) == 2880U);
  CHECK(opus_ticks(many(kFullband20, 0x80 | 1, {0xA})) == 960U);
  CHECK_FALSE(opus_ticks(many(kFullband20, 0x80 | 3, {1})));
  CHECK_FALSE(opus_ticks(many(kFullband20, 0x80 | 3, {1, 3, 0xA, 0xB, 0xB})));
}

TEST_CASE("no frame is longer than 1275 bytes, and nothing is no packet") {
  Bytes packet(1 + 1276);
  packet[0] = kFullband20;
  CHECK_FALSE(opus_ticks(packet));
  CHECK_FALSE(opus_ticks({}));
}
