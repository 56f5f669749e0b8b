#include "bench/load/matroska_blocks.h"

#include <bit>
#include <optional>
#include <string>

namespace assent::load {
namespace {

constexpr std::uint64_t kSegment = 0x18538067;
constexpr std::uint64_t kCluster = 0x1F43B675;
constexpr std::uint64_t kTimestamp = 0xE7;
constexpr std::uint64_t kSimpleBlock = 0xA3;
constexpr std::uint8_t kLacing = 0x06;      // of the flags
constexpr std::size_t kBlockHeadBytes = 4;  // track (one byte, below 128), 16 bits of time, flags

Error damage(std::size_t at) { return error(Errc::corrupt, "no Matroska at byte " + std::to_string(at)); }

class Walk {
 public:
  explicit Walk(ByteView stream) : rest_(stream), size_(stream.size()) {}

  Result<std::vector<MatroskaBlock>> blocks() {
    while (!rest_.empty()) {
      const std::size_t at = size_ - rest_.size();
      const auto id = number(Marker::kept);
      const auto length = number(Marker::removed);
      if (!id || !length) return damage(at);
      // Of these two the content is walked; a Segment's length is not known while it is written.
      if (*id == kSegment || *id == kCluster) continue;
      if (*length > rest_.size()) return damage(at);
      const ByteView content = rest_.first(static_cast<std::size_t>(*length));
      rest_ = rest_.subspan(content.size());
      if (*id == kTimestamp) cluster_ms_ = unsigned_of(content);
      if (*id == kSimpleBlock && !take_block(content)) return damage(at);
    }
    return std::move(blocks_);
  }

 private:
  enum class Marker { kept, removed };

  // A variable-length number (RFC 8794 section 4): leading zeros of the first byte say how many bytes follow.
  std::optional<std::uint64_t> number(Marker marker) {
    if (rest_.empty() || rest_[0] == 0) return std::nullopt;
    const auto more = static_cast<std::size_t>(std::countl_zero(rest_[0]));
    if (rest_.size() <= more) return std::nullopt;
    std::uint64_t value = marker == Marker::kept ? rest_[0] : rest_[0] & (0x7FU >> more);
    for (std::size_t i = 1; i <= more; ++i) value = value << 8U | rest_[i];
    rest_ = rest_.subspan(more + 1);
    return value;
  }

  static std::uint64_t unsigned_of(ByteView bytes) {
    std::uint64_t value = 0;
    for (const std::uint8_t byte : bytes) value = value << 8U | byte;
    return value;
  }

  bool take_block(ByteView content) {
    if (content.size() < kBlockHeadBytes || (content[0] & 0x80U) == 0 || (content[3] & kLacing) != 0) return false;
    const auto offset_ms = static_cast<std::int16_t>(load_be16(&content[1]));
    blocks_.push_back(
        {milliseconds(static_cast<std::int64_t>(cluster_ms_) + offset_ms), content.subspan(kBlockHeadBytes)});
    return true;
  }

  ByteView rest_;
  std::size_t size_;
  std::uint64_t cluster_ms_ = 0;
  std::vector<MatroskaBlock> blocks_;
};

}  // namespace

Result<std::vector<MatroskaBlock>> matroska_blocks(ByteView stream) { return Walk(stream).blocks(); }

}  // namespace assent::load
