// SrtpSources: the streams of one session by their SSRC, of which there are limits::kSrtpSources at most. The one that
// spoke last stands first, where a packet finds it without looking further. None is ever forgotten: under the same keys
// its packets could be replayed then. Pure; one thread at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/limits.h"
#include "crypto/srtp_stream.h"

namespace assent {

struct SrtpJoin {
  std::uint32_t ssrc = 0;
  SrtpRollover rollover;
};

class SrtpSources {
 public:
  // `joined`: where a source is that began before the session did.
  explicit SrtpSources(const std::optional<SrtpJoin>& joined) {
    if (joined) streams_[count_++] = SrtpStream(joined->ssrc, joined->rollover);
  }

  // As it is, or as it would begin.
  SrtpStream of(std::uint32_t ssrc) const {
    const std::size_t at = place_of(ssrc);
    return at < streams_.size() && streams_[at].ssrc() == ssrc ? streams_[at] : SrtpStream(ssrc);
  }
  bool is_empty() const { return count_ == 0; }
  bool has_room_for(std::uint32_t ssrc) const { return place_of(ssrc) < streams_.size(); }

  void add(std::uint32_t ssrc, SrtpIndex index) {  // authentic and fresh, and there is room for it
    const std::size_t at = place_of(ssrc);
    if (!streams_[at].has_begun() && at == count_) streams_[count_++] = SrtpStream(ssrc);
    if (at != 0) std::swap(streams_[0], streams_[at]);
    streams_[0].add(index);
  }

 private:
  // Its place, or the next free one. Whether it is the first is seen without a look at how many there are: a place that
  // is free has not begun, as SSRC 0.
  std::size_t place_of(std::uint32_t ssrc) const {
    if (streams_[0].ssrc() == ssrc) return 0;
    std::size_t at = 0;
    while (at < count_ && streams_[at].ssrc() != ssrc) ++at;
    return at;
  }

  std::array<SrtpStream, limits::kSrtpSources> streams_;
  std::size_t count_ = 0;
};

}  // namespace assent
