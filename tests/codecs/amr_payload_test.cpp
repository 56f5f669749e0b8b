#include "codecs/amr_payload.h"

#include <algorithm>
#include <string>
#include <vector>

#include "catch.h"

using namespace assent;

namespace {

constexpr Codec kCompact{CodecName::amr, 8000, 1};
constexpr Codec kAligned{CodecName::amr, 8000, 1, FramePacking::octet_aligned};
constexpr Codec kWideCompact{CodecName::amr_wb, 16000, 1};
constexpr Codec kWideAligned{CodecName::amr_wb, 16000, 1, FramePacking::octet_aligned};

// Bits as they go out: "1111 0 0100 1" and so on; spaces are for people.
Bytes bits(std::string_view text) {
  Bytes out;
  std::size_t count = 0;
  for (const char c : text) {
    if (c == ' ') continue;
    if (count % 8 == 0) out.push_back(0);
    if (c == '1') out.back() = static_cast<std::uint8_t>(out.back() | 0x80 >> count % 8);
    ++count;
  }
  return out;
}

// So many bits of a pattern that no shift leaves as it was.
std::string pattern(std::size_t count, std::string_view of = "1101000") {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += of[i % of.size()];
  return text;
}

std::vector<Bytes> frames_of(const Codec& codec, const Bytes& payload) {
  AmrFrames frames(codec, payload);
  std::vector<Bytes> out;
  while (const auto frame = frames.next()) out.emplace_back(frame->view().begin(), frame->view().end());
  return out;
}

}  // namespace

// RFC 4867 section 4.3.5.1: one frame of AMR 5.9 (type 2, 118 bits) and the mode request 6; 16 bytes with no padding.
TEST_CASE("a single compact frame, as the RFC draws it") {
  const std::string speech = pattern(118);
  const Bytes payload = bits("0110 0 0010 1" + speech);
  REQUIRE(payload.size() == 16);
  CHECK(AmrFrames(kCompact, payload).count() == 1U);
  CHECK(frames_of(kCompact, payload) == std::vector<Bytes>{bits("0 0010 1 00" + speech)});
}

// Section 4.3.5.3: two frames of AMR-WB, 6.6 (type 0, 132 bits) and 8.85 (type 1, 177 bits), and three bits of padding.
TEST_CASE("two compact frames, each from its own bit on") {
  const std::string first = pattern(132);
  const std::string second = pattern(177, "10011");
  const Bytes payload = bits("0001 1 0000 1 0 0001 1" + first + second);
  REQUIRE(payload.size() == 41);
  CHECK(frames_of(kWideCompact, payload) ==
        std::vector<Bytes>{bits("0 0000 1 00" + first), bits("0 0001 1 00" + second)});
}

// Section 4.4.5.2: two octet-aligned frames, AMR 5.15 and AMR 7.95 (types 1 and 5).
TEST_CASE("two octet-aligned frames, each filled to a byte") {
  const std::string first = pattern(103);
  const std::string second = pattern(159, "10011");
  const Bytes payload = bits("0110 0000  1 0001 1 00  0 0101 1 00" + first + "0" + second + "0");
  REQUIRE(payload.size() == 3 + 13 + 20);
  CHECK(frames_of(kAligned, payload) == std::vector<Bytes>{bits("0 0001 1 00" + first), bits("0 0101 1 00" + second)});
}

TEST_CASE("each frame type has its size, and a byte more or less is no payload") {
  const auto check = [](const Codec& codec, const std::vector<int>& sizes) {
    for (std::size_t type = 0; type < sizes.size(); ++type) {
      const bool aligned = codec.packing == FramePacking::octet_aligned;
      std::string entry = "0";
      for (std::size_t bit = 8; bit > 0; bit /= 2) entry += (type & bit) != 0 ? '1' : '0';
      entry += '1';
      const std::string head = aligned ? "11110000" + entry + "00" : "1111" + entry;
      Bytes payload = bits(head + pattern(static_cast<std::size_t>(std::max(sizes[type], 0))));
      INFO(to_text(codec) << ", type " << type);
      if (sizes[type] < 0) {
        CHECK_FALSE(AmrFrames(codec, payload).count());
        continue;
      }
      CHECK(AmrFrames(codec, payload).count() == 1U);
      payload.push_back(0);
      CHECK_FALSE(AmrFrames(codec, payload).count());
      payload.pop_back();
      payload.pop_back();
      CHECK_FALSE(AmrFrames(codec, payload).count());
    }
  };
  const std::vector<int> narrow{95, 103, 118, 134, 148, 159, 204, 244, 39, 43, 38, 37, -1, -1, -1, 0};
  const std::vector<int> wide{132, 177, 253, 285, 317, 365, 397, 461, 477, 40, -1, -1, -1, -1, 0, 0};
  check(kCompact, narrow);
  check(kAligned, narrow);
  check(kWideCompact, wide);
  check(kWideAligned, wide);
}

TEST_CASE("what is no speech is told from it: noise, nothing, what was damaged before us") {
  const auto is_speech = [](const Codec& codec, const Bytes& payload) {
    return AmrFrames(codec, payload).next()->is_speech;
  };
  CHECK(is_speech(kAligned, bits("11110000 0 0111 1 00" + pattern(248))));
  CHECK_FALSE(is_speech(kAligned, bits("11110000 0 0111 0 00" + pattern(248))));  // Q is 0
  CHECK_FALSE(is_speech(kAligned, bits("11110000 0 1000 1 00" + pattern(40))));   // SID
  CHECK_FALSE(is_speech(kAligned, bits("11110000 0 1111 1 00")));                 // NO_DATA
  CHECK_FALSE(is_speech(kWideAligned, bits("11110000 0 1110 1 00")));             // SPEECH_LOST
}

TEST_CASE("a table of contents without an end is no payload") {
  CHECK_FALSE(AmrFrames(kAligned, {}).count());
  CHECK_FALSE(AmrFrames(kAligned, Bytes{0xF0}).count());
  CHECK_FALSE(AmrFrames(kAligned, Bytes(20, 0xFC)).count());
  CHECK_FALSE(AmrFrames(kCompact, Bytes{0xF0}).count());
  CHECK_FALSE(AmrFrames(kCompact, Bytes(40, 0xFF)).next());
}
