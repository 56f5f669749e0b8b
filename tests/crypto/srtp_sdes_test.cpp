#include "crypto/srtp_sdes.h"

#include <algorithm>
#include <string>

#include "catch.h"

using namespace assent;

namespace {

// RFC 4568 7.1.1 and 6.1 have these.
const std::string kKey = "PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR";
const std::string kOtherKey = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";
const std::string kSuite = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 ";

Bytes decoded(const std::string& text) { return from_base64(text).value(); }

std::string flaw_of(const std::string& line) {
  const auto parsed = parse_srtp_sdes(line);
  if (parsed) return "none";
  CHECK(parsed.error().what.find(kKey.substr(0, 8)) == std::string::npos);
  return std::string(name_of(parsed.error().code)) + " " + parsed.error().what;
}

}  // namespace

TEST_CASE("an a=crypto line gives tag, suite, key, lifetime and MKI") {
  const auto sdes = parse_srtp_sdes(kSuite + "inline:" + kKey + "|2^20|1:4");
  REQUIRE(sdes);
  CHECK(sdes->tag == 1);
  CHECK(sdes->suite == SrtpSuite::aes_cm_128_hmac_sha1_80);
  REQUIRE(sdes->keys.size() == 1);
  CHECK(std::ranges::equal(sdes->keys[0].reveal(), decoded(kKey)));
  CHECK(sdes->lifetime_packets == 1U << 20);
  CHECK(std::ranges::equal(sdes->keys[0].mki(), Bytes{0, 0, 0, 1}));
}

TEST_CASE("lifetime and MKI may be missing, each of them") {
  const auto bare = parse_srtp_sdes("a=crypto:999999999\tAES_CM_128_HMAC_SHA1_32  inline:" + kKey);
  REQUIRE(bare);
  CHECK(bare->tag == 999'999'999);
  CHECK(bare->suite == SrtpSuite::aes_cm_128_hmac_sha1_32);
  CHECK(bare->lifetime_packets == std::uint64_t{1} << 48);
  CHECK(bare->keys[0].mki().empty());
  const auto only_lifetime = parse_srtp_sdes(kSuite + "inline:" + kKey + "|1000");
  REQUIRE(only_lifetime);
  CHECK(only_lifetime->lifetime_packets == 1000);
  const auto only_mki = parse_srtp_sdes(kSuite + "inline:" + kKey + "|66051:3");
  REQUIRE(only_mki);
  CHECK(std::ranges::equal(only_mki->keys[0].mki(), Bytes{1, 2, 3}));
}

TEST_CASE("several keys are told apart by their MKIs, and the shortest lifetime counts") {
  const auto sdes = parse_srtp_sdes(kSuite + "inline:" + kKey + "|2^20|1:4;inline:" + kOtherKey + "|2^10|2:4 WSH=128");
  REQUIRE(sdes);
  REQUIRE(sdes->keys.size() == 2);
  CHECK(std::ranges::equal(sdes->keys[1].reveal(), decoded(kOtherKey)));
  CHECK(std::ranges::equal(sdes->keys[1].mki(), Bytes{0, 0, 0, 2}));
  CHECK(sdes->lifetime_packets == 1024);
}

TEST_CASE("every suite takes a key of its own length, and no other") {
  for (const SrtpSuite suite : kSrtpSuites) {
    CAPTURE(name_of(suite));
    const std::string head = "a=crypto:2 " + std::string(name_of(suite)) + " inline:";
    const std::size_t bytes = key_bytes(suite) + salt_bytes(suite);
    const auto sdes = parse_srtp_sdes(head + to_base64(Bytes(bytes, 3)));
    REQUIRE(sdes);
    CHECK(sdes->suite == suite);
    CHECK(flaw_of(head + to_base64(Bytes(bytes - 1, 3))).find("has a key and salt of") != std::string::npos);
    CHECK(flaw_of(head + to_base64(Bytes(bytes + 1, 3))).find("has a key and salt of") != std::string::npos);
  }
}

TEST_CASE("what is wrong with an a=crypto line is said") {
  const std::string key = "inline:" + kKey;
  const auto is = [](const std::string& line, const std::string& part) {
    CAPTURE(line);
    const std::string flaw = flaw_of(line);
    CHECK(flaw.starts_with("invalid"));
    CHECK_THAT(flaw, Catch::Contains(part));
  };
  is("", "does not begin so");
  is("a=crypt:1 AES_CM_128_HMAC_SHA1_80 " + key, "does not begin so");
  is("a=crypto: AES_CM_128_HMAC_SHA1_80 " + key, "the tag");
  is("a=crypto:01 AES_CM_128_HMAC_SHA1_80 " + key, "leading zero");
  is("a=crypto:1234567890 AES_CM_128_HMAC_SHA1_80 " + key, "nine digits");
  is("a=crypto:-1 AES_CM_128_HMAC_SHA1_80 " + key, "the tag");
  is("a=crypto:1", "no suite");
  is("a=crypto:1 AES_CM_128_HMAC_SHA1_80", "no key");
  is(kSuite + "outline:" + kKey, "inline");
  is(kSuite + "inline:" + kKey.substr(1), "base64");
  is(kSuite + "inline:", "has a key and salt of 30 bytes, not 0");
  is(kSuite + key + "|2^49", "lifetime");
  is(kSuite + key + "|0", "lifetime");
  is(kSuite + key + "|2^", "lifetime");
  is(kSuite + key + "|20x", "lifetime");
  is(kSuite + key + "|2^20|", "MKI");
  is(kSuite + key + "|2^20|1", "MKI");
  is(kSuite + key + "|2^20|:4", "MKI");
  is(kSuite + key + "|2^20|1:0", "MKI");
  is(kSuite + key + "|2^20|1:129", "MKI");
  is(kSuite + key + "|2^20|256:1", "too large for its length");
  is(kSuite + key + "|1:4|2^20", "MKI");
  is(kSuite + key + "|", "MKI are missing");
  is(kSuite + key + ";", "missing at the end");
  is(kSuite + key + ";;" + key, "inline");
  is(kSuite + key + ";" + key, "one MKI, or none");
  is(kSuite + key + "|1:1;" + key + "|1:2", "of one length");
  is(kSuite + key + "|1:1;" + key + "|1:1", "one MKI");
  is(kSuite + key + " KDR=25", "KDR");
  is(kSuite + key + " WSH=63", "WSH");
}

TEST_CASE("what is well-formed and not for us is unsupported, so that the next line is looked at") {
  const std::string key = "inline:" + kKey;
  for (const std::string& line : {"a=crypto:1 F8_128_HMAC_SHA1_80 " + key, kSuite + key + " KDR=1",
                                  kSuite + key + " UNENCRYPTED_SRTP", kSuite + key + " UNENCRYPTED_SRTCP",
                                  kSuite + key + " UNAUTHENTICATED_SRTP", kSuite + key + " FEC_ORDER=FEC_SRTP"}) {
    CAPTURE(line);
    CHECK(flaw_of(line).starts_with("unsupported"));
  }
  CHECK(flaw_of(kSuite + key + " KDR=0 WSH=64 -UNKNOWN=1") == "none");
}
