#include "engine/signalling/sip/digest_challenge.h"

#include <cstdio>
#include <utility>

#include "base/bytes.h"
#include "base/text.h"
#include "crypto/constant_time.h"
#include "crypto/wipe.h"

namespace assent {
namespace {

constexpr std::size_t kTagBytes = 16;  // of the HMAC, in a nonce
constexpr std::size_t kNonceBytes = 8 + 8 + kTagBytes;

std::uint64_t seconds_of(MonoTime time) {
  return static_cast<std::uint64_t>(std::chrono::floor<seconds>(time.time_since_epoch()).count());
}

SecretKey key_of_ha1(DigestAlgorithm algorithm, const std::string& username, const std::string& realm,
                     std::string_view password) {
  std::string text = username + ":" + realm + ":";
  text.reserve(text.size() + password.size());
  text += password;
  std::string hex = digest_hash(algorithm, text);
  wipe(text);
  SecretKey key = SecretKey::filled_by([&](std::span<std::uint8_t, SecretKey::kBytes> out) {
    if (algorithm == DigestAlgorithm::md5) {
      std::memcpy(out.data(), hex.data(), out.size());
      return;
    }
    Bytes raw = *from_hex(hex);
    std::memcpy(out.data(), raw.data(), out.size());
    wipe(raw);
  });
  wipe(hex);
  return key;
}

std::optional<DigestAlgorithm> algorithm_of(const DigestResponse& answer) {
  if (answer.algorithm.empty() || equal_but_for_case(answer.algorithm, "MD5")) return DigestAlgorithm::md5;
  if (equal_but_for_case(answer.algorithm, "SHA-256")) return DigestAlgorithm::sha256;
  return std::nullopt;
}

// RFC 7616 section 3.4.1, and RFC 2069's form for those that leave qop out.
std::string expected(DigestAlgorithm algorithm, const DigestResponse& answer, std::string_view method,
                     const DigestSecret& secret) {
  const std::string ha2 = digest_hash(algorithm, std::string(method) + ":" + answer.uri);
  std::string text = secret.ha1(algorithm) + ":" + answer.nonce + ":";
  if (!answer.qop.empty()) text += answer.nc + ":" + answer.cnonce + ":" + answer.qop + ":";
  text += ha2;
  std::string response = digest_hash(algorithm, text);
  wipe(text);
  return response;
}

std::optional<std::uint32_t> count_of(const DigestResponse& answer) {
  if (answer.qop.empty()) return 1;
  if (!equal_but_for_case(answer.qop, "auth") || answer.nc.size() != 8 || answer.cnonce.empty()) return std::nullopt;
  const auto bytes = from_hex(answer.nc);
  if (!bytes) return std::nullopt;
  return load_be32(bytes->data());
}

}  // namespace

DigestSecret::DigestSecret(std::string username, const std::string& realm, std::string_view password)
    : username_(std::move(username)),
      md5_(key_of_ha1(DigestAlgorithm::md5, username_, realm, password)),
      sha256_(key_of_ha1(DigestAlgorithm::sha256, username_, realm, password)) {}

std::string DigestSecret::ha1(DigestAlgorithm algorithm) const {
  return algorithm == DigestAlgorithm::md5 ? text_of(md5_.reveal()) : to_hex(sha256_.reveal());
}

DigestChallenge::DigestChallenge(std::string realm, const SecretKey& key, std::size_t most_nonces)
    : realm_(std::move(realm)), key_(key.reveal()), most_nonces_(most_nonces) {}

std::string DigestChallenge::nonce_text(const Nonce& nonce) const {
  std::array<std::uint8_t, kNonceBytes> bytes;
  store_be64(bytes.data(), nonce.made_s);
  store_be64(bytes.data() + 8, nonce.number);
  const HmacSha256 tag = key_.sign({ByteView(bytes.data(), 16)});
  std::memcpy(bytes.data() + 16, tag.data(), kTagBytes);
  return to_hex(bytes);
}

std::optional<DigestChallenge::Nonce> DigestChallenge::read_nonce(const std::string& text) const {
  const auto bytes = text.size() == 2 * kNonceBytes ? from_hex(text) : std::nullopt;
  if (!bytes) return std::nullopt;
  const Nonce nonce{load_be64(bytes->data()), load_be64(bytes->data() + 8)};
  if (!equal_constant_time(bytes_of(nonce_text(nonce)), bytes_of(lower_case(text)))) return std::nullopt;
  return nonce;
}

std::vector<SipHeader> DigestChallenge::ask(Verdict why, MonoTime now) {
  const std::string nonce = nonce_text({seconds_of(now), next_number_++});
  std::vector<SipHeader> headers;
  for (const DigestAlgorithm algorithm : {DigestAlgorithm::sha256, DigestAlgorithm::md5}) {
    std::string value = "Digest realm=\"" + realm_ + "\", qop=\"auth\", algorithm=" + std::string(name_of(algorithm)) +
                        ", nonce=\"" + nonce + "\"";
    if (why == Verdict::stale) value += ", stale=true";
    headers.push_back({"WWW-Authenticate", std::move(value)});
  }
  return headers;
}

DigestChallenge::Verdict DigestChallenge::judge(const DigestResponse& answer, std::string_view method,
                                                const DigestSecret& secret, MonoTime now) {
  const auto algorithm = algorithm_of(answer);
  const auto count = count_of(answer);
  if (!algorithm || !count || answer.realm != realm_ || answer.username != secret.username()) return Verdict::wrong;
  const auto nonce = read_nonce(answer.nonce);
  if (!nonce) return Verdict::wrong;
  std::string right = expected(*algorithm, answer, method, secret);
  if (!equal_constant_time(bytes_of(right), bytes_of(lower_case(answer.response)))) return Verdict::wrong;
  return use(*nonce, *count, now) ? Verdict::right : Verdict::stale;
}

bool DigestChallenge::use(const Nonce& nonce, std::uint32_t count, MonoTime now) {
  const std::uint64_t now_s = seconds_of(now);
  const auto age_s = static_cast<std::uint64_t>(limits::kSipNonceAge.count());
  if (now_s > nonce.made_s + age_s || nonce.number <= forgotten_number_) return false;
  if (count == 0 || count > limits::kSipNonceUses) return false;
  const auto found = used_.find(nonce.number);
  if (found != used_.end()) {
    if (count <= found->second) return false;
    found->second = count;
    return true;
  }
  used_.emplace(nonce.number, count);
  if (used_.size() > most_nonces_) {
    forgotten_number_ = used_.begin()->first;
    used_.erase(used_.begin());
  }
  return nonce.number > forgotten_number_;
}

}  // namespace assent
