#include "pipelines/config_error.h"

namespace assent {

std::string to_text(const ConfigError& error, std::string_view file_name) {
  std::string text(file_name);
  text += ":" + std::to_string(error.place.line) + ":" + std::to_string(error.place.column) + ": " + error.what;
  if (!error.allowed.empty()) text += "; allowed: " + error.allowed;
  return text;
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t kShown = 60;
  std::size_t shown = text.size();
  if (shown > kShown) {
    shown = kShown;
    // Not in the middle of a UTF-8 character.
    while (shown > 0 && (static_cast<unsigned char>(text[shown]) & 0xC0U) == 0x80U) --shown;
  }
  std::string out = "\"";
  for (const char c : text.substr(0, shown)) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte == 0x7F ? '?' : c;
  }
  return out + (shown < text.size() ? "...\"" : "\"");
}

}  // namespace assent
