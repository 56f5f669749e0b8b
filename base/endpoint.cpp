#include "base/endpoint.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "base/text.h"

namespace assent {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

}  // namespace

bool Endpoint::is_v4() const { return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), address.begin()); }

std::string address_text(const Endpoint& endpoint) {
  char text[INET6_ADDRSTRLEN] = {};
  if (endpoint.is_v4()) {
    inet_ntop(AF_INET, endpoint.address.data() + kMappedPrefix.size(), text, sizeof text);
  } else {
    inet_ntop(AF_INET6, endpoint.address.data(), text, sizeof text);
  }
  return text;
}

std::string to_text(const Endpoint& endpoint) {
  const std::string address = address_text(endpoint);
  const std::string port = std::to_string(endpoint.port);
  return endpoint.is_v4() ? address + ':' + port : '[' + address + "]:" + port;
}

bool is_any_address(const Endpoint& endpoint) {
  const auto begin = endpoint.address.begin() + (endpoint.is_v4() ? kMappedPrefix.size() : 0);
  return std::all_of(begin, endpoint.address.end(), [](std::uint8_t byte) { return byte == 0; });
}

std::optional<Endpoint> parse_address(std::string_view address, std::uint16_t port) {
  const std::string text(address);
  Endpoint endpoint;
  endpoint.port = port;
  std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), endpoint.address.begin());
  if (inet_pton(AF_INET, text.c_str(), endpoint.address.data() + kMappedPrefix.size()) == 1) return endpoint;
  if (inet_pton(AF_INET6, text.c_str(), endpoint.address.data()) == 1) return endpoint;
  return std::nullopt;
}

std::optional<Endpoint> parse_endpoint(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = parse_number<std::uint16_t>(text.substr(colon + 1));
  std::string_view address = text.substr(0, colon);
  if (!port) return std::nullopt;
  const bool bracketed = address.size() > 2 && address.front() == '[' && address.back() == ']';
  if (bracketed) address = address.substr(1, address.size() - 2);
  // An IPv6 literal without brackets leaves it open where the port begins.
  if (!bracketed && address.find(':') != std::string_view::npos) return std::nullopt;
  return parse_address(address, *port);
}

std::optional<Endpoint> endpoint_from(const sockaddr* from) {
  Endpoint endpoint;
  if (from->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, from, sizeof v4);
    std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), endpoint.address.begin());
    std::memcpy(endpoint.address.data() + kMappedPrefix.size(), &v4.sin_addr, 4);
    endpoint.port = ntohs(v4.sin_port);
    return endpoint;
  }
  if (from->sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, from, sizeof v6);
    std::memcpy(endpoint.address.data(), &v6.sin6_addr, 16);
    endpoint.port = ntohs(v6.sin6_port);
    return endpoint;
  }
  return std::nullopt;
}

unsigned fill_sockaddr(const Endpoint& endpoint, sockaddr_storage& to) {
  std::memset(&to, 0, sizeof to);
  if (endpoint.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(endpoint.port);
    std::memcpy(&v4.sin_addr, endpoint.address.data() + kMappedPrefix.size(), 4);
    std::memcpy(&to, &v4, sizeof v4);
    return sizeof v4;
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(endpoint.port);
  std::memcpy(&v6.sin6_addr, endpoint.address.data(), 16);
  std::memcpy(&to, &v6, sizeof v6);
  return sizeof v6;
}

}  // namespace assent
