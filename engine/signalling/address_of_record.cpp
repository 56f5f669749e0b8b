#include "engine/signalling/address_of_record.h"

#include <algorithm>
#include <array>

#include "base/limits.h"
#include "base/text.h"
#include "engine/signalling/plain_text.h"

namespace assent {
namespace {

// What callers are called who do not want to be known, or whom nobody knows.
constexpr std::array<std::string_view, 6> kNobody = {"anonymous",  "unknown",  "unavailable",
                                                     "restricted", "withheld", "private"};

struct Parts {
  std::string scheme;  // "sip" or "tel", or another
  std::string user;    // of tel, the number as it was written
  std::string host;
  std::string context;  // phone-context, of tel
};

std::string_view before_any(std::string_view text, std::string_view marks) {
  return text.substr(0, text.find_first_of(marks));
}

// "%2B" is "+" (RFC 3986 section 2.1).
std::string unescaped(std::string_view text) {
  const auto digit = [](char c) {
    c = lower_case(c);
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_escape = text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0;
    plain += is_escape ? static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2])) : text[i];
    if (is_escape) i += 2;
  }
  return plain;
}

std::string host_of(std::string_view text) {
  text = before_any(text, ";?");
  if (text.starts_with('[')) return lower_case(text.substr(0, text.find(']') + 1));
  std::string host = lower_case(before_any(text, ":"));
  if (host.ends_with('.')) host.pop_back();
  return host;
}

std::string phone_context(std::string_view parameters) {
  for (auto at = parameters.find(';'); at != parameters.npos; at = parameters.find(';', at + 1)) {
    const std::string_view parameter = before_any(parameters.substr(at + 1), ";");
    const auto equals = parameter.find('=');
    if (equals != parameter.npos && equal_but_for_case(parameter.substr(0, equals), "phone-context")) {
      return lower_case(parameter.substr(equals + 1));
    }
  }
  return {};
}

Parts parts_of(std::string_view aor) {
  if (const auto open = aor.find('<'); open != aor.npos) aor = before_any(aor.substr(open + 1), ">");
  Parts parts;
  const auto colon = aor.find(':');
  const auto at_sign = aor.find('@');
  const bool has_scheme = colon != aor.npos && (at_sign == aor.npos || colon < at_sign) &&
                          std::all_of(aor.begin(), aor.begin() + static_cast<std::ptrdiff_t>(colon),
                                      [](char c) { return lower_case(c) >= 'a' && lower_case(c) <= 'z'; });
  if (has_scheme) {
    parts.scheme = lower_case(aor.substr(0, colon));
    aor.remove_prefix(colon + 1);
  } else {
    parts.scheme = at_sign != aor.npos ? "sip" : "tel";
  }
  if (parts.scheme == "sips") parts.scheme = "sip";
  if (const auto at = aor.find('@'); parts.scheme != "tel" && at != aor.npos) {
    parts.user = unescaped(before_any(aor.substr(0, at), ";:"));
    parts.host = host_of(aor.substr(at + 1));
  } else if (parts.scheme == "tel") {
    parts.user = before_any(aor, ";?");
    parts.context = phone_context(before_any(aor, "?"));
  } else {
    parts.host = host_of(aor);
  }
  return parts;
}

// Digits alone, without what only makes a number easier to read (RFC 3966 section 5.1.1); "" when it is no number.
std::string digits_of(std::string_view number) {
  std::string digits;
  for (const char c : number) {
    if (c == '-' || c == '.' || c == '(' || c == ')' || c == ' ') continue;
    if ((c < '0' || c > '9') && c != '*' && c != '#') return {};
    digits += c;
  }
  return digits;
}

std::string global_number(std::string_view user) {
  if (!user.starts_with('+')) return {};
  const std::string digits = digits_of(user.substr(1));
  return digits.empty() ? std::string() : "+" + digits;
}

bool is_nobody(const Parts& parts) {
  const std::string user = lower_case(parts.user);
  return user.empty() || parts.host == "invalid" || parts.host.ends_with(".invalid") ||
         std::find(kNobody.begin(), kNobody.end(), user) != kNobody.end();
}

std::string reference_of(const Parts& parts) {
  if (const std::string number = global_number(parts.user); !number.empty()) return "tel:" + number;
  if (parts.scheme != "tel") return parts.scheme + ":" + parts.user + "@" + parts.host;
  const std::string digits = digits_of(parts.user);
  return "tel:" + (digits.empty() ? parts.user : digits) +
         (parts.context.empty() ? "" : ";phone-context=" + parts.context);
}

}  // namespace

std::optional<std::string> subject_of(std::string_view aor) {
  const std::string plain = plain_text(aor, limits::kRsTextBytes);
  const Parts parts = parts_of(plain);
  if (plain.empty() || is_nobody(parts)) return std::nullopt;
  std::string reference = plain_text(reference_of(parts), limits::kRefBytes + 1);
  if (reference.size() > limits::kRefBytes) return std::nullopt;
  return reference;
}

bool is_among(std::string_view aor, const std::vector<std::string>& addresses) {
  const auto reference = subject_of(aor);
  if (!reference) return false;
  const std::string host = parts_of(plain_text(aor, limits::kRsTextBytes)).host;
  return std::any_of(addresses.begin(), addresses.end(), [&](const std::string& one) {
    return one.starts_with('@') ? !host.empty() && equal_but_for_case(one.substr(1), host)
                                : subject_of(one) == reference;
  });
}

}  // namespace assent
