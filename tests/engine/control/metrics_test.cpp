#include "engine/control/metrics.h"

#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "catch.h"

namespace assent {
namespace {

MetricsInput sample() {
  MetricsInput input;
  ShardCounters first;
  first.packets = 12345678901;
  first.drops = {{"foreign_source", 3}, {"say \"hi\"\\\n", 4}};
  first.gates = {{"open", 2}, {"holding", 1}};
  ShardCounters second;
  second.shard = 1;
  second.packets = 5;
  second.drops = {{"foreign_source", 0}};
  second.arena_bytes_in_use = 4096;
  input.engine.shards = {first, second};
  input.engine.blocks_wiped = 7;
  input.requests[static_cast<std::size_t>(Operation::create_call)][1] = 5;
  input.requests[kOperations][3] = 6;
  return input;
}

}  // namespace

TEST_CASE("the metrics say what the engine counted") {
  const std::string text = metrics_text(sample());
  CHECK(text.find("\nassent_packets_total{shard=\"0\"} 12345678901\n") != std::string::npos);
  CHECK(text.find("\nassent_drops_total{reason=\"foreign_source\",shard=\"0\"} 3\n") != std::string::npos);
  CHECK(text.find("\nassent_legs{gate=\"open\",shard=\"0\"} 2\n") != std::string::npos);
  CHECK(text.find("\nassent_packets_total{shard=\"1\"} 5\n") != std::string::npos);
  CHECK(text.find("\nassent_drops_total{reason=\"foreign_source\",shard=\"1\"} 0\n") != std::string::npos);
  CHECK(text.find("\nassent_arena_used_bytes{shard=\"1\"} 4096\n") != std::string::npos);
  CHECK(text.find("\nassent_blocks_total{fate=\"wiped\"} 7\n") != std::string::npos);
  CHECK(text.find("\nassent_api_requests_total{operation=\"create_call\",status=\"2xx\"} 5\n") != std::string::npos);
  CHECK(text.find("\nassent_api_requests_total{operation=\"none\",status=\"4xx\"} 6\n") != std::string::npos);
  CHECK(text.find("\nassent_ready 1\n") != std::string::npos);
}

TEST_CASE("the metrics keep to the text format: help, type, samples; each family once") {
  const std::regex sample_line(
      R"re(^(assent_[a-z0-9_]+)(\{[a-z_]+="([^"\\\n]|\\["\\n])*"(,[a-z_]+="([^"\\\n]|\\["\\n])*")*\})? [0-9.e+-]+$)re");
  const std::regex help_line("^# HELP (assent_[a-z0-9_]+) .+$");
  const std::regex type_line("^# TYPE (assent_[a-z0-9_]+) (counter|gauge)$");
  std::set<std::string> families;
  std::set<std::string> series;
  std::string current;
  std::string type;
  std::istringstream lines(metrics_text(sample()));
  std::smatch parts;
  for (std::string line; std::getline(lines, line);) {
    INFO(line);
    if (std::regex_match(line, parts, help_line)) {
      CHECK(families.insert(parts[1]).second);
      current = parts[1];
    } else if (std::regex_match(line, parts, type_line)) {
      CHECK(parts[1] == current);
      type = parts[2];
      CHECK(current.ends_with("_total") == (type == "counter"));
    } else {
      REQUIRE(std::regex_match(line, parts, sample_line));
      CHECK(parts[1] == current);
      CHECK(series.insert(line.substr(0, line.rfind(' '))).second);
    }
  }
  CHECK(families.size() > 15);
}

TEST_CASE("a trouble shows as not ready") {
  MetricsInput input;
  input.troubles = 2;
  CHECK(metrics_text(input).find("\nassent_ready 0\n") != std::string::npos);
}

}  // namespace assent
