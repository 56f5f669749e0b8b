// SrtpStream: what is remembered of one SSRC: where it is, and which packets have been there (RFC 3711 3.2.1).
//
// It guesses the index of a packet from its sequence number. Before the first authentic packet there is only the
// rollover counter that was signalled, usually 0. A sender that began shortly before a wrap, and whose packets up to
// there were lost, has counted one rollover more than its receiver knows: RFC 3711 3.3.1 only advises it not to begin
// there, and the stream would stay unheard for ever. So while nothing has been authentic yet, a packet of the lower
// half of the circle may be tried with the next rollover, too; and one of a stream that may have gone on for long with
// as many as it is sought with.
//
// Pure; one thread at a time. It changes by `add` alone, with what has been authenticated.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "crypto/srtp_replay_window.h"

namespace assent {

class SrtpStream {
 public:
  using Place = SrtpReplayWindow::Place;

  SrtpStream() = default;
  explicit SrtpStream(std::uint32_t ssrc, SrtpRollover first = {}) : ssrc_(ssrc), first_(first) {}

  std::uint32_t ssrc() const { return ssrc_; }
  bool has_begun() const { return !window_.is_empty(); }
  SrtpIndex highest() const { return window_.highest(); }

  SrtpIndex guess(SrtpSequence sequence) const {
    return has_begun() ? nearest_index(window_.highest(), sequence) : index_of(first_, sequence);
  }
  // What else it may be when it was not authentic as `tried`: the above, or what became known since. A stream that has
  // not begun is sought with this many rollovers after the first, one after the other.
  std::optional<SrtpIndex> guess_again(SrtpSequence sequence, SrtpIndex tried, std::uint32_t rollovers = 0) const {
    constexpr std::uint16_t kHalf = 0x8000;
    if (has_begun()) {
      const SrtpIndex now = guess(sequence);
      return now == tried ? std::nullopt : std::optional(now);
    }
    const std::uint32_t most = std::max<std::uint32_t>(rollovers, sequence.value < kHalf ? 1 : 0);
    const std::uint32_t next = rollover_of(tried).value + 1;  // 0 after the last there is
    if (next == 0 || next - first_.value > most) return std::nullopt;
    return index_of(SrtpRollover(next), sequence);
  }

  Place place(SrtpIndex index) const { return window_.place(index); }
  void add(SrtpIndex index) { window_.add(index); }

 private:
  std::uint32_t ssrc_ = 0;
  SrtpRollover first_;
  SrtpReplayWindow window_;
};

}  // namespace assent
