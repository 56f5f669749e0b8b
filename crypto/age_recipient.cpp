// AgeRecipient: the public key within "age1...", which is Bech32 (BIP 173) without that specification's bound on
// length.
#include <algorithm>
#include <optional>

#include "crypto/age_encryptor.h"
#include "crypto/sha256.h"

namespace assent {
namespace {

constexpr std::string_view kPrefix = "age";
constexpr std::string_view kAlphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
constexpr std::size_t kSumDigits = 6;
constexpr std::size_t kKeyDigits = 52;  // 32 bytes in digits of five bits, the last of them with four bits to spare
constexpr std::size_t kDigits = kKeyDigits + kSumDigits;
constexpr std::size_t kTextBytes = kPrefix.size() + 1 + kDigits;

using Digits = std::vector<std::uint8_t>;  // five bits each

Error no_recipient(std::string_view why) {
  return error(Errc::invalid, "no age recipient: " + std::string(why) + "; one is age1 and 58 characters more");
}

std::uint32_t polymod_step(std::uint32_t sum, std::uint8_t digit) {
  constexpr std::array<std::uint32_t, 5> kGenerator = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
  const std::uint32_t top = sum >> 25U;
  sum = (sum & 0x1FFFFFFU) << 5U ^ digit;
  for (std::size_t i = 0; i < kGenerator.size(); ++i) {
    if ((top >> i & 1U) != 0) sum ^= kGenerator[i];
  }
  return sum;
}

std::uint32_t checksum(std::span<const std::uint8_t> digits) {
  std::uint32_t sum = 1;
  for (const char c : kPrefix) sum = polymod_step(sum, static_cast<std::uint8_t>(c >> 5));
  sum = polymod_step(sum, 0);
  for (const char c : kPrefix) sum = polymod_step(sum, static_cast<std::uint8_t>(c & 31));
  for (const std::uint8_t digit : digits) sum = polymod_step(sum, digit);
  return sum;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

Result<AgeRecipient> AgeRecipient::parse(std::string_view text) {
  if (text.size() != kTextBytes) return no_recipient("it has " + std::to_string(text.size()) + " characters");
  std::string small(text);
  std::transform(small.begin(), small.end(), small.begin(), lower);
  const bool has_small = std::any_of(text.begin(), text.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  if (has_small && small != text) return no_recipient("small letters and capitals are mixed");
  if (!small.starts_with("age1")) return no_recipient("it does not begin with age1");
  Digits digits;
  for (const char c : std::string_view(small).substr(kPrefix.size() + 1)) {
    const std::size_t digit = kAlphabet.find(c);
    if (digit == std::string_view::npos) return no_recipient("it has a character that none has");
    digits.push_back(static_cast<std::uint8_t>(digit));
  }
  if (checksum(digits) != 1) return no_recipient("its checksum is wrong: it was not copied as it is");
  std::array<std::uint8_t, 32> key{};
  std::uint32_t bits = 0;
  unsigned count = 0;
  std::size_t filled = 0;
  for (std::size_t i = 0; i < kKeyDigits; ++i) {
    bits = (bits << 5U | digits[i]) & 0xFFFU;
    count += 5;
    if (count < 8) continue;
    count -= 8;
    key.at(filled++) = static_cast<std::uint8_t>(bits >> count);
  }
  if ((bits & ((1U << count) - 1)) != 0) return no_recipient("it is not padded as one is");
  return AgeRecipient(key);
}

std::string AgeRecipient::text() const {
  Digits digits;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const std::uint8_t byte : key_) {
    bits = (bits << 8U | byte) & 0xFFFU;
    for (count += 8; count >= 5; count -= 5) digits.push_back(static_cast<std::uint8_t>(bits >> (count - 5) & 31U));
  }
  digits.push_back(static_cast<std::uint8_t>(bits << (5 - count) & 31U));
  Digits summed = digits;
  summed.resize(digits.size() + kSumDigits);
  const std::uint32_t sum = checksum(summed) ^ 1U;
  std::string text = std::string(kPrefix) + "1";
  for (const std::uint8_t digit : digits) text += kAlphabet[digit];
  for (std::size_t i = 0; i < kSumDigits; ++i) text += kAlphabet[sum >> 5 * (kSumDigits - 1 - i) & 31U];
  return text;
}

std::string AgeRecipient::fingerprint() const { return to_hex(sha256(key_)); }

}  // namespace assent
