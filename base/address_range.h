// AddressRange: some addresses of one family, as operators write them: "192.0.2.0/24", "2001:db8::/32", or one alone.
// Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/endpoint.h"

namespace assent {

class AddressRange {
 public:
  bool contains(const Endpoint& endpoint) const;  // whatever its port
  std::string text() const;                       // "192.0.2.0/24"

  // None: not that, or bits are set beyond the prefix, which is a mistake as often as not.
  friend std::optional<AddressRange> parse_address_range(std::string_view text);
  bool operator==(const AddressRange&) const = default;

 private:
  AddressRange(const Endpoint& first, unsigned prefix_bits) : first_(first), prefix_bits_(prefix_bits) {}

  Endpoint first_;
  unsigned prefix_bits_;  // of 128: IPv4 is kept in its mapped form
};

std::optional<AddressRange> parse_address_range(std::string_view text);

// What of its address a host cannot choose: of IPv4 all, of IPv6 the first 64 bits, since one host has the rest.
std::uint64_t network_of(const Endpoint& endpoint);

}  // namespace assent
