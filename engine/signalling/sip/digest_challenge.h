// Digest authentication of requests (RFC 7616 as RFC 8760 has it for SIP, with MD5 for those that know no better): what
// is asked, and whether an answer is right.
//
// A nonce is made without remembering it: it carries when it was made, a number, and an HMAC of both. Only who answered
// one rightly takes memory, for the count of its last use, so that no answer is good twice; what is remembered is
// bounded by limits::kSipNonces, beyond which the oldest nonces are not good any more.
//
// The digest's URI need not be the Request-URI, which SBCs rewrite; that the answer is good once makes it worthless to
// who overhears it. Virtual time; one thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/limits.h"
#include "base/time.h"
#include "crypto/digest_hash.h"
#include "crypto/hmac_key.h"
#include "engine/signalling/sip/sip_message.h"

namespace assent {

// What the password has been made into (HA1), for each algorithm.
class DigestSecret {
 public:
  DigestSecret(std::string username, const std::string& realm, std::string_view password);

  const std::string& username() const { return username_; }
  std::string ha1(DigestAlgorithm algorithm) const;  // hexadecimal; the caller wipes it

 private:
  std::string username_;
  SecretKey md5_;     // the 32 hexadecimal digits
  SecretKey sha256_;  // the 32 bytes
};

class DigestChallenge {
 public:
  enum class Verdict { right, wrong, stale };  // stale: the secret is right, but the nonce too old or used

  DigestChallenge(std::string realm, const SecretKey& key, std::size_t most_nonces = limits::kSipNonces);

  const std::string& realm() const { return realm_; }
  // The WWW-Authenticate headers of a 401, the preferred one first.
  std::vector<SipHeader> ask(Verdict why, MonoTime now);
  Verdict judge(const DigestResponse& answer, std::string_view method, const DigestSecret& secret, MonoTime now);

 private:
  struct Nonce {
    std::uint64_t made_s;
    std::uint64_t number;
  };
  std::string nonce_text(const Nonce& nonce) const;
  std::optional<Nonce> read_nonce(const std::string& text) const;  // none: not one of ours
  bool use(const Nonce& nonce, std::uint32_t count, MonoTime now);

  std::string realm_;
  HmacKey key_;
  std::size_t most_nonces_;
  std::uint64_t next_number_ = 1;
  std::uint64_t forgotten_number_ = 0;           // nonces up to this one are not good any more
  std::map<std::uint64_t, std::uint32_t> used_;  // by number: the highest count
};

}  // namespace assent
