// How a shard's legs change and go while their call goes on.
#include <algorithm>

#include "engine/shard/shard.h"

namespace assent {

Shard::Entry* Shard::live_entry(CallId id) {
  const auto found = calls_.find(id);
  return found == calls_.end() || found->second.ending ? nullptr : &found->second;
}

Result<void> Shard::change_leg(CallId id, LegIndex index, const LegPayloads& payloads,
                               const std::optional<Endpoint>& source, const SharedSrtpTerms& srtp, Now now) {
  Entry* const entry = live_entry(id);
  if (entry == nullptr) return no_such_call();
  if (entry->call->consent().has_left(index)) return error(Errc::conflict, "the leg has ended");
  LiveLeg& leg = *entry->call->legs().at(index.value);
  const nanoseconds hold = entry->call->consent().settings().hold;
  if (blocks_of(payloads, hold) > leg.gate().ring_blocks()) {
    return error(Errc::exhausted, "the leg has no room to hold audio of such a rate");
  }
  entry->last_used = now.mono;
  if (auto changed = leg.change(payloads, source, now); !changed || srtp == nullptr) return changed;
  return protect(*entry, leg, *srtp);
}

Result<void> Shard::protect(Entry& entry, LiveLeg& leg, const SrtpTerms& terms) {
  if (auto changed = leg.change_srtp(parts_.srtp, terms); !changed) return changed;
  if (const auto slot = slot_of(entry, leg); slot != entry.slots.end()) srtp_.protect(*slot, leg.srtp()->session());
  return {};
}

std::vector<LegSlot>::iterator Shard::slot_of(Entry& entry, const LiveLeg& leg) {
  return std::find_if(entry.slots.begin(), entry.slots.end(),
                      [&](LegSlot one) { return legs_by_slot_.at(one.value) == &leg; });
}

Result<LegPorts> Shard::answer_handshake(const HandshakeAnswer& answer, Now now) {
  Entry* const entry = live_entry(answer.call);
  if (entry == nullptr) return no_such_call();
  LiveLeg& leg = *entry->call->legs().at(answer.leg.value);
  const auto slot = slot_of(*entry, leg);
  if (slot == entry->slots.end() || entry->call->consent().has_left(answer.leg)) {
    return error(Errc::conflict, "the leg has ended");
  }
  if (answer.agreed != nullptr) {
    if (leg.srtp() == nullptr || leg.srtp()->by_dtls() != answer.agreed->by_dtls) {
      return error(Errc::conflict, "somebody else is expected by now");
    }
    // What the kernel still holds is under the former keys.
    sweep_source();
    if (auto keyed = protect(*entry, leg, *answer.agreed); !keyed) return keyed.error();
    leg.hear_from(answer.with);
    entry->last_used = now.mono;
  }
  // Only now: who gets them sends under the new keys at once. What cannot be sent is like what gets lost.
  for (const DtlsEndpoint::Reply& reply : answer.replies) (void)parts_.source.send(*slot, reply.to, reply.datagram);
  return leg.identity().ports;
}

Result<void> Shard::leave(CallId id, const std::vector<ParticipantIndex>& participants,
                          const std::vector<LegIndex>& legs, Now now) {
  Entry* const entry = live_entry(id);
  if (entry == nullptr) return no_such_call();
  entry->last_used = now.mono;
  // What the kernel still holds for them is heard.
  sweep_source();
  for (const LegIndex leg : legs) entry->call->end_leg(leg, now);
  for (const ParticipantIndex gone : participants) entry->call->leave(gone, now);
  return {};
}

// Of a leg that is replaced: its place, and with it its ports.
LegSlot Shard::give_up(Entry& entry, LegIndex index, Now now) {
  LiveLeg& leg = *entry.call->legs().at(index.value);
  entry.call->end_leg(index, now);
  const auto found = slot_of(entry, leg);
  const LegSlot slot = *found;
  leg.expect_at(nullptr);
  srtp_.remove(slot);
  entry.slots.erase(found);
  return slot;
}

}  // namespace assent
