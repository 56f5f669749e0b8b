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
    Bytes sealed = seal_leg_media(call_key, id, to_json(media_of(spec, ports[i])));
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
  const KnownCall before = known(id);
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
  const KnownCall before = known(id);
  if (before == nullptr) return no_such_live_call();
  const auto place =
      std::find_if(before->legs.begin(), before->legs.end(), [&](const auto& one) { return one.first == leg; });
  if (place == before->legs.end()) return error(Errc::not_found, "the call has no such leg");
  const auto index = static_cast<std::size_t>(place - before->legs.begin());
  const auto ports = link(before->shard).ask_now<LegPorts>([id, index, source](Shard& shard, Now) -> Result<LegPorts> {
    LiveCall* live = shard.find(id);
    if (live == nullptr) return no_such_live_call();
    LiveLeg& one = *live->legs().at(index);
    one.receiver().pin(source);
    return one.identity().ports;
  });
  if (!ports) return ports.error();
  const auto call_key = parts_.keys.open(before->call_key);
  if (!call_key) return call_key.error();
  LegSpec spec = before->legs[index].second;
  spec.source = source;
  std::vector<Booking> bookings;
  bookings.push_back(booking::SetLegMedia{leg, seal_leg_media(*call_key->key, leg, to_json(media_of(spec, *ports)))});
  if (auto booked = parts_.writer.book_and_wait(std::move(bookings)); !booked) return booked;
  const std::lock_guard lock(mutex_);
  const auto found = known_.find(id);
  if (found == known_.end()) return no_such_live_call();  // it ended meanwhile
  auto after = std::make_shared<Known>(*found->second);
  after->legs[index].second.source = source;
  found->second = std::move(after);
  return {};
}

}  // namespace assent
