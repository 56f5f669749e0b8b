#include "crypto/srtp_sdes.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/text.h"
#include "crypto/srtp_session.h"
#include "crypto/wipe.h"

namespace assent {
namespace {

constexpr std::uint64_t kLifetimeMax = std::uint64_t{1} << 48;

Error wrong(std::string what) { return error(Errc::invalid, "a=crypto: " + std::move(what)); }
Error not_ours(std::string what) { return error(Errc::unsupported, "a=crypto: " + std::move(what)); }

// What stands before `separator`, which is taken off with it; all when there is none.
std::string_view take_until(std::string_view& text, char separator) {
  const std::size_t at = text.find(separator);
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return taken;
}

// The next word. Words are apart by spaces or tabs.
std::string_view take_word(std::string_view& text) {
  constexpr std::string_view kSpace = " \t";
  text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(kSpace));
  text.remove_prefix(word.size());
  return word;
}

Result<std::uint64_t> lifetime_in(std::string_view text) {
  const bool is_power = text.starts_with("2^");
  const auto number = parse_number<std::uint64_t>(is_power ? text.substr(2) : text);
  if (!number || (is_power && *number > 48)) return wrong("the lifetime is no number from 1 to 2^48");
  const std::uint64_t packets = is_power ? std::uint64_t{1} << *number : *number;
  if (packets == 0 || packets > kLifetimeMax) return wrong("the lifetime is no number from 1 to 2^48");
  return packets;
}

// "1:4": the number 1 in four bytes.
Result<Bytes> mki_in(std::string_view text) {
  const auto value = parse_number<std::uint64_t>(take_until(text, ':'));
  const auto bytes = parse_number<std::uint64_t>(text);
  if (!value) return wrong("the MKI is no number below 2^64");
  if (!bytes || *bytes == 0 || *bytes > limits::kSrtpMkiBytes)
    return wrong("the MKI's length is not from 1 to 128 bytes");
  Bytes mki(*bytes);
  std::uint64_t rest = *value;
  for (auto byte = mki.rbegin(); byte != mki.rend(); ++byte, rest >>= 8) *byte = static_cast<std::uint8_t>(rest);
  if (rest != 0) return wrong("the MKI is too large for its length");
  return mki;
}

// "inline:BASE64|lifetime|MKI:length", the last two as they like.
Result<SrtpMasterKey> key_in(std::string_view text, SrtpSuite suite, std::uint64_t& lifetime_packets) {
  constexpr std::string_view kInline = "inline:";
  if (!text.starts_with(kInline)) return wrong("the key is not given as \"inline:\"");
  text.remove_prefix(kInline.size());
  if (text.ends_with('|')) return wrong("the key ends with nothing after \"|\"; lifetime or MKI are missing");
  const std::string_view encoded = take_until(text, '|');
  Bytes mki;
  if (!text.empty() && text.substr(0, text.find('|')).find(':') == std::string_view::npos) {
    const auto lifetime = lifetime_in(take_until(text, '|'));
    if (!lifetime) return lifetime.error();
    lifetime_packets = std::min(lifetime_packets, *lifetime);
  }
  if (!text.empty()) {
    auto named = mki_in(text);
    if (!named) return named.error();
    mki = std::move(*named);
  }
  auto secret = from_base64(encoded);
  if (!secret) return wrong("the key is not base64 with its padding");
  auto key = SrtpMasterKey::create(suite, *secret, mki);
  wipe(*secret);
  if (!key) return wrong(key.error().what);
  return key;
}

// Of a parameter that begins with "-" an offer says that it may be left out of account (RFC 4568 6.3.7).
Result<void> check_parameter(std::string_view parameter) {
  if (parameter.starts_with('-')) return {};
  const std::string_view whole = parameter;
  const std::string_view name = take_until(parameter, '=');
  const auto value = parse_number<std::uint64_t>(parameter);
  if (name == "KDR") {
    if (!value || *value > 24) return wrong("KDR is not from 0 to 24");
    if (*value != 0) return not_ours("a key derivation rate");
    return {};
  }
  if (name == "WSH") {  // a hint at how large a replay window should be; ours is what it is
    if (!value || *value < 64) return wrong("WSH is no number from 64");
    return {};
  }
  for (const std::string_view known : {"UNENCRYPTED_SRTP", "UNENCRYPTED_SRTCP", "UNAUTHENTICATED_SRTP"}) {
    if (whole == known) return not_ours(std::string(known) + ": everything is encrypted and authenticated");
  }
  return not_ours("a session parameter that is not known");
}

}  // namespace

Result<SrtpSdes> parse_srtp_sdes(std::string_view line) {
  constexpr std::string_view kAttribute = "a=crypto:";
  if (!line.starts_with(kAttribute)) return wrong("the line does not begin so");
  line.remove_prefix(kAttribute.size());
  SrtpSdes sdes;

  const std::string_view digits = line.substr(0, line.find_first_of(" \t"));
  const auto tag = parse_number<std::uint64_t>(digits);
  if (!tag || digits.size() > 9 || (digits.size() > 1 && digits[0] == '0')) {
    return wrong("the tag is not one to nine digits without a leading zero");
  }
  sdes.tag = static_cast<std::uint32_t>(*tag);
  line.remove_prefix(digits.size());

  const std::string_view name = take_word(line);
  if (name.empty()) return wrong("there is no suite");
  const auto suite = srtp_suite_named(name);
  if (!suite) return not_ours("a suite that is not known");
  sdes.suite = *suite;

  std::string_view keys = take_word(line);
  if (keys.empty()) return wrong("there is no key");
  if (keys.ends_with(';')) return wrong("a key is missing at the end");
  while (!keys.empty()) {
    auto key = key_in(take_until(keys, ';'), *suite, sdes.lifetime_packets);
    if (!key) return key.error();
    sdes.keys.push_back(std::move(*key));
    if (sdes.keys.size() > limits::kSrtpMasterKeys) break;  // told below
  }
  if (auto sound = check_srtp_keys(*suite, sdes.keys); !sound) return wrong(sound.error().what);

  for (std::string_view parameter = take_word(line); !parameter.empty(); parameter = take_word(line)) {
    if (auto sound = check_parameter(parameter); !sound) return sound.error();
  }
  return sdes;
}

}  // namespace assent
