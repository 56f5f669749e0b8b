#include "crypto/srtp_terms.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "crypto/constant_time.h"
#include "crypto/srtp_session.h"
#include "crypto/wipe.h"

namespace assent {
namespace {

std::string_view take_word(std::string_view& text) {
  const std::size_t end = text.find(' ');
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return word;
}

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
  return one.suite == other.suite && std::ranges::equal(one.keys, other.keys, [](const auto& a, const auto& b) {
           return std::ranges::equal(a.mki(), b.mki()) && equal_constant_time(a.reveal(), b.reveal());
         });
}

std::string to_text(const SrtpTerms& terms) {
  std::string text(name_of(terms.suite));
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
  const auto suite = srtp_suite_named(take_word(text));
  if (!suite) return no_terms();
  auto terms = std::make_shared<SrtpTerms>();
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
