#include "bench/load/network_path.h"

#include <algorithm>

#include "catch.h"

using namespace assent;
using namespace assent::load;

namespace {
constexpr std::size_t kMany = 200'000;
constexpr Seed kSeed{7};
constexpr LegNumber kLeg{3};
}  // namespace

TEST_CASE("without impairments every packet passes at once") {
  NetworkPath path({}, kSeed, kLeg);
  for (int i = 0; i < 1000; ++i) {
    const Fate fate = path.next();
    CHECK_FALSE(fate.lost);
    CHECK(fate.delay == 0ms);
    CHECK_FALSE(fate.again);
  }
}

TEST_CASE("loss has the share and the length of run that its two probabilities say") {
  Impairments impairments;
  impairments.good_to_bad = 0.01;
  impairments.bad_to_good = 0.25;
  const auto arrive = arriving(NetworkPath(impairments, kSeed, kLeg), kMany);
  const auto lost = static_cast<double>(std::count(arrive.begin(), arrive.end(), false));
  std::size_t runs = 0;
  for (std::size_t i = 1; i < arrive.size(); ++i) runs += arrive[i - 1] && !arrive[i] ? 1 : 0;
  CHECK(lost / kMany == Approx(0.01 / 0.26).epsilon(0.1));
  CHECK(lost / static_cast<double>(runs) == Approx(4).epsilon(0.1));
}

TEST_CASE("jitter, overtaking and doubling have the share they are given") {
  Impairments impairments;
  impairments.jitter = 10ms;
  impairments.reorder = 0.05;
  impairments.overtaken = 30ms;
  impairments.duplicate = 0.02;
  NetworkPath path(impairments, kSeed, kLeg);
  std::size_t overtaken = 0;
  std::size_t doubled = 0;
  for (std::size_t i = 0; i < kMany; ++i) {
    const Fate fate = path.next();
    REQUIRE(fate.delay < 40ms);
    overtaken += fate.delay >= 30ms ? 1 : 0;
    doubled += fate.again ? 1 : 0;
    if (fate.again) REQUIRE(*fate.again >= fate.delay);
  }
  CHECK(static_cast<double>(overtaken) / kMany == Approx(0.05).epsilon(0.1));
  CHECK(static_cast<double>(doubled) / kMany == Approx(0.02).epsilon(0.1));
}

TEST_CASE("a seed has the same fates again, and another leg has others") {
  Impairments impairments;
  impairments.good_to_bad = 0.2;
  impairments.bad_to_good = 0.5;
  const auto once = arriving(NetworkPath(impairments, kSeed, kLeg), 1000);
  CHECK(once == arriving(NetworkPath(impairments, kSeed, kLeg), 1000));
  CHECK(once != arriving(NetworkPath(impairments, kSeed, LegNumber(4)), 1000));
}
