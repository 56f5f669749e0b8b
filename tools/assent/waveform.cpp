#include "tools/assent/waveform.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <string_view>

namespace assent {
namespace {

constexpr std::array<std::string_view, 9> kEighths = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr std::string_view kBase = "─";
constexpr double kFloorDb = -48;
constexpr double kFullScale = 32768;

int loudness_of(const WavePeak& peak) { return std::max(std::abs(int{peak.low}), std::abs(int{peak.high})); }

// The loudest sample of column `column` of `columns`. With fewer peaks than columns a peak fills several of them.
int loudest(const std::vector<WavePeak>& peaks, std::size_t column, std::size_t columns) {
  if (peaks.empty()) return 0;
  const std::size_t first = column * peaks.size() / columns;
  const std::size_t end = std::max(first + 1, (column + 1) * peaks.size() / columns);
  int most = 0;
  for (std::size_t i = first; i < std::min(end, peaks.size()); ++i) most = std::max(most, loudness_of(peaks[i]));
  return most;
}

// 0 for silence, `steps` for full scale.
std::size_t height_of(int loudness, std::size_t steps) {
  if (loudness == 0) return 0;
  const double db = 20 * std::log10(loudness / kFullScale);
  const double part = std::clamp((db - kFloorDb) / -kFloorDb, 0.0, 1.0);
  return std::max<std::size_t>(1, static_cast<std::size_t>(std::lround(part * static_cast<double>(steps))));
}

}  // namespace

std::vector<std::string> draw_waveform(const std::vector<WaveChannel>& channels, WaveSize size) {
  std::vector<std::string> lines;
  for (const auto& channel : channels) {
    std::vector<std::size_t> heights;
    for (std::size_t column = 0; column < size.columns; ++column) {
      heights.push_back(height_of(loudest(channel.peaks, column, size.columns), size.rows * 8));
    }
    lines.push_back(channel.label);
    for (std::size_t row = size.rows; row-- > 0;) {
      std::string line;
      for (const std::size_t height : heights)
        line += kEighths[std::clamp<std::size_t>(height, row * 8, row * 8 + 8) - row * 8];
      lines.push_back(std::move(line));
    }
    std::string base;
    for (std::size_t column = 0; column < size.columns; ++column) base += kBase;
    lines.push_back(std::move(base));
  }
  return lines;
}

}  // namespace assent
