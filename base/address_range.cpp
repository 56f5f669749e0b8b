#include "base/address_range.h"

#include "base/bytes.h"
#include "base/text.h"

namespace assent {
namespace {

constexpr unsigned kMappedBits = 96;  // before an IPv4 address in its mapped form
constexpr unsigned kAddressBits = 128;

bool same_prefix(const Endpoint& a, const Endpoint& b, unsigned bits) {
  for (unsigned i = 0; i < bits; i += 8) {
    const unsigned used = bits - i < 8 ? bits - i : 8;
    const auto mask = static_cast<std::uint8_t>(0xFFU << (8 - used));
    if (((a.address[i / 8] ^ b.address[i / 8]) & mask) != 0) return false;
  }
  return true;
}

bool is_zero_after(const Endpoint& endpoint, unsigned bits) {
  for (unsigned i = bits; i < kAddressBits; ++i) {
    if ((endpoint.address[i / 8] >> (7 - i % 8) & 1) != 0) return false;
  }
  return true;
}

}  // namespace

std::uint64_t network_of(const Endpoint& endpoint) {
  return load_be64(endpoint.address.data() + (endpoint.is_v4() ? 8 : 0));
}

bool AddressRange::contains(const Endpoint& endpoint) const { return same_prefix(first_, endpoint, prefix_bits_); }

std::string AddressRange::text() const {
  const unsigned bits = first_.is_v4() ? prefix_bits_ - kMappedBits : prefix_bits_;
  return address_text(first_) + "/" + std::to_string(bits);
}

std::optional<AddressRange> parse_address_range(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto first = parse_address(text.substr(0, slash), 0);
  if (!first) return std::nullopt;
  if (slash == std::string_view::npos) return AddressRange(*first, kAddressBits);
  const auto bits = parse_number<unsigned>(text.substr(slash + 1));
  const unsigned least = first->is_v4() ? kMappedBits : 0;
  if (!bits || *bits > kAddressBits - least || !is_zero_after(*first, least + *bits)) return std::nullopt;
  return AddressRange(*first, least + *bits);
}

}  // namespace assent
