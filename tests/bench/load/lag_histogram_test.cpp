#include "bench/load/lag_histogram.h"

#include "catch.h"

using namespace assent;
using namespace assent::load;

TEST_CASE("quantiles count packets, to a step of 10 us") {
  LagHistogram lag;
  lag.add(95us, 90);
  lag.add(2ms, 9);
  lag.add(40ms, 1);
  CHECK(lag.packets() == 100);
  CHECK(lag.quantile(0.5) == 100us);
  CHECK(lag.quantile(0.99) == 2ms + 10us);
  CHECK(lag.quantile(1) == 40ms);
  CHECK(lag.largest() == 40ms);
}

TEST_CASE("a lag beyond the last step is still the largest") {
  LagHistogram lag;
  lag.add(7s, 1);
  CHECK(lag.largest() == 7s);
  CHECK(lag.quantile(0.5) == 1s);
}

TEST_CASE("nothing sent has no lag") { CHECK(LagHistogram().quantile(0.99) == 0ns); }
