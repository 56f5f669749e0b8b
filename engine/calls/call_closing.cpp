#include "engine/calls/call_closing.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/catalog/leg_metrics.h"
#include "engine/catalog/lost_audio.h"
#include "engine/catalog/person_fields.h"

namespace assent {
namespace {

using nlohmann::json;

// What is missing of a recording that ended in order, as the catalog keeps it; empty when nothing is.
std::string lost_json(const FinishedCall& finished, const Result<void>& settled) {
  if (settled && finished.gaps.empty()) return {};
  json gaps = json::array();
  for (const auto& [leg, gap] : finished.gaps) {
    gaps.push_back({{"leg", to_text(leg)},
                    {"from", to_rfc3339(gap.from)},
                    {"to", to_rfc3339(gap.to)},
                    {"blocks", gap.blocks},
                    {"packets", gap.packets}});
  }
  json lost = {{"gaps", std::move(gaps)}};
  if (!settled) lost["why"] = settled.error().what;
  return lost.dump();
}

std::string wiped_json(const LegMetrics& metrics) {
  return json{{"PACKETS_RECEIVED", metrics.counts.received}, {std::string(kHeldBytesCount), metrics.held_bytes}}.dump();
}

}  // namespace

std::string CallClosing::fault_of(const FinishedCall& finished, const Result<void>& settled) {
  if (!settled) return "incomplete: " + settled.error().what;
  if (finished.gaps.empty()) return {};
  std::uint64_t packets = 0;
  for (const auto& [leg, gap] : finished.gaps) packets += gap.packets;
  return "incomplete: " + std::to_string(packets) + " packets could not be sealed in time";
}

Result<std::vector<Booking>> CallClosing::bookings(const FinishedCall& finished, const CallEnd& end) {
  const bool goes_on = finished.how == LiveCall::Ending::left_off;
  std::vector<Booking> bookings;
  // Damage to what a leg was like before a restart must not keep the call from ending.
  if (auto closed = close_legs(finished, bookings); !closed && closed.error().code != Errc::corrupt) {
    return closed.error();
  }
  if (finished.has_recording && finished.all_erased) {
    bookings.emplace_back(booking::EraseUnheld{finished.recording, end.at});
  }
  if (finished.has_recording) {
    std::string lost = joined_losses(end.lost_before, lost_json(finished, end.settled));
    // A restart in the middle is never a complete recording, whatever came before and after it.
    const RecordingState closed = goes_on || !end.lost_before.empty() ? RecordingState::recovered
                                  : lost.empty()                      ? RecordingState::complete
                                                                      : RecordingState::incomplete;
    bookings.emplace_back(booking::CloseRecording{finished.recording, end.at, closed, std::move(lost)});
  }
  if (!goes_on) bookings.emplace_back(booking::EndCall{finished.id, end.at, end.state});
  return bookings;
}

Result<void> CallClosing::close_legs(const FinishedCall& finished, std::vector<Booking>& bookings) {
  const auto rows = catalog_.legs(finished.id);
  if (!rows) return rows.error();
  for (const FinishedCall::Leg& leg : finished.legs) {
    const auto row = std::find_if(rows->begin(), rows->end(), [&](const LegRow& one) { return one.id == leg.id; });
    if (row == rows->end()) continue;
    if (!leg.is_kept) {
      bookings.emplace_back(booking::SetLegCounts{leg.id, wiped_json(leg.metrics)});
      continue;
    }
    const auto key = keys_.open(row->key);
    if (!key && key.error().code == Errc::not_found) continue;  // erased meanwhile
    if (!key) return key.error();
    LegMetrics metrics = leg.metrics;
    if (!row->sealed_metrics.empty()) {  // of before a restart
      const auto text = open_leg_metrics(*key->key, *row);
      if (!text) return text.error();
      auto before = leg_metrics_from(*text);
      if (!before) return before.error();
      metrics = *before += metrics;
    }
    bookings.emplace_back(booking::SetLegMetrics{leg.id, seal_leg_metrics(*key->key, leg.id, to_json(metrics))});
  }
  return {};
}

}  // namespace assent
