#include "engine/signalling/plain_text.h"

#include <cstdint>

namespace assent {
namespace {

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

// How many bytes the character at the beginning has; 0: it is none (RFC 3629 section 4).
std::size_t character_bytes(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return 1;
  const std::size_t bytes = first >= 0xC2 && first <= 0xDF ? 2 : (first & 0xF0) == 0xE0 ? 3 : 4;
  if (first < 0xC2 || first > 0xF4 || text.size() < bytes) return 0;
  for (std::size_t i = 1; i < bytes; ++i) {
    if (!is_continuation(text[i])) return 0;
  }
  const auto second = static_cast<unsigned char>(text[1]);
  const bool is_too_long = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool is_surrogate = first == 0xED && second >= 0xA0;
  const bool is_too_high = first == 0xF4 && second >= 0x90;
  return is_too_long || is_surrogate || is_too_high ? 0 : bytes;
}

bool is_blank(char byte) { return static_cast<unsigned char>(byte) <= ' ' || byte == '\x7F'; }

}  // namespace

std::string plain_text(std::string_view text, std::size_t most_bytes) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  std::string plain;
  while (!text.empty()) {
    const std::size_t bytes = character_bytes(text);
    const std::string_view next = bytes == 0 ? "?" : is_blank(text.front()) ? " " : text.substr(0, bytes);
    if (plain.size() + next.size() > most_bytes) break;
    plain += next;
    text.remove_prefix(bytes == 0 ? 1 : bytes);
  }
  while (!plain.empty() && plain.back() == ' ') plain.pop_back();
  return plain;
}

}  // namespace assent
