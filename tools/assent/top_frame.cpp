#include "tools/assent/top_frame.h"

#include <array>
#include <cstdint>
#include <cstdio>
#include <sstream>

#include "pipelines/quantity.h"
#include "tools/assent/text_table.h"

namespace assent {
namespace {

using Json = nlohmann::ordered_json;

std::string fixed(double value, int decimals) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return text.data();
}

// "1,234,567"
std::string whole(double value) {
  std::string text = fixed(value, 0);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > (text[0] == '-' ? 1 : 0); at -= 3) {
    text.insert(static_cast<std::size_t>(at), 1, ',');
  }
  return text;
}

std::string bytes(double value) { return size_text(static_cast<std::uint64_t>(value < 0 ? 0 : value)); }

// "2d 3h", "3h 04m", "4m 05s"
std::string age(double all_seconds) {
  const auto seconds = static_cast<std::int64_t>(all_seconds);
  const std::int64_t minutes = seconds / 60;
  const std::int64_t hours = minutes / 60;
  std::array<char, 64> text{};
  if (hours >= 24) {
    std::snprintf(text.data(), text.size(), "%lldd %lldh", static_cast<long long>(hours / 24),
                  static_cast<long long>(hours % 24));
  } else if (hours > 0) {
    std::snprintf(text.data(), text.size(), "%lldh %02lldm", static_cast<long long>(hours),
                  static_cast<long long>(minutes % 60));
  } else {
    std::snprintf(text.data(), text.size(), "%lldm %02llds", static_cast<long long>(minutes),
                  static_cast<long long>(seconds % 60));
  }
  return text.data();
}

std::string latency(const std::optional<double>& seconds) {
  if (!seconds) return "-";
  if (*seconds >= 1) return fixed(*seconds, 1) + " s";
  const double ms = *seconds * 1e3;
  return fixed(ms, ms < 10 ? 2 : 0) + " ms";
}

// "; late 3, not_rtp 9"
std::string listed(const std::map<std::string, double>& counts) {
  std::string text;
  for (const auto& [name, count] : counts) text += (text.empty() ? "" : ", ") + name + " " + whole(count);
  return text;
}

void add_table(std::vector<std::string>& lines, const TextTable& table) {
  std::ostringstream out;
  table.print(out);
  std::istringstream in(out.str());
  for (std::string line; std::getline(in, line);) lines.push_back(line);
}

Json json_of(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }

}  // namespace

std::vector<std::string> text_frame(const EngineView& view, const std::string& engine) {
  const auto gate = [&view](const char* name) {
    const auto found = view.legs_by_gate.find(name);
    return std::string(name) + " " + whole(found == view.legs_by_gate.end() ? 0 : found->second);
  };
  std::vector<std::string> lines;
  lines.push_back("assent at " + engine + "  " +
                  (view.draining ? "draining"
                   : view.ready  ? "ready"
                                 : "NOT READY") +
                  "  up " + age(view.up_seconds));
  lines.push_back("");
  lines.push_back("process   " + fixed(view.cpu_cores, 2) + " cores, " + bytes(view.resident_bytes) + " resident, " +
                  whole(view.open_files) + " of " + whole(view.open_files_limit) + " files open");
  lines.push_back("calls     " + whole(view.calls) + " of " + whole(view.calls_capacity) + "; legs " + gate("holding") +
                  ", " + gate("opening") + ", " + gate("open") + ", " + gate("paused") + ", " + gate("suspended") +
                  ", " + gate("closed"));
  lines.push_back("packets   " + whole(view.packets_per_second) + "/s, " + bytes(view.bytes_per_second) +
                  "/s of payload");
  lines.push_back("drops     " + whole(view.drops_per_second) + "/s" +
                  (view.drops.empty() ? ", none yet" : "; since the start " + listed(view.drops)));
  lines.push_back("memory    " + bytes(view.arena_used_bytes) + " of " + bytes(view.arena_bytes) + " locked in use, " +
                  bytes(view.ring_bytes) + " held in rings");
  lines.push_back("recorded  " + whole(view.blocks_sealed_per_second) + " blocks/s sealed, " +
                  whole(view.pages_durable_per_second) + " pages/s durable, " + bytes(view.stored_bytes_per_second) +
                  "/s stored");
  lines.push_back("waiting   " + whole(view.seal_queue_blocks) + " blocks to be sealed, " +
                  whole(view.journal_queue_pages) + " pages to be durable, " + whole(view.unsettled_segments) +
                  " segments, " + whole(view.catalog_queue_bookings) + " bookings");
  lines.push_back("errors    " + (view.write_errors.empty() ? "none of writing" : listed(view.write_errors)));
  lines.push_back("");
  TextTable latencies({"LATENCY", "P50", "P99", "P99 SINCE START", "COUNT"});
  for (const LatencyView& each : view.latencies) {
    latencies.add({each.name, latency(each.p50), latency(each.p99), latency(each.p99_since_start), whole(each.count)});
  }
  add_table(lines, latencies);
  lines.push_back("");
  TextTable shards({"SHARD", "CALLS", "PACKETS/S", "DROPS/S", "RINGS", "BLOCKS/S", "TO SEAL", "TO JOURNAL", "P99 GATE",
                    "P99 DURABLE"});
  for (const ShardView& shard : view.shards) {
    shards.add({shard.shard, whole(shard.calls), whole(shard.packets_per_second), whole(shard.drops_per_second),
                bytes(shard.ring_bytes), whole(shard.blocks_sealed_per_second), whole(shard.seal_queue_blocks),
                whole(shard.journal_queue_pages), latency(shard.packet_to_gate_p99),
                latency(shard.block_to_durable_p99)});
  }
  add_table(lines, shards);
  return lines;
}

