#include "engine/signalling/plain_text.h"

#include <algorithm>

#include "base/text.h"

namespace assent {
namespace {

// How many bytes the character at the beginning has; 0: it is none.
std::size_t character_bytes(std::string_view text) {
  constexpr std::size_t kMost = 4;
  for (std::size_t bytes = 1; bytes <= std::min(kMost, text.size()); ++bytes) {
    if (is_utf8(text.substr(0, bytes))) return bytes;
  }
  return 0;
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
