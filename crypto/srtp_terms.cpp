#include "crypto/srtp_terms.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "crypto/constant_time.h"
#include "crypto/srtp_session.h"
#include "crypto/wipe.h"

namespace assent {
namespace {

constexpr std::string_view kByDtls = "DTLS";

std::string_view take_words(std::string_view& text, int count) {
  std::size_t end = text.find(' ');
  for (int word = 1; word < count && end != text.npos; ++word) end = text.find(' ', end + 1);
  const std::string_view words = text.substr(0, end);
  text.remove_prefix(end == text.npos ? text.size() : end + 1);
  return words;
}
std::string_view take_word(std::string_view& text) { return take_words(text, 1); }

Error no_terms() { return error(Errc::corrupt, "what is kept of a leg's SRTP keys makes no sense"); }

Result<SrtpMasterKey> key_from(SrtpSuite suite, std::string_view word) {
  const std::size_t colon = word.find(':');
  const auto mki = from_hex(word.substr(0, colon));
  auto secret = colon == std::string_view::npos ? std::nullopt : from_base64(word.substr(colon + 1));
  if (!mki || !secret) return no_terms();
  auto key = SrtpMasterKey::create(suite, *secret, *mki);
  wipe(*secret);
  if (!key && key.error().code == Errc::invalid) return no_terms();
  return key;
}

}  // namespace

bool are_same(const SrtpTerms& one, const SrtpTerms& other) {
  if (one.by_dtls || other.by_dtls) return one.by_dtls == other.by_dtls;
  return one.suite == other.suite && std::ranges::equal(one.keys, other.keys, [](const auto& a, const auto& b) {
           return std::ranges::equal(a.mki(), b.mki()) && equal_constant_time(a.reveal(), b.reveal());
         });
}

std::string to_text(const SrtpTerms& terms) {
  std::string text;
  if (terms.by_dtls) text = std::string(kByDtls) + ' ' + to_text(*terms.by_dtls);
  if (!terms.has_keys()) return text;
  if (terms.by_dtls) text += ' ';
  text += name_of(terms.suite);
  std::size_t bytes = text.size();
  for (const SrtpMasterKey& key : terms.keys) bytes += 2 + 2 * key.mki().size() + (key.reveal().size() + 2) / 3 * 4;
  text.reserve(bytes);  // or keys would be left behind where it was before it grew
  for (const SrtpMasterKey& key : terms.keys) {
    std::string secret = to_base64(key.reveal());
    text += ' ' + to_hex(key.mki()) + ':';
    text += secret;
    wipe(secret);
  }
  return text;
}

Result<SharedSrtpTerms> srtp_terms_from(std::string_view text) {
  auto terms = std::make_shared<SrtpTerms>();
  std::string_view word = take_word(text);
  if (word == kByDtls) {
    auto peer = parse_dtls_fingerprint(take_words(text, 2));
    if (!peer) return no_terms();
    terms->by_dtls = *std::move(peer);
    if (text.empty()) return SharedSrtpTerms(std::move(terms));
    word = take_word(text);
  }
  const auto suite = srtp_suite_named(word);
  if (!suite) return no_terms();
  terms->suite = *suite;
  while (!text.empty()) {
    auto key = key_from(*suite, take_word(text));
    if (!key) return key.error();
    terms->keys.push_back(std::move(*key));
  }
  if (!check_srtp_keys(*suite, terms->keys)) return no_terms();
  return SharedSrtpTerms(std::move(terms));
}

}  // namespace assent
