// What LiveCalls shows of the calls in progress.
#include <algorithm>
#include <iterator>

#include "engine/calls/live_calls.h"
#include "engine/catalog/said.h"
#include "engine/control/consent_record_view.h"

namespace assent {
namespace {

std::optional<LegSrtpView> srtp_view_of(const LiveLeg& leg, const DtlsFingerprint& ours) {
  if (leg.srtp() == nullptr) return std::nullopt;
  const SrtpCounts counts = leg.srtp()->counts();
  LegSrtpView view;
  if (const auto suite = leg.srtp()->suite()) view.suite = std::string(name_of(*suite));
  const bool by_dtls = leg.srtp()->by_dtls().has_value();
  if (by_dtls) view.fingerprint = to_text(ours);
  view.opened = counts.packets;
  for (std::size_t i = 0; i < kSrtpFaults; ++i) {
    const auto fault = static_cast<SrtpFault>(i);
    const bool can_come = fault != SrtpFault::none && fault != SrtpFault::no_room;
    if (can_come && (by_dtls || fault != SrtpFault::unkeyed))
      view.faults.emplace_back(name_of(fault), counts.of(fault));
  }
  return view;
}

}  // namespace

Result<ConsentRecordView> LiveCalls::record_view(const ConsentRow& row, const Known& known) const {
  const auto who = std::find_if(known.participants.begin(), known.participants.end(),
                                [&](const KnownParticipant& one) { return one.id == row.participant; });
  if (who == known.participants.end()) return error(Errc::corrupt, "a consent in the call is nobody's");
  auto said = open_said(parts_.keys, who->key, row);
  if (!said) return said.error();
  return consent_record_view(row, who->spec.ref, *std::move(said));
}

Result<CallView> LiveCalls::call(CallId id) {
  const KnownCall entry = known(id);
  if (entry == nullptr) return no_such_live_call();
  return link(entry->shard).ask_now<CallView>([this, id, entry](Shard& shard, Now now) -> Result<CallView> {
    LiveCall* live = shard.find(id);
    if (live == nullptr) return no_such_live_call();
    (void)now;
    return view_of(*live, *entry);
  });
}

Result<CallId> LiveCalls::find_call(const std::string& id_or_ref, const std::optional<std::string>& tenant) {
  const auto is_theirs = [&](const Known& known) { return !tenant || known.tenant_name == *tenant; };
  const std::lock_guard lock(mutex_);
  if (const auto id = parse_id<CallId>(id_or_ref)) {
    const auto found = known_.find(*id);
    if (found != known_.end() && is_theirs(*found->second)) return *id;
  }
  std::optional<CallId> named;
  for (const auto& [id, known] : known_) {
    if (known->ref != id_or_ref || !is_theirs(*known)) continue;
    if (named) return error(Errc::conflict, "several calls in progress have this ref: name the call by its id");
    named = id;
  }
  if (!named) return no_such_live_call();
  return *named;
}

Result<std::vector<CallView>> LiveCalls::calls() {
  std::vector<CallView> all;
  for (const LiveShard& each : parts_.shards) {
    auto views = each.link.ask_now<std::vector<CallView>>([this](Shard& shard, Now) -> Result<std::vector<CallView>> {
      std::vector<CallView> found;
      for (LiveCall* live : shard.calls()) {
        if (const KnownCall entry = known(live->identity().id)) found.push_back(view_of(*live, *entry));
      }
      return found;
    });
    if (!views) return views.error();
    std::move(views->begin(), views->end(), std::back_inserter(all));
  }
  std::stable_sort(all.begin(), all.end(), [](const CallView& a, const CallView& b) { return a.created < b.created; });
  return all;
}

CallView LiveCalls::view_of(LiveCall& live, const Known& known) const {
  CallView view;
  view.id = live.identity().id;
  view.ref = known.ref;
  view.tenant = known.tenant_name;
  view.state = "live";
  view.policy = to_text(live.consent().settings().policy);
  view.paused = live.consent().paused();
  view.created = known.created;
  if (live.has_recording()) view.recording = live.identity().recording;
  view.signalled = known.signalled;
  show_consents(live, known, view);
  show_legs(live, known, view);
  return view;
}

void LiveCalls::show_consents(LiveCall& live, const Known& known, CallView& view) const {
  for (std::size_t i = 0; i < known.participants.size() && i < live.participants().size(); ++i) {
    const KnownParticipant& participant = known.participants[i];
    ParticipantView shown{participant.id,
                          participant.spec.ref,
                          participant.spec.role,
                          participant.spec.subject,
                          participant.spec.name,
                          {},
                          known.left.contains(participant.id)};
    for (const std::string& purpose : parts_.purposes.ids_of(live.consent().settings().purposes)) {
      const ConsentState state =
          live.consent().state(ParticipantIndex(static_cast<std::uint8_t>(i)), *parts_.purposes.find(purpose));
      shown.consents.push_back({purpose, std::string(to_text(state))});
    }
    view.participants.push_back(std::move(shown));
  }
}

void LiveCalls::show_legs(LiveCall& live, const Known& known, CallView& view) const {
  for (std::size_t i = 0; i < known.legs.size() && i < live.legs().size(); ++i) {
    LiveLeg& leg = *live.legs()[i];
    const auto& [id, spec] = known.legs[i];
    const LegCounts counts = leg.counts();
    const LegGateCounts gated = leg.gate().counts();
    LegView shown;
    shown.label = spec.label;
    shown.id = id;
    shown.participant = spec.participant;
    shown.codec = to_text(leg.receiver().codec());
    shown.gate = to_text(live.consent().gate(LegIndex(static_cast<std::uint8_t>(i))));
    shown.address = parts_.rtp_address;
    shown.port = leg.identity().ports.rtp;
    shown.rtcp_port = leg.identity().ports.rtcp;
    shown.payloads = spec.payloads;
    shown.rtpengine = spec.rtpengine;
    shown.has_ended = known.ended.contains(id);
    shown.level_dbov = leg.level_dbov();
    shown.held_ms = std::chrono::duration_cast<milliseconds>(leg.gate().held()).count();
    shown.packets = counts.received;
    shown.lost = counts.lost;
    shown.dropped = counts.foreign + counts.malformed + counts.late + counts.duplicated;
    shown.sealed_blocks = gated.admitted_blocks;
    shown.srtp = srtp_view_of(leg, parts_.dtls.fingerprint());
    view.legs.push_back(std::move(shown));
  }
}

}  // namespace assent
