#include "engine/consent/policy.h"

#include <array>

#include "catch.h"

using namespace assent;

namespace {

constexpr PurposeSet kNone{};
constexpr PurposeSet kQ{1};
constexpr PurposeSet kT{2};
constexpr PurposeSet kQT{3};

constexpr ConsentView granted(PurposeSet purposes) { return {purposes, kNone}; }
constexpr ConsentView refused(PurposeSet purposes) { return {kNone, purposes}; }
constexpr ConsentView pending() { return {}; }

}  // namespace

TEST_CASE("all-party is satisfied for what everybody has granted") {
  const std::array all{granted(kQT), granted(kT)};
  CHECK(satisfied_purposes(Policy::all_party, all, 0) == kT);
  CHECK(satisfied_purposes(Policy::all_party, all, 1) == kT);
}

TEST_CASE("all-party is not satisfied while anybody is pending or has refused") {
  for (const ConsentView& other : {pending(), refused(kQ)}) {
    const std::array all{granted(kQ), other};
    CHECK(satisfied_purposes(Policy::all_party, all, 0) == kNone);
    CHECK(satisfied_purposes(Policy::all_party, all, 1) == kNone);
  }
}

TEST_CASE("per-party asks nobody but the leg's own participant") {
  const std::array all{granted(kQ), refused(kQ), pending()};
  CHECK(satisfied_purposes(Policy::per_party, all, 0) == kQ);
  CHECK(satisfied_purposes(Policy::per_party, all, 1) == kNone);
  CHECK(satisfied_purposes(Policy::per_party, all, 2) == kNone);
}

TEST_CASE("one-party is satisfied for what anybody has granted") {
  const std::array all{granted(kQ), granted(kT), pending()};
  CHECK(satisfied_purposes(Policy::one_party, all, 0) == kQT);
  CHECK(satisfied_purposes(Policy::one_party, all, 2) == kQT);
}

TEST_CASE("one-party never opens a leg for what its own participant refused") {
  const std::array all{granted(kQT), refused(kQ)};
  CHECK(satisfied_purposes(Policy::one_party, all, 0) == kQT);
  CHECK(satisfied_purposes(Policy::one_party, all, 1) == kT);
}

TEST_CASE("nothing is satisfied with nobody there") {
  const std::array one{granted(kQ)};
  for (const Policy policy : {Policy::all_party, Policy::per_party, Policy::one_party}) {
    CHECK(satisfied_purposes(policy, {}, 0) == kNone);
    CHECK(satisfied_purposes(policy, one, 1) == kNone);
    CHECK(satisfied_purposes(policy, one, 0) == kQ);
  }
}

TEST_CASE("policies go to text and back") {
  for (const auto* text : {"all-party", "per-party", "one-party"}) {
    REQUIRE(parse_policy(text));
    CHECK(to_text(*parse_policy(text)) == text);
  }
  CHECK_FALSE(parse_policy("all_party"));
  CHECK_FALSE(parse_policy(""));
}
