#include "engine/signalling/sip/sip_admission.h"

#include "agent_rig.h"
#include "catch.h"

using namespace assent;

namespace {

constexpr MonoTime kNow{std::chrono::hours(1)};

std::shared_ptr<SipTrunk> trunk(const std::string& name) {
  auto trunk = std::make_shared<SipTrunk>();
  auto calls = std::make_shared<SiprecTrunk>();
  calls->name = name;
  trunk->calls = std::move(calls);
  return trunk;
}

std::string who(SipAdmission& admission, const SipRequest& request) {
  const auto verdict = admission.judge(request, kNow);
  if (verdict.trunk != nullptr) return verdict.trunk->name();
  return verdict.challenge.empty() ? "403" : "401";
}

SipRequest from(const std::string& address, const std::string& user = "srs") {
  SipRequest request;
  request.method = "INVITE";
  request.source.from = *parse_endpoint(address);
  request.uri_user = user;
  return request;
}

}  // namespace

TEST_CASE("a trunk is known by all that is set for it, and the first that fits takes the request") {
  auto first = trunk("first");
  first->from = {*parse_address_range("192.0.2.0/25"), *parse_address_range("2001:db8::/32")};
  first->user = "srs";
  auto second = trunk("second");
  second->from = {*parse_address_range("192.0.2.0/24")};
  SipAdmission admission({first, second}, "assent", SecretKey::random());
  CHECK(who(admission, from("192.0.2.7:5060")) == "first");
  CHECK(who(admission, from("[2001:db8::7]:5060")) == "first");
  CHECK(who(admission, from("192.0.2.7:5060", "other")) == "second");
  CHECK(who(admission, from("192.0.2.200:5060")) == "second");
  CHECK(who(admission, from("198.51.100.1:5060")) == "403");
}

TEST_CASE("a certificate's names are compared without case, and nothing else will do for them") {
  auto named = trunk("named");
  named->tls_names = {"sbc.example.com"};
  SipAdmission admission({named}, "assent", SecretKey::random());
  SipRequest request = from("192.0.2.7:5060");
  CHECK(who(admission, request) == "403");
  request.source.tls_names = {"sip:other.example.com", "SBC.example.com"};
  CHECK(who(admission, request) == "named");
}

TEST_CASE("a digest is asked for where it would do, except of ACK and CANCEL") {
  auto digest = trunk("digest");
  digest->from = {*parse_address_range("192.0.2.0/24")};
  digest->digest = std::make_shared<const DigestSecret>("sbc", "assent", "a password of the trunk");
  SipAdmission admission({digest}, "assent", SecretKey::random());
  CHECK(who(admission, from("192.0.2.7:5060")) == "401");
  CHECK(who(admission, from("198.51.100.1:5060")) == "403");
  SipRequest cancel = from("192.0.2.7:5060");
  cancel.method = "CANCEL";
  CHECK(who(admission, cancel) == "digest");
}
