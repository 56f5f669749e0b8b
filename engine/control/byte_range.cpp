#include "engine/control/byte_range.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace assent {
namespace {

// Digits and nothing else; more than fit are as good as the largest number.
std::optional<std::uint64_t> number(std::string_view text) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  (void)end;
  return failed == std::errc() ? value : UINT64_MAX;
}

ByteRange part(std::uint64_t first, std::uint64_t length) { return {ByteRange::Kind::part, first, length}; }

}  // namespace

ByteRange wanted_range(const std::map<std::string, std::string>& headers, std::string_view etag,
                       std::uint64_t body_bytes) {
  const ByteRange whole{ByteRange::Kind::whole, 0, body_bytes};
  const ByteRange none{ByteRange::Kind::unsatisfiable, 0, 0};
  const auto asked = headers.find("range");
  if (asked == headers.end()) return whole;
  if (const auto only_if = headers.find("if-range"); only_if != headers.end() && only_if->second != etag) return whole;
  std::string_view text = asked->second;
  constexpr std::string_view kUnit = "bytes=";
  if (!text.starts_with(kUnit)) return whole;
  text.remove_prefix(kUnit.size());
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return whole;
  const auto first = number(text.substr(0, dash));
  const auto last = number(text.substr(dash + 1));
  if (dash == 0) {  // the last so many
    if (!last) return whole;
    if (*last == 0 || body_bytes == 0) return none;
    const std::uint64_t length = std::min(*last, body_bytes);
    return part(body_bytes - length, length);
  }
  const bool is_open = dash + 1 == text.size();
  if (!first || (!last && !is_open) || (last && *last < *first)) return whole;
  if (*first >= body_bytes) return none;
  const std::uint64_t end = is_open ? body_bytes : std::min(*last, body_bytes - 1) + 1;
  return part(*first, end - *first);
}

}  // namespace assent
