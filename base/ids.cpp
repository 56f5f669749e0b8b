#include "base/ids.h"

#include <sys/random.h>

#include "base/result.h"

namespace assent::detail {

std::array<std::uint8_t, 16> new_uuid_v7(WallTime now) {
  std::array<std::uint8_t, 16> id{};
  const ssize_t got = getrandom(id.data(), id.size(), 0);
  ASSENT_CHECK(got == static_cast<ssize_t>(id.size()));  // never short for 16 bytes once the pool is seeded
  const auto ms =
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count());
  store_be16(id.data(), static_cast<std::uint16_t>(ms >> 32));
  store_be32(id.data() + 2, static_cast<std::uint32_t>(ms));
  id[6] = static_cast<std::uint8_t>((id[6] & 0x0F) | 0x70);  // version 7
  id[8] = static_cast<std::uint8_t>((id[8] & 0x3F) | 0x80);  // variant 10
  return id;
}

std::string uuid_text(const std::array<std::uint8_t, 16>& bytes) {
  const std::string hex = to_hex(bytes);
  return hex.substr(0, 8) + '-' + hex.substr(8, 4) + '-' + hex.substr(12, 4) + '-' + hex.substr(16, 4) + '-' +
         hex.substr(20);
}

std::optional<std::array<std::uint8_t, 16>> parse_uuid(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  std::string hex;
  hex.reserve(32);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash_place = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash_place != (text[i] == '-')) return std::nullopt;
    if (!dash_place) hex.push_back(text[i]);
  }
  const auto bytes = from_hex(hex);
  if (!bytes) return std::nullopt;
  std::array<std::uint8_t, 16> id{};
  std::memcpy(id.data(), bytes->data(), id.size());
  return id;
}

}  // namespace assent::detail
