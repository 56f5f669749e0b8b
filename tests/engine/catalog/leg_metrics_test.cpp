#include "engine/catalog/leg_metrics.h"

#include "catch.h"

using namespace assent;

namespace {

LegMetrics numbered(std::uint64_t from) {
  LegMetrics metrics;
  for (const LegCountTag& tag : kLegCountTags) metrics.counts.*tag.count = from++;
  metrics.held_bytes = from++;
  metrics.talk = milliseconds(from++);
  metrics.quiet = milliseconds(from++);
  metrics.hold = milliseconds(from++);
  metrics.jitter_mean_us = static_cast<std::uint32_t>(from++);
  metrics.jitter_most_us = static_cast<std::uint32_t>(from++);
  return metrics;
}

}  // namespace

TEST_CASE("metrics come back as they were written") {
  const LegMetrics metrics = numbered(1000);
  const auto again = leg_metrics_from(to_json(metrics));
  REQUIRE(again);
  CHECK(*again == metrics);
}

TEST_CASE("what is no metrics is damage") {
  const std::string whole = to_json(numbered(1));
  for (const std::string& text : {std::string(), std::string("{}"), std::string("[]"), std::string(R"({"counts":{}})"),
                                  whole.substr(0, whole.size() - 1), std::string(R"({"counts":[1]})")}) {
    INFO(text);
    CHECK(leg_metrics_from(text).error().code == Errc::corrupt);
  }
  for (const char* name : {"talk_ms", "PACKETS_LOST"}) {
    std::string without = whole;
    without.replace(without.find(name), 4, "gone");
    CHECK(leg_metrics_from(without).error().code == Errc::corrupt);
    std::string negative = whole;
    negative.insert(negative.find(':', negative.find(name)) + 1, "-");
    CHECK(leg_metrics_from(negative).error().code == Errc::corrupt);
  }
}

TEST_CASE("what a leg was like before a restart and after is one") {
  LegMetrics before = numbered(10);
  before.counts.received = 300;
  before.jitter_mean_us = 1000;
  before.jitter_most_us = 9000;
  LegMetrics after = numbered(50);
  after.counts.received = 100;
  after.jitter_mean_us = 2000;
  after.jitter_most_us = 5000;
  const LegMetrics all = before += after;
  CHECK(all.counts.received == 400);
  CHECK(all.counts.lost == 12 + 52);
  CHECK(*all.talk == *numbered(10).talk + *numbered(50).talk);
  CHECK(all.held_bytes == numbered(50).held_bytes);  // the most
  CHECK(all.jitter_mean_us == 1250);                 // by the packets
  CHECK(all.jitter_most_us == 9000);
  // Talk of a leg is known when it was measured before the restart and after.
  after.talk.reset();
  before = numbered(10);
  CHECK_FALSE((before += after).talk);
  CHECK(before.quiet);
  CHECK(leg_metrics_from(to_json(before)).value() == before);
  LegMetrics nothing;
  CHECK((nothing += LegMetrics()) == LegMetrics());
}
