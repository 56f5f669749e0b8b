// Waveform: what a recording looks like, in a terminal: one band of lines for each channel, drawn with the block
// elements of Unicode (U+2581 to U+2588), eight steps to a line. Pure. Any thread.
//
// A column stands for one or more peaks and is as high as the loudest of them, on a scale on which speech is well seen:
// -48 dB of full scale is the lowest step. Silence stays blank, so that a hole in time is seen as one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace assent {

struct WavePeak {
  std::int16_t low = 0;
  std::int16_t high = 0;
};

struct WaveChannel {
  std::string label;
  std::vector<WavePeak> peaks;  // equal stretches of time
};

struct WaveSize {
  std::size_t columns = 72;
  std::size_t rows = 4;  // of each channel
};

// For each channel a line with its label, then `rows` lines of exactly `columns` characters, then a line for the base.
std::vector<std::string> draw_waveform(const std::vector<WaveChannel>& channels, WaveSize size);

}  // namespace assent
