#include "tools/assent/prometheus_text.h"

#include "catch.h"

namespace assent {
namespace {

constexpr const char* kText = R"(# HELP packets_total Packets
# TYPE packets_total counter
packets_total{shard="0"} 10
packets_total{shard="1"} 32 1700000000000
drops_total{reason="late",shard="0"} 3
drops_total{reason="late",shard="1"} 4
drops_total{reason="say \"hi\"\\\n",shard="1"} 5
up 1
wait_seconds_bucket{shard="0",le="0.1"} 6
wait_seconds_bucket{shard="0",le="0.2"} 10
wait_seconds_bucket{shard="0",le="+Inf"} 12
wait_seconds_bucket{shard="1",le="0.1"} 0
wait_seconds_bucket{shard="1",le="0.2"} 8
wait_seconds_bucket{shard="1",le="+Inf"} 8
)";

}  // namespace

TEST_CASE("samples of a scrape are summed by name and labels") {
  const Scrape scrape = Scrape::read(kText);
  CHECK(scrape.sum("packets_total") == 42);
  CHECK(scrape.sum("packets_total", {{"shard", "1"}}) == 32);
  CHECK(scrape.sum("drops_total", {{"reason", "say \"hi\"\\\n"}}) == 5);
  CHECK(scrape.sum("up") == 1);
  CHECK(!scrape.sum("down"));
  CHECK(!scrape.sum("packets_total", {{"shard", "2"}}));
  CHECK(scrape.sum_by("drops_total", "shard") == std::map<std::string, double>{{"0", 3}, {"1", 9}});
  CHECK(scrape.sum_by("drops_total", "reason", {{"shard", "0"}}) == std::map<std::string, double>{{"late", 3}});
}

TEST_CASE("what is no sample is left out, and so is nothing else") {
  const Scrape scrape = Scrape::read(
      "a{x=\"1\" 1\na{x=1} 1\na{=\"1\"} 1\na{x=\"1} 1\na\n\n a 1\na x\na 1x\na{x=\"1\"}1\n{x=\"1\"} 1\n<html>\na 7");
  CHECK(scrape.sum("a") == 7);
  CHECK(!Scrape::read("").sum("a"));
}

TEST_CASE("a quantile lies within its bucket as far as its share of it") {
  const Scrape scrape = Scrape::read(kText);
  const auto of_first = scrape.buckets("wait_seconds", {{"shard", "0"}});
  CHECK(*quantile(of_first, 0.5) == Approx(0.1));     // 6 of 6 in the first bucket
  CHECK(*quantile(of_first, 0.25) == Approx(0.05));   // 3 of 6
  CHECK(*quantile(of_first, 0.75) == Approx(0.175));  // 3 of 4 in the second
  CHECK(*quantile(of_first, 0.99) == Approx(0.2));    // beyond every bound
  CHECK(*quantile(scrape.buckets("wait_seconds"), 0.5) == Approx(0.1 + 0.1 * 4 / 12));
  CHECK(!quantile(scrape.buckets("nothing"), 0.5));
  CHECK(!quantile({{0.1, 0}, {0.2, 0}}, 0.5));
}

}  // namespace assent
