// AMR and AMR-WB payloads (RFC 4867): the frames that one holds, 20 ms each.
//
// A payload is a request of the sender for a mode (CMR, not ours to answer), a table of contents with an entry a frame,
// and the frames' bits. Compact ("bandwidth-efficient", section 4.3) each part follows the one before bit after bit,
// and the end is filled to a byte; octet-aligned (section 4.4) each has bytes of its own. One channel, no interleaving,
// no checksums, no sorting by robustness: codecs/codec.h refuses those. A payload whose frames do not make up its size,
// or with a frame type that is not defined, is none (section 4.3.2). Pure; any thread.
//
//   compact        |CMR:4|F:1 FT:4 Q:1| ... |bits of frame 1|bits of frame 2| ... |0 to 7 bits|
//   octet-aligned  |CMR:4|0:4|  |F:1 FT:4 Q:1|0:2| ...   frame 1, to a byte   frame 2, to a byte ...
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "codecs/codec.h"

namespace assent {

inline constexpr std::uint32_t kAmrFrameMs = 20;

// One frame as it stands in a file (section 5.3): |0|FT:4|Q:1|00|, then the bits, filled to a byte.
struct AmrFrame {
  std::array<std::uint8_t, 61> bytes{};  // the longest is a byte and 477 bits
  std::size_t size = 0;

  ByteView view() const { return ByteView(bytes).first(size); }
  // Whether it is of speech that arrived whole: not comfort noise, not "nothing", not damaged on its way.
  bool is_speech = false;
};

// A payload's frames, in order. Errors are told before the first of them: `count` is nothing when it is no payload.
class AmrFrames {
 public:
  // `codec` is amr or amr_wb.
  AmrFrames(const Codec& codec, ByteView payload);

  std::optional<std::size_t> count() const { return count_; }
  // The next one; nothing after the last, or when it is no payload.
  std::optional<AmrFrame> next();

 private:
  struct Bits {
    ByteView bytes;
    std::size_t at = 0;

    std::size_t left() const { return bytes.size() * 8 - at; }
    std::uint8_t take(std::size_t bits);  // at most 8, of which as many are left
    void align() { at = (at + 7) / 8 * 8; }
  };

  // What the next entry says; nothing when there is none, or its frame type is not defined.
  struct Entry {
    std::uint8_t type = 0;
    bool good = false;
    bool is_last = false;
    std::size_t bits = 0;
  };
  std::optional<Entry> take_entry();
  std::optional<std::size_t> measure();
  std::size_t stored_bits(std::size_t bits) const;

  bool wide_;
  bool aligned_;
  Bits entries_;
  Bits data_;
  std::optional<std::size_t> count_;
  std::size_t left_ = 0;
};

}  // namespace assent
