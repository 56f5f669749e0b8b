// How LiveCalls adds legs to a call that is live, and what becomes of how they are heard.
#include <algorithm>

#include "engine/calls/call_memory.h"
#include "engine/calls/live_calls.h"
#include "engine/catalog/person_fields.h"

namespace assent {

// How the latest of the legs are heard, now that they have their ports: for a restart. Into their rows, where these are
// still to be booked.
void LiveCalls::note_ports(const Known& known, const std::vector<LegPorts>& ports, const SecretKey& call_key,
                           std::vector<Booking>& bookings) {
  const std::size_t first = known.legs.size() - ports.size();
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const auto& [id, spec] = known.legs.at(first + i);
    Bytes sealed = seal_media(call_key, id, media_of(spec, ports[i]));
    const auto row = std::find_if(bookings.begin(), bookings.end(), [leg = id](const Booking& booking) {
      const auto* add = std::get_if<booking::AddLeg>(&booking);
      return add != nullptr && add->row.id == leg;
    });
    if (row != bookings.end()) {
      std::get<booking::AddLeg>(*row).row.sealed_media = std::move(sealed);
    } else {
      bookings.push_back(booking::SetLegMedia{id, std::move(sealed)});
    }
  }
}

Result<CallView> LiveCalls::change_legs(CallId id, const LegsSpec& spec, const Caller&) {
  KnownCall before = known(id);
  if (before == nullptr) return no_such_live_call();
  if (auto changed = apply_changes(id, *before, spec.changes); !changed) return changed.error();
  if (spec.legs.empty() && spec.participants.empty()) return call(id);  // nothing more to hold: nothing to admit
  before = known(id);
  if (before == nullptr) return no_such_live_call();
  if (auto room = parts_.overload.admit(); !room) return room.error();
  CallAdmission::CallContext context{
      id, before->tenant, before->call_key, before->participants, {}, before->defaults->rules.of(before->tenant_name)};
  for (const auto& [leg, leg_spec] : before->legs) context.labels.push_back(leg_spec.label);
  // Booked first here: the call is there already, and a consent of the new participant needs its row.
  const auto book = [&]() -> Result<AdmittedLegs> {
    auto prepared = admission_.prepare_legs(spec, context, read_clocks().wall);
    if (!prepared) return prepared.error();
    if (auto booked = parts_.writer.book_and_wait(std::move(prepared->bookings)); !booked) return booked.error();
    return prepared;
  };
  auto admitted = book();
  for (int time = 1; time < limits::kBookingTries && !admitted && admitted.error().code == Errc::conflict; ++time) {
    admitted = book();
  }
  if (!admitted) return admitted.error();

  auto after = std::make_shared<Known>(*before);
  after->participants.insert(after->participants.end(), admitted->participants.begin(), admitted->participants.end());
  for (std::size_t i = 0; i < spec.legs.size(); ++i) after->legs.emplace_back(admitted->legs[i].id, spec.legs[i]);
  auto joining = std::make_shared<AdmittedLegs>(std::move(*admitted));
  // What is on file counts from the moment they join, so that a gate that is open for all others loses nothing.
  auto opened = link(before->shard)
                    .ask<std::vector<LegPorts>>(
                        [joining, id](Shard& shard, Now now, std::function<void(Result<std::vector<LegPorts>>)> reply) {
                          auto added = shard.add_legs(id, std::move(joining->joining), std::move(joining->legs), now);
                          if (!added) return reply(added.error());
                          shard.find(id)->grant_standing(
                              now, [reply = std::move(reply), ports = *added](const Result<void>&) { reply(ports); });
                        },
                        limits::kApiDurableWait);
  if (!opened) return opened.error();
  std::vector<Booking> heard;
  const auto call_key = parts_.keys.open(after->call_key);
  if (!call_key) return call_key.error();
  note_ports(*after, *opened, *call_key->key, heard);
  if (auto booked = parts_.writer.book_and_wait(std::move(heard)); !booked) return booked.error();
  {
    const std::lock_guard lock(mutex_);
    const auto found = known_.find(id);
    if (found == known_.end()) return no_such_live_call();  // it ended meanwhile
    found->second = after;
  }
  return call(id);
}

Result<void> LiveCalls::set_source(CallId id, LegId leg, const Endpoint& source) {
  const KnownCall call = known(id);
  if (call == nullptr) return no_such_live_call();
  for (std::size_t i = 0; i < call->legs.size(); ++i) {
    if (call->legs[i].first == leg) return apply_change(id, i, {call->legs[i].second.label, source, nullptr});
  }
  return error(Errc::not_found, "the call has no such leg");
}

// One after the other: those before one that cannot be changed have changed.
Result<void> LiveCalls::apply_changes(CallId id, const Known& call, const std::vector<LegChange>& changes) {
  std::vector<std::size_t> places;
  for (const LegChange& change : changes) {
    const auto found = std::find_if(call.legs.begin(), call.legs.end(),
                                    [&](const auto& one) { return one.second.label == change.label; });
    if (found == call.legs.end()) {
      return error(Errc::invalid, "changes: the call has no leg \"" + change.label + "\"");
    }
    places.push_back(static_cast<std::size_t>(found - call.legs.begin()));
  }
  for (std::size_t i = 0; i < changes.size(); ++i) {
    if (auto changed = apply_change(id, places[i], changes[i]); !changed) {
      return error(changed.error().code, "changes: \"" + changes[i].label + "\": " + changed.error().what);
    }
  }
  return {};
}

Result<void> LiveCalls::apply_change(CallId id, std::size_t place, const LegChange& change) {
  const KnownCall before = known(id);
  if (before == nullptr) return no_such_live_call();
  const LegIndex index(static_cast<std::uint8_t>(place));
  const auto ports = link(before->shard)
                         .ask_now<LegPorts>([id, index, source = change.source, srtp = change.srtp](
                                                Shard& shard, Now) -> Result<LegPorts> {
                           LiveCall* live = shard.find(id);
                           if (live == nullptr) return no_such_live_call();
                           if (srtp != nullptr) {
                             if (auto set = shard.set_srtp(id, index, *srtp); !set) return set.error();
                           }
                           LiveLeg& one = *live->legs().at(index.value);
                           if (source) one.receiver().pin(*source);
                           return one.identity().ports;
                         });
  if (!ports) return ports.error();
  const auto& [leg, heard] = before->legs[place];
  LegSpec spec = heard;
  if (change.source) spec.source = change.source;
  if (change.srtp != nullptr) spec.srtp = change.srtp;
  const auto call_key = parts_.keys.open(before->call_key);
  if (!call_key) return call_key.error();
  std::vector<Booking> bookings;
  bookings.push_back(booking::SetLegMedia{leg, seal_media(*call_key->key, leg, media_of(spec, *ports))});
  if (auto booked = parts_.writer.book_and_wait(std::move(bookings)); !booked) return booked;
  const std::lock_guard lock(mutex_);
  const auto found = known_.find(id);
  if (found == known_.end()) return no_such_live_call();  // it ended meanwhile
  auto after = std::make_shared<Known>(*found->second);
  after->legs[place].second = std::move(spec);
  found->second = std::move(after);
  return {};
}

}  // namespace assent
