#include "tools/assent/waveform.h"

#include <algorithm>

#include "catch.h"

namespace assent {
namespace {

std::size_t characters_in(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace

TEST_CASE("each channel is a label, its rows and a base, all as wide as asked") {
  const std::vector<WaveChannel> channels = {{"agent", std::vector<WavePeak>(100)},
                                             {"customer", std::vector<WavePeak>(7)}};
  const auto lines = draw_waveform(channels, {20, 3});
  REQUIRE(lines.size() == 10);
  CHECK(lines[0] == "agent");
  CHECK(lines[5] == "customer");
  for (const std::size_t i : {1U, 2U, 3U, 4U, 6U, 7U, 8U, 9U}) CHECK(characters_in(lines[i]) == 20);
}

TEST_CASE("silence is blank and full scale fills all rows") {
  const WaveChannel channel{"x", {{0, 0}, {-32768, 32767}}};
  const auto lines = draw_waveform({channel}, {2, 2});
  CHECK(lines == std::vector<std::string>{"x", " █", " █", "──"});
}

TEST_CASE("the lower and the upper side of a peak count alike") {
  CHECK(draw_waveform({{"x", {{-1000, 5}}}}, {1, 4}) == draw_waveform({{"x", {{-5, 1000}}}}, {1, 4}));
}

TEST_CASE("the quietest sound that is not silence shows as the lowest step") {
  CHECK(draw_waveform({{"x", {{0, 1}}}}, {1, 2}) == std::vector<std::string>{"x", " ", "▁", "─"});
}

TEST_CASE("steps are of decibels: half of -48 dB is half of the height") {
  // -24 dB of full scale are 32768 x 10^(-24/20) = 2068.
  CHECK(draw_waveform({{"x", {{0, 2068}}}}, {1, 2}) == std::vector<std::string>{"x", " ", "█", "─"});
}

TEST_CASE("a column of several peaks is as high as the loudest of them") {
  std::vector<WavePeak> peaks(10);
  peaks[3] = {-32768, 0};
  const auto lines = draw_waveform({{"x", peaks}}, {2, 1});
  CHECK(lines[1] == "█ ");
}

TEST_CASE("a channel without peaks is silent") {
  CHECK(draw_waveform({{"x", {}}}, {3, 1}) == std::vector<std::string>{"x", "   ", "───"});
}

TEST_CASE("no channels are no lines") { CHECK(draw_waveform({}, {}).empty()); }

}  // namespace assent
