#include "pipelines/ephemeral_ports.h"

#include <algorithm>
#include <fstream>
#include <optional>
#include <string>

#include "base/text.h"

namespace assent {
namespace {

std::optional<PortSpan> span_of(std::string_view first, std::string_view last) {
  const auto from = parse_number<std::uint16_t>(first);
  const auto to = parse_number<std::uint16_t>(last);
  if (!from || !to || *from > *to) return std::nullopt;
  return PortSpan{*from, *to};
}

void mark(EphemeralPorts& ports, const std::optional<PortSpan>& span, bool as) {
  if (!span) return;
  for (std::size_t port = span->first; port <= span->last; ++port) ports.set(port, as);
}

std::string line_of(const char* file) {
  std::string line;
  std::getline(std::ifstream(file), line);
  return line;
}

}  // namespace

EphemeralPorts ephemeral_ports_from(std::string_view range, std::string_view reserved) {
  EphemeralPorts ports;
  if (const auto between = range.find('\t'); between != std::string_view::npos) {
    mark(ports, span_of(range.substr(0, between), range.substr(between + 1)), true);
  }
  while (!reserved.empty()) {
    const std::string_view each = reserved.substr(0, reserved.find(','));
    const auto dash = each.find('-');
    mark(ports,
         dash == std::string_view::npos ? span_of(each, each) : span_of(each.substr(0, dash), each.substr(dash + 1)),
         false);
    reserved.remove_prefix(std::min(reserved.size(), each.size() + 1));
  }
  return ports;
}

EphemeralPorts ephemeral_ports() {
  return ephemeral_ports_from(line_of("/proc/sys/net/ipv4/ip_local_port_range"),
                              line_of("/proc/sys/net/ipv4/ip_local_reserved_ports"));
}

bool has_any_of(const EphemeralPorts& ports, const PortSpan& span) {
  for (std::size_t port = span.first; port <= span.last; ++port) {
    if (ports.test(port)) return true;
  }
  return false;
}

}  // namespace assent
