#include "bench/load/reports.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

namespace assent::load {
namespace {

using Json = nlohmann::ordered_json;

double ms(nanoseconds time) { return std::round(static_cast<double>(time.count()) / 1e4) / 100; }
double per_packet(nanoseconds cpu, std::uint64_t packets) {
  return packets == 0 ? 0 : std::round(static_cast<double>(cpu.count()) / static_cast<double>(packets));
}

Json lag_of(const PlayerReport& player) {
  return {
      {"p50", ms(player.lag.quantile(0.5))}, {"p99", ms(player.lag.quantile(0.99))}, {"max", ms(player.lag.largest())}};
}

Json engine_of(const ProcessUse& used, const RunReport& report) {
  Json threads = Json::object();
  Json waits = Json::object();
  for (const auto& [name, use] : used.by_thread) {
    if (const double ns = per_packet(use.cpu, report.received); ns >= 1) threads[name] = ns;
    if (use.wait >= 1ms) waits[name] = ms(use.wait);
  }
  const double share = static_cast<double>(used.all.cpu.count()) / 1e9 / static_cast<double>(report.duration.count());
  return {{"cpu_ns_per_packet", per_packet(used.all.cpu, report.received)},
          {"cpu_ns_per_packet_by_thread", threads},
          {"waited_for_a_core_ms_by_thread", waits},
          {"cpu_share_of_a_core", std::round(share * 1000) / 1000},
          {"resident_mib", used.resident_bytes >> 20U},
          {"open_files", used.open_files}};
}

}  // namespace

std::string json_of(const RunReport& report) {
  Json body = {{"valid", report.is_valid()},
               {"disturbed", report.is_disturbed()},
               {"right", report.is_right()},
               {"calls", report.calls},
               {"seconds", report.duration.count()},
               {"replaced_calls", report.replaced_calls},
               {"sent", report.player.sent},
               {"received", report.received},
               {"lost", report.lost()},
               {"lost_on_the_way", report.player.lost},
               {"duplicated", report.player.duplicated},
               {"refused", report.player.refused}};
  if (report.used) body["engine"] = engine_of(*report.used, report);
  body["recordings"] = {{"made", report.recordings},
                        {"missing", report.missing_recordings},
                        {"unasked", report.unasked_recordings},
                        {"sampled_legs", report.sampled_legs},
                        {"compared_packets", report.compared_packets},
                        {"mismatches", report.mismatches}};
  body["failures"] = {{"count", report.failures}, {"first", report.first_failures}};
  body["setup_seconds"] = std::round(report.setup_seconds * 100) / 100;
  body["teardown_seconds"] = std::round(report.teardown_seconds * 100) / 100;
  body["sender"] = {{"cpu_ns_per_packet", per_packet(report.player.cpu, report.player.sent)},
                    {"lag_ms", lag_of(report.player)},
                    {"failure", report.player.failure}};
  return body.dump();
}

std::string json_of(const PlayerReport& report, milliseconds packet_time) {
  return Json{{"sent", report.sent},
              {"largest_lag_ms", ms(report.lag.largest())},
              {"cpu_s", std::round(ms(report.cpu)) / 1000},
              {"valid", report.is_valid(packet_time)},
              {"lag_ms", lag_of(report)},
              {"lost_on_the_way", report.lost},
              {"duplicated", report.duplicated},
              {"refused", report.refused},
              {"failure", report.failure}}
      .dump();
}

std::string text_of(const RunReport& report) {
  const PlayerReport& player = report.player;
  std::string text =
      fmt::format("{} calls for {} s, {} replaced\n", report.calls, report.duration.count(), report.replaced_calls);
  text += fmt::format("  packets     {} sent, {} received, {} lost ({} more lost on the way, {} sent twice)\n",
                      player.sent, report.received, report.lost(), player.lost, player.duplicated);
  if (report.used) {
    text += fmt::format(
        "  engine      {:.0f} ns of CPU a packet, {:.3f} of a core, {} MiB, {} open files\n",
        per_packet(report.used->all.cpu, report.received),
        static_cast<double>(report.used->all.cpu.count()) / 1e9 / static_cast<double>(report.duration.count()),
        report.used->resident_bytes >> 20U, report.used->open_files);
    for (const auto& [name, use] : report.used->by_thread) {
      const double ns = per_packet(use.cpu, report.received);
      if (ns >= 1) text += fmt::format("    {:<15} {:6.0f} ns, waited {:.0f} ms for a core\n", name, ns, ms(use.wait));
    }
  }
  text += fmt::format("  recordings  {} made, {} missing, {} unasked; {} legs compared, {} packets, {} differ\n",
                      report.recordings, report.missing_recordings, report.unasked_recordings, report.sampled_legs,
                      report.compared_packets, report.mismatches.size());
  for (const std::string& mismatch : report.mismatches) text += "    " + mismatch + "\n";
  text += fmt::format("  requests    {} failed, set up in {:.1f} s, ended in {:.1f} s\n", report.failures,
                      report.setup_seconds, report.teardown_seconds);
  for (const std::string& failure : report.first_failures) text += "    " + failure + "\n";
  text += fmt::format("  sender      {:.0f} ns of CPU a packet, lag {} ms (half), {} ms (99 %), {} ms (largest)\n",
                      per_packet(player.cpu, player.sent), ms(player.lag.quantile(0.5)), ms(player.lag.quantile(0.99)),
                      ms(player.lag.largest()));
  if (report.is_disturbed()) {
    text += "NOT VALID: more was received than was sent: somebody else sends to the engine's ports\n";
  } else if (!player.failure.empty()) {
    text += "NOT VALID: the sender failed: " + player.failure + "\n";
  } else if (!report.is_valid()) {
    text += "NOT VALID: the sender fell behind, so these figures say nothing of the engine\n";
  }
  return text;
}

}  // namespace assent::load
