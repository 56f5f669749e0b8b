#include "engine/catalog/catalog.h"

#include <utility>

namespace assent {
namespace {

template <typename State>
using Named = std::pair<State, std::string_view>;

constexpr Named<CallState> kCallStates[] = {
    {CallState::live, "live"}, {CallState::ended, "ended"}, {CallState::interrupted, "interrupted"}};

constexpr Named<RecordingState> kRecordingStates[] = {{RecordingState::open, "open"},
                                                      {RecordingState::complete, "complete"},
                                                      {RecordingState::incomplete, "incomplete"},
                                                      {RecordingState::recovered, "recovered"},
                                                      {RecordingState::erased, "erased"}};

constexpr Named<SegmentState> kSegmentStates[] = {{SegmentState::stored, "stored"},
                                                  {SegmentState::quarantined, "quarantined"}};

constexpr Named<ErasureScope> kErasureScopes[] = {{ErasureScope::leg, "leg"}, {ErasureScope::call, "call"}};

constexpr Named<LedgerKind> kLedgerKinds[] = {{LedgerKind::consent, "consent"},
                                              {LedgerKind::gate, "gate"},
                                              {LedgerKind::pause, "pause"},
                                              {LedgerKind::resume, "resume"},
                                              {LedgerKind::access, "access"},
                                              {LedgerKind::refusal, "refusal"},
                                              {LedgerKind::note, "note"},
                                              {LedgerKind::erasure_step, "erasure_step"},
                                              {LedgerKind::erasure_done, "erasure_done"},
                                              {LedgerKind::engine_start, "engine_start"},
                                              {LedgerKind::engine_stop, "engine_stop"},
                                              {LedgerKind::recovery, "recovery"},
                                              {LedgerKind::export_keys, "export_keys"},
                                              {LedgerKind::ledger_key, "ledger_key"},
                                              {LedgerKind::checkpoint, "checkpoint"},
                                              {LedgerKind::standing_consent, "standing_consent"},
                                              {LedgerKind::notice, "notice"},
                                              {LedgerKind::purpose, "purpose"},
                                              {LedgerKind::rotation, "rotation"},
                                              {LedgerKind::metrics, "metrics"},
                                              {LedgerKind::processor, "processor"},
                                              {LedgerKind::hold, "hold"},
                                              {LedgerKind::disclosure, "disclosure"},
                                              {LedgerKind::preference, "preference"}};

constexpr Named<DeliveryState> kDeliveryStates[] = {
    {DeliveryState::pending, "pending"},     {DeliveryState::accepted, "accepted"},
    {DeliveryState::delivered, "delivered"}, {DeliveryState::confirmed, "confirmed"},
    {DeliveryState::dead, "dead"},           {DeliveryState::waived, "waived"}};

constexpr Named<HoldTarget> kHoldTargets[] = {{HoldTarget::recording, "recording"},
                                              {HoldTarget::call, "call"},
                                              {HoldTarget::subject, "subject"},
                                              {HoldTarget::tenant, "tenant"}};

template <typename State, std::size_t n>
std::string_view name_in(const Named<State> (&names)[n], State state) {
  for (const auto& [value, name] : names) {
    if (value == state) return name;
  }
  return "unknown";
}

template <typename State, std::size_t n>
bool parse_in(const Named<State> (&names)[n], std::string_view text, State& out) {
  for (const auto& [value, name] : names) {
    if (name == text) {
      out = value;
      return true;
    }
  }
  return false;
}

}  // namespace

std::string_view name_of(ErasureScope scope) { return name_in(kErasureScopes, scope); }
std::string_view name_of(HoldTarget target) { return name_in(kHoldTargets, target); }
std::string_view name_of(CallState state) { return name_in(kCallStates, state); }
std::string_view name_of(RecordingState state) { return name_in(kRecordingStates, state); }
std::string_view name_of(SegmentState state) { return name_in(kSegmentStates, state); }
std::string_view name_of(DeliveryState state) { return name_in(kDeliveryStates, state); }
std::string_view name_of(LedgerKind kind) { return name_in(kLedgerKinds, kind); }

bool parse_name(std::string_view text, ErasureScope& out) { return parse_in(kErasureScopes, text, out); }
bool parse_name(std::string_view text, DeliveryState& out) { return parse_in(kDeliveryStates, text, out); }
bool parse_name(std::string_view text, HoldTarget& out) { return parse_in(kHoldTargets, text, out); }
bool parse_name(std::string_view text, CallState& out) { return parse_in(kCallStates, text, out); }
bool parse_name(std::string_view text, RecordingState& out) { return parse_in(kRecordingStates, text, out); }
bool parse_name(std::string_view text, SegmentState& out) { return parse_in(kSegmentStates, text, out); }

std::optional<RecordingState> parse_recording_state(std::string_view text) {
  RecordingState state{};
  if (!parse_name(text, state)) return std::nullopt;
  return state;
}

}  // namespace assent
