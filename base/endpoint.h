// Endpoint: an IPv4 or IPv6 address with a UDP or TCP port. IPv4 is kept in its IPv6-mapped form (RFC 4291
// section 2.5.5.2), so two endpoints compare equal however the socket that saw them was opened. Any thread.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

struct sockaddr;
struct sockaddr_storage;

namespace assent {

struct Endpoint {
  std::array<std::uint8_t, 16> address{};
  std::uint16_t port = 0;

  constexpr auto operator<=>(const Endpoint&) const = default;
  // Asked with every packet, so in three comparisons and without a call.
  bool operator==(const Endpoint& other) const {
    std::uint64_t words[4];
    std::memcpy(words, address.data(), 16);
    std::memcpy(words + 2, other.address.data(), 16);
    return words[0] == words[2] && words[1] == words[3] && port == other.port;
  }
  bool is_v4() const;
};

// "192.0.2.1:4000" or "[2001:db8::1]:4000".
std::string to_text(const Endpoint& endpoint);
std::string address_text(const Endpoint& endpoint);  // without the port and the brackets
std::optional<Endpoint> parse_endpoint(std::string_view text);
bool is_any_address(const Endpoint& endpoint);  // 0.0.0.0 or ::, whatever the port: everywhere, or nowhere
std::optional<Endpoint> parse_address(std::string_view address, std::uint16_t port);  // a literal, never a name

std::optional<Endpoint> endpoint_from(const sockaddr* from);
// Fills `to` in the endpoint's own family and returns its length.
unsigned fill_sockaddr(const Endpoint& endpoint, sockaddr_storage& to);

}  // namespace assent
