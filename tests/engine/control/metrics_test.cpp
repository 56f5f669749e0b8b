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
  first.source_moves = 2;
  first.drops = {{"foreign_source", 3}, {"say \"hi\"\\\n", 4}};
  first.gates = {{"open", 2}, {"holding", 1}};
  ShardCounters second;
  second.shard = 1;
  second.packets = 5;
  second.drops = {{"foreign_source", 0}};
  second.arena_bytes_in_use = 4096;
  second.blocks_wiped = 7;
  second.journal_sync_errors = 2;
  second.latencies.block_to_durable.steps.at(3) = 4;
  second.latencies.block_to_durable.steps.back() = 1;
  second.latencies.block_to_durable.sum_us = 20'000'600;
  input.engine.shards = {first, second};
  input.engine.catalog.waiting = 9;
  input.process = read_process_usage();
  input.requests[static_cast<std::size_t>(Operation::create_call)][1] = 5;
  input.requests[kOperations][3] = 6;
  return input;
}

}  // namespace

TEST_CASE("the metrics say what the engine counted") {
  const std::string text = metrics_text(sample());
  CHECK(text.find("\nassent_packets_total{shard=\"0\"} 12345678901\n") != std::string::npos);
  CHECK(text.find("\nassent_source_moves_total{shard=\"0\"} 2\n") != std::string::npos);
  CHECK(text.find("\nassent_drops_total{reason=\"foreign_source\",shard=\"0\"} 3\n") != std::string::npos);
  CHECK(text.find("\nassent_legs{gate=\"open\",shard=\"0\"} 2\n") != std::string::npos);
  CHECK(text.find("\nassent_packets_total{shard=\"1\"} 5\n") != std::string::npos);
  CHECK(text.find("\nassent_drops_total{reason=\"foreign_source\",shard=\"1\"} 0\n") != std::string::npos);
  CHECK(text.find("\nassent_arena_used_bytes{shard=\"1\"} 4096\n") != std::string::npos);
  CHECK(text.find("\nassent_blocks_total{fate=\"wiped\",shard=\"1\"} 7\n") != std::string::npos);
  CHECK(text.find("\nassent_api_requests_total{operation=\"create_call\",status=\"2xx\"} 5\n") != std::string::npos);
  CHECK(text.find("\nassent_api_requests_total{operation=\"none\",status=\"4xx\"} 6\n") != std::string::npos);
  CHECK(text.find("\nassent_write_errors_total{stage=\"journal_sync\",shard=\"1\"} 2\n") != std::string::npos);
  CHECK(text.find("\nassent_catalog_queue_bookings 9\n") != std::string::npos);
  CHECK(text.find("\nassent_ready 1\n") != std::string::npos);
}

TEST_CASE("a latency is a histogram in seconds, with its counts summed up") {
  const std::string text = metrics_text(sample());
  const auto has = [&](const std::string& line) { return text.find("\n" + line + "\n") != std::string::npos; };
  CHECK(has("# TYPE assent_block_to_durable_seconds histogram"));
  CHECK(has("assent_block_to_durable_seconds_bucket{shard=\"1\",le=\"0.0001\"} 0"));
  CHECK(has("assent_block_to_durable_seconds_bucket{shard=\"1\",le=\"0.00015\"} 4"));
  CHECK(has("assent_block_to_durable_seconds_bucket{shard=\"1\",le=\"10\"} 4"));
  CHECK(has("assent_block_to_durable_seconds_bucket{shard=\"1\",le=\"+Inf\"} 5"));
  CHECK(has("assent_block_to_durable_seconds_count{shard=\"1\"} 5"));
  CHECK(has("assent_block_to_durable_seconds_sum{shard=\"1\"} 20.0006"));
}

TEST_CASE("what the process uses is read from the kernel") {
  const auto usage = read_process_usage();
  REQUIRE(usage);
  CHECK(usage->cpu_seconds >= 0);
  CHECK(usage->resident_bytes > (1U << 20));
  CHECK(usage->open_files >= 3);
  CHECK(usage->open_files <= usage->open_files_limit);
  CHECK(usage->threads >= 1);
  const auto now = std::chrono::duration<double>(read_clocks().wall.time_since_epoch()).count();
  CHECK(usage->start_time_seconds > now - 3600);
  CHECK(usage->start_time_seconds < now + 1);
  CHECK(metrics_text(sample()).find("\nprocess_cpu_seconds_total ") != std::string::npos);
}

TEST_CASE("the metrics keep to the text format: help, type, samples; each family once") {
  const std::regex sample_line(
      R"re(^((?:assent|process)_[a-z0-9_]+)(\{[a-z_]+="([^"\\\n]|\\["\\n])*"(,[a-z_]+="([^"\\\n]|\\["\\n])*")*\})? [0-9.e+-]+$)re");
  const std::regex help_line("^# HELP ((?:assent|process)_[a-z0-9_]+) .+$");
  const std::regex type_line("^# TYPE ((?:assent|process)_[a-z0-9_]+) (counter|gauge|histogram)$");
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
      const bool of_family = type == "histogram" ? parts[1].str().starts_with(current + "_") : parts[1] == current;
      CHECK(of_family);
      CHECK(series.insert(line.substr(0, line.rfind(' '))).second);
    }
  }
  CHECK(families.size() > 30);
}

TEST_CASE("the engine's life shows: draining, and reloads by result") {
  MetricsInput input;
  LifeRecord record;
  record.note({ReloadResult::failed, {}, {}, {}});
  record.note({ReloadResult::applied, {}, {}, {}});
  record.note({ReloadResult::failed, {}, {}, {}});
  record.begin_drain();
  input.life = record.life();
  const std::string text = metrics_text(input);
  CHECK(text.find("\nassent_draining 1\n") != std::string::npos);
  CHECK(text.find("\nassent_reloads_total{result=\"applied\"} 1\n") != std::string::npos);
  CHECK(text.find("\nassent_reloads_total{result=\"partial\"} 0\n") != std::string::npos);
  CHECK(text.find("\nassent_reloads_total{result=\"failed\"} 2\n") != std::string::npos);
}

TEST_CASE("a trouble shows as not ready") {
  MetricsInput input;
  input.troubles = 2;
  CHECK(metrics_text(input).find("\nassent_ready 0\n") != std::string::npos);
}

}  // namespace assent
