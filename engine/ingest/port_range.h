// PortRange: the pairs of UDP ports that legs get, an even one for RTP and the odd one above for RTCP (RFC 3550 section
// 11).
//
// Hands out the pair that has been free longest, so that late packets of a call that ended do not reach a new one. Does
// not know whether another program holds a port: who opens one finds out. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace assent {

struct PortSpan {
  std::uint16_t first = 0;
  std::uint16_t last = 0;  // included
  constexpr bool operator==(const PortSpan&) const = default;
};

// "20000-29999". Errc::invalid when it is not two ports from 1024 up, in order.
Result<PortSpan> parse_port_span(std::string_view text);
std::string to_text(PortSpan span);

struct PortPair {
  std::uint16_t even = 0;
  std::uint16_t odd() const { return static_cast<std::uint16_t>(even + 1); }
};

inline constexpr std::size_t kUdpPorts = 65536;  // that there are, 0 among them

class PortRange {
 public:
  // Errc::invalid when the span holds no whole pair.
  static Result<PortRange> create(PortSpan span);

  std::optional<PortPair> take();  // nothing when all are in use
  bool take(PortPair pair);        // false: it is in use, or not of the range
  // The first pair for which `open(pair)` is a success. Pairs that another program holds (Errc::conflict) go to the end
  // of the line, and each is tried once; any other error is the answer. Errc::exhausted when none is left.
  template <typename Open>
  Result<PortPair> take_first(Open&& open) {
    for (std::size_t tries = free_.size(); tries > 0; --tries) {
      const PortPair pair = *take();
      const Result<void> opened = open(pair);
      if (opened) return pair;
      give_back(pair);
      if (opened.error().code != Errc::conflict) return opened.error();
    }
    return error(Errc::exhausted, "no free pair of ports in the range of RTP ports; widen it or end calls");
  }
  void give_back(PortPair pair) { free_.push_back(pair); }
  std::size_t free_pairs() const { return free_.size(); }

 private:
  PortRange() = default;
  std::deque<PortPair> free_;  // longest free first
};

}  // namespace assent
