#include "engine/control/call_contents.h"

namespace assent {

Result<void> add_legs(Catalog& catalog, std::span<const LegRow> legs, Destroyed& destroyed) {
  for (const LegRow& leg : legs) {
    const auto key = catalog.key(leg.key);
    if (!key) return key.error();
    if (!*key) continue;
    destroyed.add(leg.id);
    destroyed.add(leg.key);
  }
  return {};
}

Result<void> add_participants(Catalog& catalog, std::span<const ParticipantRow> participants, Destroyed& destroyed) {
  for (const ParticipantRow& participant : participants) {
    const auto key = catalog.key(participant.key);
    if (!key) return key.error();
    // In older calls the key is the person's own, which stays with them.
    const bool has_key = *key && (*key)->kind == KeyKind::participant;
    if (has_key) destroyed.add(participant.key);
    if (has_key || !participant.sealed.empty()) destroyed.add(participant.id);
  }
  return {};
}

Result<void> add_call(Catalog& catalog, const CallRow& call, Destroyed& destroyed) {
  const auto key = catalog.key(call.key);
  if (!key) return key.error();
  if (!*key) return {};
  destroyed.add(call.id);
  destroyed.add(call.key);
  return {};
}

}  // namespace assent
