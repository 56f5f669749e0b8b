#include "tools/assent/engine_view.h"

#include <algorithm>

#include "catch.h"
#include "tools/assent/top_frame.h"

namespace assent {
namespace {

using namespace std::chrono_literals;

const WallTime kNow(1'800'000'000s);

std::string scrape_text(double packets, double fast, double slow) {
  const auto number = [](double value) { return std::to_string(static_cast<long>(value)); };
  return "assent_ready 1\nassent_draining 0\n"
         "process_start_time_seconds 1799996400\n"
         "assent_calls{shard=\"0\"} 3\nassent_calls{shard=\"10\"} 1\nassent_calls{shard=\"2\"} 1\n"
         "assent_calls_capacity{shard=\"0\"} 20\n"
         "assent_legs{gate=\"open\",shard=\"0\"} 1500\n"
         "assent_drops_total{reason=\"late\",shard=\"0\"} 7\nassent_drops_total{reason=\"stray\",shard=\"0\"} 0\n"
         "assent_packets_total{shard=\"0\"} " +
         number(packets) +
         "\n"
         "assent_packet_to_gate_seconds_bucket{shard=\"0\",le=\"0.01\"} " +
         number(fast) +
         "\n"
         "assent_packet_to_gate_seconds_bucket{shard=\"0\",le=\"0.1\"} " +
         number(fast + slow) +
         "\n"
         "assent_packet_to_gate_seconds_bucket{shard=\"0\",le=\"+Inf\"} " +
         number(fast + slow) + "\n";
}

EngineView view_between(const std::string& earlier, const std::string& later, nanoseconds apart) {
  return view_of(Scrape::read(earlier), Scrape::read(later), apart, kNow);
}

LatencyView packet_to_gate(const EngineView& view) {
  const auto found = std::find_if(view.latencies.begin(), view.latencies.end(),
                                  [](const LatencyView& each) { return each.name == "packet to gate"; });
  REQUIRE(found != view.latencies.end());
  return *found;
}

}  // namespace

TEST_CASE("rates are of what lies between two scrapes, by how far they are apart") {
  const auto view = view_between(scrape_text(1000, 0, 0), scrape_text(4000, 0, 0), 2s);
  CHECK(view.packets_per_second == 1500);
  CHECK(view.drops_per_second == 0);
  CHECK(view.drops == std::map<std::string, double>{{"late", 7}});
  CHECK(view.calls == 5);
  CHECK(view.up_seconds == 3600);
  CHECK(view.ready);
}

TEST_CASE("a counter that went back is another process', and has counted from nothing") {
  const auto view = view_between(scrape_text(9000, 50, 50), scrape_text(300, 10, 0), 1s);
  CHECK(view.packets_per_second == 300);
  CHECK(*packet_to_gate(view).p99 < 0.011);
}

TEST_CASE("quantiles are of what lies between, and of all since the start beside it") {
  const auto view = view_between(scrape_text(0, 0, 100), scrape_text(0, 100, 100), 1s);
  const LatencyView latency = packet_to_gate(view);
  CHECK(*latency.p99 <= 0.01);
  CHECK(*latency.p99_since_start > 0.05);
  CHECK(latency.count == 200);
  CHECK(!packet_to_gate(view_between(scrape_text(0, 5, 5), scrape_text(0, 5, 5), 1s)).p99);
}

TEST_CASE("shards come by their number") {
  const auto view = view_between(scrape_text(0, 0, 0), scrape_text(100, 0, 0), 1s);
  REQUIRE(view.shards.size() == 3);
  CHECK(view.shards[0].shard == "0");
  CHECK(view.shards[0].packets_per_second == 100);
  CHECK(view.shards[1].shard == "2");
  CHECK(view.shards[2].shard == "10");
}

TEST_CASE("an engine that says nothing that is known is shown as not ready, with nothing in it") {
  const auto view = view_between("", "", 1s);
  CHECK(!view.ready);
  CHECK(view.shards.empty());
  const auto lines = text_frame(view, "127.0.0.1:8090");
  CHECK(lines.front() == "assent at 127.0.0.1:8090  NOT READY  up 0m 00s");
}

TEST_CASE("a frame for people has numbers in groups, and a frame for programs has them as they are") {
  const auto view = view_between(scrape_text(0, 0, 0), scrape_text(1'234'567, 0, 0), 1s);
  const auto lines = text_frame(view, "127.0.0.1:8090");
  const auto has = [&](const std::string& line) { return std::find(lines.begin(), lines.end(), line) != lines.end(); };
  CHECK(lines.front() == "assent at 127.0.0.1:8090  ready  up 1h 00m");
  CHECK(has("packets   1,234,567/s, 0 B/s of payload"));
  CHECK(has("calls     5 of 20; legs holding 0, opening 0, open 1,500, paused 0, suspended 0, closed 0"));
  CHECK(has("drops     0/s; since the start late 7"));
  const auto json = json_frame(view, "127.0.0.1:8090", kNow);
  CHECK(json["packets_per_second"] == 1'234'567);
  CHECK(json["legs"]["open"] == 1500);
  CHECK(json["latencies"]["packet to gate"]["p99"].is_null());
  CHECK(json["at"] == "2027-01-15T08:00:00.000Z");
}

}  // namespace assent