Json json_frame(const EngineView& view, const std::string& engine, WallTime at) {
  Json latencies = Json::object();
  for (const LatencyView& each : view.latencies) {
    latencies[each.name] = {{"p50", json_of(each.p50)},
                            {"p99", json_of(each.p99)},
                            {"p99_since_start", json_of(each.p99_since_start)},
                            {"count", each.count}};
  }
  Json shards = Json::array();
  for (const ShardView& shard : view.shards) {
    shards.push_back({{"shard", shard.shard},
                      {"calls", shard.calls},
                      {"packets_per_second", shard.packets_per_second},
                      {"drops_per_second", shard.drops_per_second},
                      {"ring_bytes", shard.ring_bytes},
                      {"blocks_sealed_per_second", shard.blocks_sealed_per_second},
                      {"seal_queue_blocks", shard.seal_queue_blocks},
                      {"journal_queue_pages", shard.journal_queue_pages},
                      {"packet_to_gate_p99", json_of(shard.packet_to_gate_p99)},
                      {"block_to_durable_p99", json_of(shard.block_to_durable_p99)}});
  }
  return {{"at", to_rfc3339(at)},
          {"engine", engine},
          {"ready", view.ready},
          {"draining", view.draining},
          {"up_seconds", view.up_seconds},
          {"cpu_cores", view.cpu_cores},
          {"resident_bytes", view.resident_bytes},
          {"open_files", view.open_files},
          {"calls", view.calls},
          {"calls_capacity", view.calls_capacity},
          {"legs", view.legs_by_gate},
          {"packets_per_second", view.packets_per_second},
          {"bytes_per_second", view.bytes_per_second},
          {"drops_per_second", view.drops_per_second},
          {"drops", view.drops},
          {"arena_bytes", view.arena_bytes},
          {"arena_used_bytes", view.arena_used_bytes},
          {"ring_bytes", view.ring_bytes},
          {"blocks_sealed_per_second", view.blocks_sealed_per_second},
          {"pages_durable_per_second", view.pages_durable_per_second},
          {"stored_bytes_per_second", view.stored_bytes_per_second},
          {"seal_queue_blocks", view.seal_queue_blocks},
          {"journal_queue_pages", view.journal_queue_pages},
          {"unsettled_segments", view.unsettled_segments},
          {"catalog_queue_bookings", view.catalog_queue_bookings},
          {"write_errors", view.write_errors},
          {"latencies", latencies},
          {"shards", shards}};
}

}  // namespace assent
