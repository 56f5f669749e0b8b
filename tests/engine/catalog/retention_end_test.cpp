// How long a recording is kept, from what people agreed to.
#include "engine/catalog/retention_end.h"

#include <set>
#include <vector>

#include "catch.h"

namespace assent {
namespace {

constexpr WallTime kEnded{1790000000s};
constexpr auto kDay = 24h;
const ParticipantId kCustomer = new_id<ParticipantId>(kEnded);
const ParticipantId kAgent = new_id<ParticipantId>(kEnded);

std::vector<RetentionPurpose> registered() {
  return {
      {"quality", 30 * 24, WallTime(0s)}, {"training", 365 * 24, WallTime(0s)}, {"proof", std::nullopt, WallTime(0s)}};
}

RetentionConsent said(ParticipantId who, const std::string& purpose, const std::string& decision,
                      WallTime at = kEnded - 1min) {
  return {who, purpose, decision, at};
}

std::optional<WallTime> end_of(const std::vector<RetentionConsent>& consents, const OwnRetention& own = {}) {
  return retention_end(kEnded, consents, registered(), own);
}

}  // namespace

TEST_CASE("a recording is kept for the longest of the purposes that somebody agreed to") {
  CHECK(end_of({said(kCustomer, "quality", "granted")}) == kEnded + 30 * kDay);
  CHECK(end_of({said(kCustomer, "quality", "granted"), said(kAgent, "training", "granted")}) == kEnded + 365 * kDay);
  CHECK(end_of({said(kCustomer, "quality", "granted"), said(kAgent, "training", "denied")}) == kEnded + 30 * kDay);
}

TEST_CASE("a purpose without a time keeps it, and so does one that the register does not know") {
  CHECK_FALSE(end_of({said(kCustomer, "quality", "granted"), said(kCustomer, "proof", "granted")}));
  CHECK_FALSE(end_of({said(kCustomer, "unheard-of", "granted")}));
  CHECK_FALSE(end_of({}));
}

TEST_CASE("a withdrawal never makes a recording live longer, and with the last one the shortest time is left") {
  std::vector<RetentionConsent> consents{said(kCustomer, "quality", "granted"), said(kCustomer, "training", "granted")};
  const auto before = end_of(consents);
  consents.push_back(said(kCustomer, "training", "withdrawn", kEnded + 5 * kDay));
  CHECK(end_of(consents) == kEnded + 30 * kDay);
  CHECK(*end_of(consents) < *before);
  consents.push_back(said(kCustomer, "quality", "withdrawn", kEnded + 6 * kDay));
  CHECK(end_of(consents) == kEnded + 30 * kDay);
  // The other way round, too.
  CHECK(end_of({said(kCustomer, "quality", "granted"), said(kCustomer, "training", "granted"),
                said(kCustomer, "quality", "withdrawn")}) == kEnded + 365 * kDay);
}

TEST_CASE("what a withdrawal leaves without any time ends with the withdrawal") {
  CHECK(end_of({said(kCustomer, "quality", "granted"), said(kCustomer, "training", "granted"),
                said(kCustomer, "training", "withdrawn", kEnded + 100 * kDay)}) == kEnded + 100 * kDay);
}

TEST_CASE("what one person withdraws another's yes still needs") {
  CHECK(end_of({said(kCustomer, "training", "granted"), said(kAgent, "training", "granted"),
                said(kCustomer, "training", "withdrawn")}) == kEnded + 365 * kDay);
  CHECK(end_of({said(kCustomer, "proof", "granted"), said(kAgent, "quality", "granted"),
                said(kCustomer, "proof", "withdrawn")}) == kEnded + 30 * kDay);
}

TEST_CASE("who withdraws and agrees again agrees; a consent whose own time is over still counts") {
  CHECK(end_of({said(kCustomer, "quality", "granted"), said(kCustomer, "training", "granted"),
                said(kCustomer, "training", "withdrawn"), said(kCustomer, "training", "granted")}) ==
        kEnded + 365 * kDay);
  CHECK(end_of({said(kCustomer, "quality", "granted"), said(kCustomer, "quality", "expired")}) == kEnded + 30 * kDay);
  CHECK_FALSE(end_of({said(kCustomer, "quality", "expired")}));  // nobody answered
}

TEST_CASE("the time is that of the version on record when somebody agreed") {
  auto purposes = registered();
  purposes.push_back({"quality", 10 * 24, kEnded - 1h});
  purposes.push_back({"quality", 90 * 24, kEnded + 1h});
  CHECK(retention_end(kEnded, std::vector{said(kCustomer, "quality", "granted", kEnded - 2h)}, purposes, {}) ==
        kEnded + 30 * kDay);
  CHECK(retention_end(kEnded, std::vector{said(kCustomer, "quality", "granted", kEnded - 1min)}, purposes, {}) ==
        kEnded + 10 * kDay);
}

TEST_CASE("a tenant's own time takes the place of the register's, to the second, or keeps it") {
  const OwnRetention own{{"quality", 90s}, {"training", std::nullopt}};
  CHECK(end_of({said(kCustomer, "quality", "granted")}, own) == kEnded + 90s);
  CHECK_FALSE(end_of({said(kCustomer, "training", "granted")}, own));
  CHECK(end_of({said(kCustomer, "training", "granted")}, {{"quality", 90s}}) == kEnded + 365 * kDay);
}

TEST_CASE("other rules have another number, and none has zero") {
  const RetentionRules none;
  const RetentionRules one{{{"acme", {{"quality", 1s}}}}};
  const RetentionRules two{{{"acme", {{"quality", 2s}}}}};
  const RetentionRules keep{{{"acme", {{"quality", std::nullopt}}}}};
  const RetentionRules other{{{"acm", {{"equality", 1s}}}}};
  const std::set<std::int64_t> numbers{none.number(), one.number(), two.number(), keep.number(), other.number()};
  CHECK(numbers.size() == 5);
  CHECK_FALSE(numbers.contains(0));
  CHECK(RetentionRules(one).number() == one.number());
}

}  // namespace assent
