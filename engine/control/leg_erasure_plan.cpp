#include "engine/control/leg_erasure_plan.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/control/call_contents.h"

namespace assent {

Result<LegErasurePlan> plan_leg_erasure(Catalog& catalog, const CallRow& call, ErasureScope scope,
                                        const std::set<ParticipantId>& who, const std::string& by, WallTime now) {
  LegErasurePlan plan;
  const auto recording = catalog.recording_of(call.id);
  if (!recording) return recording.error();
  if (!*recording || (*recording)->state == RecordingState::erased) return plan;
  const auto legs = catalog.legs(call.id);
  if (!legs) return legs.error();
  const auto segments = catalog.segments((*recording)->id);
  if (!segments) return segments.error();
  booking::EraseLegs erase{new_id<ErasureId>(now), call.id, by, now, {who.begin(), who.end()}, {}, {}, {}};
  std::vector<LegRow> erased;
  std::set<LegId> kept;
  for (const LegRow& leg : *legs) {
    const auto key = catalog.key(leg.key);
    if (!key) return key.error();
    if (!*key) continue;  // erased before
    if (scope == ErasureScope::leg && !who.contains(leg.participant)) {
      kept.insert(leg.id);
      continue;
    }
    erased.push_back(leg);
    erase.keys.push_back(leg.key);
  }
  if (erased.empty()) return plan;
  const bool keeps_any = std::any_of(segments->begin(), segments->end(),
                                     [&](const SegmentRow& segment) { return kept.contains(segment.leg); });
  if (auto added = add_legs(catalog, erased, plan.what); !added) return added.error();
  if (!keeps_any) {
    erase.keys.push_back(call.key);
    erase.recording = (*recording)->id;
    const auto participants = catalog.participants(call.id);
    if (!participants) return participants.error();
    plan.what.add((*recording)->id);
    if (auto added = add_call(catalog, call, plan.what); !added) return added.error();
    if (auto added = add_participants(catalog, *participants, plan.what); !added) return added.error();
  }
  erase.destroyed_json = plan.what.to_json().dump();
  plan.erase = std::move(erase);
  return plan;
}

Result<ErasureScope> erasure_scope(Catalog& catalog, const CallRow& call, std::span<const ParticipantRow> participants,
                                   const std::set<ParticipantId>& who) {
  if (who.empty() || call.erasure == ErasureScope::leg) return ErasureScope::leg;
  const auto key = catalog.key(call.key);
  if (!key) return key.error();
  // Without guards: it has been closed as a whole, is older than guards are, or everybody in it is there by their role.
  if (!*key || (*key)->guards.empty()) return ErasureScope::call;
  std::set<KeyId> theirs;
  for (const ParticipantRow& participant : participants) {
    if (!who.contains(participant.id)) continue;
    const auto subject = catalog.subject(participant.subject);
    if (!subject) return subject.error();
    if (*subject) theirs.insert((*subject)->key);
  }
  for (const KeyId guard : (*key)->guards) {
    const auto stands = catalog.key(guard);
    if (!stands) return stands.error();
    if (!*stands || theirs.contains(guard)) return ErasureScope::call;
  }
  return ErasureScope::leg;
}

}  // namespace assent
