#include "engine/ingest/port_range.h"

#include <algorithm>
#include <string>

#include "base/text.h"

namespace assent {
namespace {

constexpr std::uint16_t kLowestPort = 1024;  // those below are the system's own services

std::optional<std::uint16_t> parse_port(std::string_view text) {
  const auto port = parse_number<std::uint16_t>(text);
  return port && *port >= kLowestPort ? port : std::nullopt;
}

}  // namespace

std::string to_text(PortSpan span) { return std::to_string(span.first) + "-" + std::to_string(span.last); }

Result<PortSpan> parse_port_span(std::string_view text) {
  const std::size_t dash = text.find('-');
  if (dash != std::string_view::npos) {
    const auto first = parse_port(text.substr(0, dash));
    const auto last = parse_port(text.substr(dash + 1));
    if (first && last && *first <= *last) return PortSpan{*first, *last};
  }
  return error(Errc::invalid, "a port range is two ports from 1024 to 65535, in order, as in 20000-29999");
}

Result<PortRange> PortRange::create(PortSpan span) {
  PortRange range;
  const std::uint32_t first_even = span.first + (span.first & 1U);
  for (std::uint32_t even = first_even; even + 1 <= span.last; even += 2) {
    range.free_.push_back(PortPair{static_cast<std::uint16_t>(even)});
  }
  if (range.free_.empty()) {
    return error(Errc::invalid, "port range " + to_text(span) + " holds no pair of an even port and the next odd one");
  }
  return range;
}

bool PortRange::take(PortPair pair) {
  const auto found = std::find_if(free_.begin(), free_.end(), [&](PortPair one) { return one.even == pair.even; });
  if (found == free_.end()) return false;
  free_.erase(found);
  return true;
}

std::optional<PortPair> PortRange::take() {
  if (free_.empty()) return std::nullopt;
  const PortPair pair = free_.front();
  free_.pop_front();
  return pair;
}

}  // namespace assent
