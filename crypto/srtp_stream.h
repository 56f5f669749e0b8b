// SrtpStream: what is remembered of one SSRC: where it is, and which packets have been there (RFC 3711 3.2.1).
//
// It guesses the index of a packet from its sequence number. Before the first authentic packet there is only the
// rollover counter that was signalled, usually 0. A sender that began shortly before a wrap, and whose packets up to
// there were lost, has counted one rollover more than its receiver knows: RFC 3711 3.3.1 only advises it not to begin
// there, and the stream would stay unheard for ever. So while nothing has been authentic yet, a packet of the lower
// half of the circle may be tried with the next rollover, too.
//
// Pure; one thread at a time. It changes by `add` alone, with what has been authenticated.
#pragma once

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
  // What else it may be when it was not authentic as `tried`: the above, or what became known since.
  std::optional<SrtpIndex> guess_again(SrtpSequence sequence, SrtpIndex tried) const {
    constexpr std::uint16_t kHalf = 0x8000;
    const SrtpIndex now = guess(sequence);
    if (now != tried) return now;
    if (has_begun() || sequence.value >= kHalf || first_.value == UINT32_MAX) return std::nullopt;
    return index_of(SrtpRollover(first_.value + 1), sequence);
  }

  Place place(SrtpIndex index) const { return window_.place(index); }
  void add(SrtpIndex index) { window_.add(index); }

 private:
  std::uint32_t ssrc_ = 0;
  SrtpRollover first_;
  SrtpReplayWindow window_;
};

}  // namespace assent
