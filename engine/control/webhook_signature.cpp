#include "engine/control/webhook_signature.h"

#include <algorithm>
#include <charconv>

#include "base/bytes.h"
#include "base/limits.h"

namespace assent {
namespace {

// Digits alone, so that there is one way of writing what is signed: no sign, no space, no fraction.
std::optional<std::int64_t> seconds_of(std::string_view text) {
  std::int64_t seconds = 0;
  const bool digits =
      !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits || text.size() > limits::kSignatureTimeDigits) return std::nullopt;
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  return seconds;
}

std::optional<HmacSha256> tag_of(std::string_view text) {
  HmacSha256 tag{};
  const auto bytes = from_hex(text);
  if (!bytes || bytes->size() != tag.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), tag.begin());
  return tag;
}

std::string_view without_spaces(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

std::optional<WebhookSignature> parse_webhook_signature(std::string_view header) {
  if (header.size() > limits::kSignatureHeaderBytes) return std::nullopt;
  WebhookSignature signature;
  bool has_time = false;
  while (!header.empty()) {
    const std::string_view whole = header.substr(0, header.find(','));
    header.remove_prefix(std::min(header.size(), whole.size() + 1));
    const std::string_view part = without_spaces(whole);
    if (part.starts_with("t=")) {
      const auto seconds = seconds_of(part.substr(2));
      if (!seconds || has_time) return std::nullopt;
      has_time = true;
      signature.signed_at_s = *seconds;
      signature.time_text = part.substr(2);
    } else if (part.starts_with("v1=")) {
      const auto tag = tag_of(part.substr(3));
      if (!tag || signature.tags.size() == limits::kSignatureTags) return std::nullopt;
      signature.tags.push_back(*tag);
    }
  }
  if (!has_time || signature.tags.empty()) return std::nullopt;
  return signature;
}

}  // namespace assent
