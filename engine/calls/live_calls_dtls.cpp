// How the legs of live calls are met by DTLS-SRTP: who is expected, and what comes of it.
#include <new>

#include "engine/calls/live_calls.h"

namespace assent {

// Of all its legs, those of which it is known already, too.
void LiveCalls::expect_handshakes(CallId id) {
  const std::lock_guard lock(mutex_);  // or it might end meanwhile, and somebody be expected for ever
  const auto found = known_.find(id);
  if (found == known_.end()) return;
  const Known& known = *found->second;
  for (std::size_t i = 0; i < known.legs.size(); ++i) {
    const auto& [leg, spec] = known.legs[i];
    if (spec.srtp != nullptr && spec.srtp->by_dtls && !known.ended.contains(leg)) {
      parts_.dtls.open({known.shard, id, leg, LegIndex(static_cast<std::uint8_t>(i))}, *spec.srtp->by_dtls);
    } else {
      parts_.dtls.close(leg);
    }
  }
}

void LiveCalls::answer_handshakes(ShardId shard, std::vector<DtlsAnswer> answers) {
  const auto shared = std::make_shared<const std::vector<DtlsAnswer>>(std::move(answers));
  using AllPorts = std::vector<Result<LegPorts>>;
  const auto answered = link(shard).ask_now<AllPorts>([shared](Shard& one, Now now) -> Result<AllPorts> {
    AllPorts ports;
    for (const DtlsAnswer& each : *shared) ports.push_back(one.answer_handshake(each.answer, now));
    return ports;
  });
  for (std::size_t i = 0; i < shared->size(); ++i) {
    const DtlsAnswer& each = shared->at(i);
    if (each.answer.agreed == nullptr) continue;
    if (answered && answered->at(i)) {
      note_keys(each, *answered->at(i));
    } else {
      forget_handshake(each.leg);
    }
  }
}

// The keys are not in use, so the other end must not be told at last that they are.
void LiveCalls::forget_handshake(const DtlsLeg& leg) {
  parts_.dtls.close(leg.id);
  expect_handshakes(leg.call);
}

// For a restart: the other end has no reason to begin anew then. Nobody waits until they are durable.
void LiveCalls::note_keys(const DtlsAnswer& agreed, const LegPorts& ports) try {
  const KnownCall before = known(agreed.leg.call);
  const auto call_key = before == nullptr ? Result<OpenKey>(no_such_live_call()) : parts_.keys.open(before->call_key);
  if (!call_key) return;  // it has ended, or is being erased
  const std::lock_guard lock(mutex_);
  const auto found = known_.find(agreed.leg.call);
  if (found == known_.end()) return;
  auto after = std::make_shared<Known>(*found->second);
  LegSpec& spec = after->legs.at(agreed.leg.index.value).second;
  if (spec.srtp == nullptr || spec.srtp->by_dtls != agreed.answer.agreed->by_dtls) return;  // somebody else is expected
  spec.srtp = agreed.answer.agreed;
  // Before anybody may change it again, so that this is not the last that is booked of it then.
  (void)parts_.writer.post({media_row(*after, agreed.leg.index.value, ports, *call_key->key)}, [](const auto&) {});
  found->second = std::move(after);
} catch (const std::bad_alloc&) {
  // The memory for secrets is used up: the leg is heard, and after a restart by another handshake.
}

}  // namespace assent
