#include "engine/signalling/sip/digest_challenge.h"

#include "catch.h"
#include "crypto/digest_hash.h"

using namespace assent;
using Verdict = DigestChallenge::Verdict;

namespace {

constexpr MonoTime kStart{std::chrono::hours(1)};

std::string param(const std::string& header, const std::string& name) {
  const std::size_t at = header.find(name + "=\"") + name.size() + 2;
  return header.substr(at, header.find('"', at) - at);
}

// What a client that knows the password answers.
DigestResponse answer_to(const SipHeader& challenge, DigestAlgorithm algorithm, const std::string& password,
                         const std::string& nc = "00000001") {
  DigestResponse answer{param(challenge.value, "realm"),
                        "sbc",
                        param(challenge.value, "nonce"),
                        "sip:srs@example.com",
                        "",
                        std::string(name_of(algorithm)),
                        "auth",
                        nc,
                        "c0ffee"};
  const std::string ha1 = digest_hash(algorithm, "sbc:" + answer.realm + ":" + password);
  const std::string ha2 = digest_hash(algorithm, "INVITE:" + answer.uri);
  answer.response = digest_hash(algorithm, ha1 + ":" + answer.nonce + ":" + nc + ":c0ffee:auth:" + ha2);
  return answer;
}

}  // namespace

TEST_CASE("the hashes are those of RFC 7616 section 3.9.1") {
  for (const auto& [algorithm, expected] :
       {std::pair{DigestAlgorithm::md5, "8ca523f5e9506fed4657c9700eebdbec"},
        std::pair{DigestAlgorithm::sha256, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"}}) {
    const std::string ha1 = digest_hash(algorithm, "Mufasa:http-auth@example.org:Circle of Life");
    const std::string ha2 = digest_hash(algorithm, "GET:/dir/index.html");
    CHECK(digest_hash(algorithm, ha1 +
                                     ":7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v:00000001:"
                                     "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ:auth:" +
                                     ha2) == expected);
  }
}

TEST_CASE("the right answer is taken by both algorithms, once, and a later count again") {
  DigestChallenge challenge("assent", SecretKey::random());
  const DigestSecret secret("sbc", "assent", "a password of the trunk");
  const auto asked = challenge.ask(Verdict::wrong, kStart);
  REQUIRE(asked.size() == 2);
  CHECK(asked[0].value.find("algorithm=SHA-256") != std::string::npos);
  CHECK(asked[1].value.find("algorithm=MD5") != std::string::npos);
  const auto first = answer_to(asked[0], DigestAlgorithm::sha256, "a password of the trunk");
  CHECK(challenge.judge(first, "INVITE", secret, kStart) == Verdict::right);
  CHECK(challenge.judge(first, "INVITE", secret, kStart) == Verdict::stale);
  const auto second = answer_to(asked[1], DigestAlgorithm::md5, "a password of the trunk", "00000002");
  CHECK(challenge.judge(second, "INVITE", secret, kStart) == Verdict::right);
}

TEST_CASE("a wrong password, method, realm, name, algorithm or nonce is wrong") {
  DigestChallenge challenge("assent", SecretKey::random());
  const DigestSecret secret("sbc", "assent", "a password of the trunk");
  const SipHeader asked = challenge.ask(Verdict::wrong, kStart)[0];
  const auto good = answer_to(asked, DigestAlgorithm::sha256, "a password of the trunk");
  CHECK(challenge.judge(answer_to(asked, DigestAlgorithm::sha256, "another"), "INVITE", secret, kStart) ==
        Verdict::wrong);
  CHECK(challenge.judge(good, "BYE", secret, kStart) == Verdict::wrong);
  const auto with = [&](std::string DigestResponse::*field, const std::string& value) {
    DigestResponse changed = good;
    changed.*field = value;
    return challenge.judge(changed, "INVITE", secret, kStart);
  };
  CHECK(with(&DigestResponse::realm, "other") == Verdict::wrong);
  CHECK(with(&DigestResponse::username, "other") == Verdict::wrong);
  CHECK(with(&DigestResponse::algorithm, "SHA-512-256") == Verdict::wrong);
  CHECK(with(&DigestResponse::algorithm, "MD5") == Verdict::wrong);
  CHECK(with(&DigestResponse::qop, "auth-int") == Verdict::wrong);
  CHECK(with(&DigestResponse::nc, "1") == Verdict::wrong);
  CHECK(with(&DigestResponse::nc, "zzzzzzzz") == Verdict::wrong);
  CHECK(with(&DigestResponse::nonce, std::string(64, '0')) == Verdict::wrong);
  CHECK(with(&DigestResponse::response, "") == Verdict::wrong);
  CHECK(challenge.judge(good, "INVITE", secret, kStart) == Verdict::right);
}

TEST_CASE("a nonce of another server is wrong, and an old one stale") {
  DigestChallenge challenge("assent", SecretKey::random());
  DigestChallenge other("assent", SecretKey::random());
  const DigestSecret secret("sbc", "assent", "a password of the trunk");
  const auto foreign = answer_to(other.ask(Verdict::wrong, kStart)[0], DigestAlgorithm::md5, "a password of the trunk");
  CHECK(challenge.judge(foreign, "INVITE", secret, kStart) == Verdict::wrong);
  const auto old = answer_to(challenge.ask(Verdict::wrong, kStart)[0], DigestAlgorithm::md5, "a password of the trunk");
  CHECK(challenge.judge(old, "INVITE", secret, kStart + limits::kSipNonceAge + seconds(1)) == Verdict::stale);
  CHECK(challenge.ask(Verdict::stale, kStart)[0].value.find("stale=true") != std::string::npos);
}

TEST_CASE("an answer without qop, as RFC 2069 had it, is good once") {
  DigestChallenge challenge("assent", SecretKey::random());
  const DigestSecret secret("sbc", "assent", "a password of the trunk");
  auto answer = answer_to(challenge.ask(Verdict::wrong, kStart)[1], DigestAlgorithm::md5, "");
  answer.qop = answer.nc = answer.cnonce = answer.algorithm = "";
  const std::string ha1 = digest_hash(DigestAlgorithm::md5, "sbc:assent:a password of the trunk");
  const std::string ha2 = digest_hash(DigestAlgorithm::md5, "INVITE:" + answer.uri);
  answer.response = digest_hash(DigestAlgorithm::md5, ha1 + ":" + answer.nonce + ":" + ha2);
  CHECK(challenge.judge(answer, "INVITE", secret, kStart) == Verdict::right);
  CHECK(challenge.judge(answer, "INVITE", secret, kStart) == Verdict::stale);
}

TEST_CASE("what is remembered of nonces is bounded, and what was forgotten is not good again") {
  DigestChallenge challenge("assent", SecretKey::random(), 4);
  const DigestSecret secret("sbc", "assent", "a password of the trunk");
  std::vector<DigestResponse> answers;
  for (int i = 0; i < 10; ++i) {
    answers.push_back(
        answer_to(challenge.ask(Verdict::wrong, kStart)[0], DigestAlgorithm::md5, "a password of the trunk"));
    CHECK(challenge.judge(answers.back(), "INVITE", secret, kStart) == Verdict::right);
  }
  for (const auto& answer : answers) CHECK(challenge.judge(answer, "INVITE", secret, kStart) == Verdict::stale);
}
