#include "engine/calls/call_quota.h"

#include "../catalog/scripted_catalog.h"
#include "base/limits.h"
#include "catch.h"

namespace assent {
namespace {

// A catalog that knows one tenant and how much it has stored.
class StoredCatalog final : public test::ScriptedCatalog {
 public:
  std::uint64_t bytes = 0;
  int asked = 0;

  Result<std::optional<TenantRow>> tenant(std::string_view name) override {
    if (name != "acme") return std::optional<TenantRow>();
    return std::optional<TenantRow>({id_, "acme", {}});
  }
  Result<std::uint64_t> stored_bytes(TenantId tenant) override {
    CHECK(tenant == id_);
    ++asked;
    return bytes;
  }

 private:
  const TenantId id_ = new_id<TenantId>(WallTime(1'800'000'000s));
};

class QuotaRig {
 public:
  explicit QuotaRig(QuotaSettings settings) : quota(std::move(settings), catalog, [this] { return now; }) {}

  StoredCatalog catalog;
  MonoTime now{1000s};
  CallQuota quota;
};

TenantQuota calls_of(std::size_t calls) { return {calls, std::nullopt}; }

TEST_CASE("without a quota there is no limit, and nobody is asked") {
  QuotaRig rig({});
  std::vector<QuotaPlace> places;
  for (int i = 0; i < 1000; ++i) {
    auto place = rig.quota.take("acme");
    REQUIRE(place);
    places.push_back(*place);
  }
  CHECK(rig.quota.calls("acme") == 1000);
  CHECK(rig.catalog.asked == 0);
}

TEST_CASE("a tenant has as many calls as its quota, each until its place is given back") {
  QuotaRig rig({calls_of(2), {}});
  auto first = rig.quota.take("acme");
  auto second = rig.quota.take("acme");
  REQUIRE(first);
  REQUIRE(second);
  const auto third = rig.quota.take("acme");
  REQUIRE_FALSE(third);
  CHECK(third.error().code == Errc::over_quota);
  CHECK(third.error().what.find("\"acme\" has 2 calls in progress") != std::string::npos);
  QuotaPlace copy = *first;
  first->reset();
  CHECK_FALSE(rig.quota.take("acme"));  // the copy has it still
  copy.reset();
  CHECK(rig.quota.calls("acme") == 1);
  CHECK(rig.quota.take("acme"));
}

TEST_CASE("a tenant of its own quota has that one, and others are not counted with it") {
  QuotaRig rig({calls_of(1), {{"big", calls_of(2)}, {"free", {}}}});
  std::vector<QuotaPlace> places;
  const auto take = [&](const std::string& tenant) {
    auto place = rig.quota.take(tenant);
    if (place) places.push_back(*place);
    return place.has_value();
  };
  CHECK(take("big"));
  CHECK(take("big"));
  CHECK_FALSE(take("big"));
  CHECK(take("other"));
  CHECK_FALSE(take("other"));
  for (int i = 0; i < 10; ++i) CHECK(take("free"));
}

TEST_CASE("stored bytes are those of the catalog, read again after a while") {
  QuotaRig rig({{}, {{"acme", {std::nullopt, 1000}}}});
  rig.catalog.bytes = 999;
  CHECK(rig.quota.take("acme"));
  rig.catalog.bytes = 1000;
  CHECK(rig.quota.take("acme"));
  CHECK(rig.catalog.asked == 1);
  rig.now += limits::kQuotaLook;
  const auto refused = rig.quota.take("acme");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::over_quota);
  CHECK(refused.error().what.find("has stored 1000 bytes") != std::string::npos);
  rig.catalog.bytes = 0;  // erased
  rig.now += limits::kQuotaLook;
  CHECK(rig.quota.take("acme"));
}

TEST_CASE("a tenant that is not on record yet has stored nothing") {
  QuotaRig rig({{std::nullopt, 1}, {}});
  CHECK(rig.quota.take("new"));
  CHECK(rig.catalog.asked == 0);
}

TEST_CASE("a place may outlive the quota") {
  QuotaPlace place;
  {
    QuotaRig rig({calls_of(1), {}});
    place = *rig.quota.take("acme");
  }
  place.reset();
}

}  // namespace
}  // namespace assent
