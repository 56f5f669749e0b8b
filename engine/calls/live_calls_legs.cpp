// How legs and people come to a call that is live, change, and go; and what is kept of that for a restart.
#include <algorithm>
#include <new>

#include "engine/calls/call_memory.h"
#include "engine/calls/live_calls.h"
#include "engine/catalog/person_fields.h"

namespace assent {
namespace {

// Without terms of its own a leg has those there were; and whoever is still expected by DTLS-SRTP still has the keys
// that were agreed on with them.
SharedSrtpTerms terms_after(const SharedSrtpTerms& before, const SharedSrtpTerms& wanted) {
  if (wanted == nullptr) return before;
  const bool is_same_peer = before != nullptr && wanted->by_dtls && before->by_dtls == wanted->by_dtls;
  return is_same_peer && !wanted->has_keys() ? before : wanted;
}

}  // namespace

// How the latest of the legs are heard, now that they have their ports: for a restart. Into their rows, where these are
// still to be booked.
void LiveCalls::note_ports(const Known& known, const std::vector<LegPorts>& ports, const SecretKey& call_key,
                           std::vector<Booking>& bookings) {
  const std::size_t first = known.legs.size() - ports.size();
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const LegId id = known.legs.at(first + i).first;
    Bytes sealed = seal_media(call_key, id, media_of_leg(known, first + i, ports[i]));
    const auto row = std::find_if(bookings.begin(), bookings.end(), [id](const Booking& booking) {
      const auto* add = std::get_if<booking::AddLeg>(&booking);
      return add != nullptr && add->row.id == id;
    });
    if (row != bookings.end()) {
      std::get<booking::AddLeg>(*row).row.sealed_media = std::move(sealed);
    } else {
      bookings.push_back(booking::SetLegMedia{id, std::move(sealed)});
    }
  }
}

LegMedia LiveCalls::media_of_leg(const Known& known, std::size_t leg, const std::optional<LegPorts>& ports) {
  const LegId id = known.legs.at(leg).first;
  const LegSpec& spec = known.legs.at(leg).second;
  LegMedia media = media_of(spec, ports);
  if (leg == 0) media.signalled = known.signalled;
  media.has_ended = known.ended.contains(id);
  if (known.replaced.contains(id)) media.ports.reset();
  media.owner_left = std::any_of(known.participants.begin(), known.participants.end(), [&](const auto& one) {
    return one.spec.ref == spec.participant && known.left.contains(one.id);
  });
  return media;
}

Booking LiveCalls::media_row(const Known& known, std::size_t leg, const std::optional<LegPorts>& ports,
                             const SecretKey& call_key) {
  const LegId id = known.legs.at(leg).first;
  return booking::SetLegMedia{id, seal_media(call_key, id, media_of_leg(known, leg, ports))};
}

std::optional<std::size_t> LiveCalls::place_of(const Known& known, LegId leg) {
  const auto found =
      std::find_if(known.legs.begin(), known.legs.end(), [&](const auto& one) { return one.first == leg; });
  if (found == known.legs.end()) return std::nullopt;
  return static_cast<std::size_t>(found - known.legs.begin());
}

Result<void> LiveCalls::note_change(CallId id, const std::vector<std::size_t>& legs,
                                    const std::function<void(Known&)>& change) {
  const auto ports = ports_of(id);
  if (!ports) return ports.error();
  for (;;) {
    const KnownCall before = known(id);
    if (before == nullptr) return no_such_live_call();
    auto after = std::make_shared<Known>(*before);
    change(*after);
    const auto call_key = parts_.keys.open(before->call_key);
    if (!call_key) return call_key.error();
    std::vector<Booking> bookings;
    bookings.reserve(legs.size());
    for (const std::size_t leg : legs) {
      bookings.push_back(media_row(*after, leg, ports->at(leg), *call_key->key));
    }
    if (auto booked = parts_.writer.book_and_wait(std::move(bookings)); !booked) return booked;
    const std::lock_guard lock(mutex_);
    const auto found = known_.find(id);
    if (found == known_.end()) return no_such_live_call();  // it ended meanwhile
    if (found->second != before) continue;                  // or changed: what was booked may be without that
    found->second = std::move(after);
    return {};
  }
}

Result<std::vector<LegPorts>> LiveCalls::ports_of(CallId id) {
  const KnownCall entry = known(id);
  if (entry == nullptr) return no_such_live_call();
  return link(entry->shard).ask_now<std::vector<LegPorts>>([id](Shard& shard, Now) {
    LiveCall* live = shard.find(id);
    if (live == nullptr) return Result<std::vector<LegPorts>>(no_such_live_call());
    std::vector<LegPorts> all;
    for (const auto& leg : live->legs()) all.push_back(leg->identity().ports);
    return Result<std::vector<LegPorts>>(std::move(all));
  });
}

// ---- they come ------------------------------------------------------------------------------------------------------

Result<CallView> LiveCalls::change_legs(CallId id, const LegsSpec& asked, const Caller&) {
  KnownCall before = known(id);
  if (before == nullptr) return no_such_live_call();
  if (auto changed = apply_changes(id, *before, asked.changes); !changed) return changed.error();
  if (asked.legs.empty() && asked.participants.empty()) return call(id);  // nothing more to hold: nothing to admit
  try {
    return add_to(id, before, asked);
  } catch (const std::bad_alloc&) {
    return error(Errc::exhausted, "no locked memory is left for the keys of further legs");
  }
}

Result<CallView> LiveCalls::add_to(CallId id, KnownCall before, const LegsSpec& asked) {
  const auto growing = before->growing;
  const std::lock_guard one_by_one(*growing);  // or their numbers here would not be those in the shard
  before = known(id);
  if (before == nullptr) return no_such_live_call();
  LegsSpec spec = asked;
  std::vector<std::size_t> replaced;
  for (LegSpec& leg : spec.legs) {
    if (!leg.replaces) continue;
    const auto place = place_of(*before, *leg.replaces);
    if (!place) return error(Errc::not_found, "the call has no leg that \"" + leg.label + "\" could replace");
    replaced.push_back(*place);
    leg.srtp = terms_after(before->legs[*place].second.srtp, leg.srtp);
  }
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

  std::vector<std::pair<LegId, LegSpec>> new_legs;
  for (std::size_t i = 0, next = 0; i < spec.legs.size(); ++i) {
    new_legs.emplace_back(admitted->legs[i].id, spec.legs[i]);
    if (spec.legs[i].replaces) admitted->legs[i].replaces = LegIndex(static_cast<std::uint8_t>(replaced[next++]));
  }
  const Growth growth{std::move(new_legs), admitted->participants};
  auto joining = std::make_shared<AdmittedLegs>(std::move(*admitted));
  // What is on file counts from the moment they join, so that a gate that is open for all others loses nothing.
  auto opened = link(before->shard)
                    .ask<std::vector<LegPorts>>(
                        [this, joining, growth, id](Shard& shard, Now now,
                                                    std::function<void(Result<std::vector<LegPorts>>)> reply) {
                          auto added = shard.add_legs(id, std::move(joining->joining), std::move(joining->legs), now);
                          if (!added) return reply(added.error());
                          // They are there now, whatever becomes of the rest, and whether or not somebody still waits.
                          note_growth(id, growth);
                          shard.find(id)->grant_standing(
                              now, [reply = std::move(reply), ports = *added](const Result<void>&) { reply(ports); });
                        },
                        limits::kApiDurableWait);
  if (!opened) {
    if (opened.error().code != Errc::unavailable) forget_growth(*before, growth);
    return opened.error();
  }
  const KnownCall after = known(id);
  if (after == nullptr) return no_such_live_call();  // it ended meanwhile
  std::vector<Booking> heard;
  const auto call_key = parts_.keys.open(after->call_key);
  if (!call_key) return call_key.error();
  note_ports(*after, *opened, *call_key->key, heard);
  for (const std::size_t leg : replaced) {  // with those that have its ports, or after a crash both would want them
    heard.push_back(media_row(*after, leg, std::nullopt, *call_key->key));
  }
  if (auto booked = parts_.writer.book_and_wait(std::move(heard)); !booked) return booked.error();
  expect_handshakes(id);
  return call(id);
}

void LiveCalls::Growth::add_to(Known& known) const {
  known.participants.insert(known.participants.end(), joined.begin(), joined.end());
  known.legs.insert(known.legs.end(), legs.begin(), legs.end());
  for (const auto& [leg, spec] : legs) {
    if (!spec.replaces) continue;
    known.ended.insert(*spec.replaces);
    known.replaced.insert(*spec.replaces);
  }
}

// The shard's thread.
void LiveCalls::note_growth(CallId id, const Growth& growth) {
  const std::lock_guard lock(mutex_);
  const auto found = known_.find(id);
  if (found == known_.end()) return;
  auto grown = std::make_shared<Known>(*found->second);
  growth.add_to(*grown);
  found->second = std::move(grown);
}

// The shard has refused them, and they are booked: as legs that have ended, of people who have left, or they would join
// after a restart.
void LiveCalls::forget_growth(const Known& before, const Growth& growth) {
  const auto call_key = parts_.keys.open(before.call_key);
  if (!call_key) return;
  Known never = before;
  growth.add_to(never);
  for (const KnownParticipant& one : growth.joined) never.left.insert(one.id);
  std::vector<Booking> bookings;
  for (const auto& [leg, spec] : growth.legs) {
    never.ended.insert(leg);
    never.replaced.insert(leg);
    bookings.push_back(media_row(never, *place_of(never, leg), std::nullopt, *call_key->key));
  }
  (void)parts_.writer.post(std::move(bookings), [](const Result<void>&) {});
}

// ---- they change ----------------------------------------------------------------------------------------------------

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
    const auto& [leg, spec] = call.legs[places[i]];
    const auto& source = changes[i].source ? changes[i].source : spec.source;
    if (auto changed = change_leg(id, leg, {spec.payloads, source, changes[i].srtp}); !changed) {
      return error(changed.error().code, "changes: \"" + changes[i].label + "\": " + changed.error().what);
    }
  }
  return {};
}

Result<void> LiveCalls::change_leg(CallId id, LegId leg, const LegHearing& hearing) {
  const KnownCall before = known(id);
  if (before == nullptr) return no_such_live_call();
  const auto place = place_of(*before, leg);
  if (!place) return error(Errc::not_found, "the call has no such leg");
  const LegIndex index(static_cast<std::uint8_t>(*place));
  const auto growing = before->growing;
  const std::lock_guard one_by_one(*growing);  // or what is known would not be what the shard was told last
  const auto changed = link(before->shard).ask_now<void>([id, index, hearing](Shard& shard, Now now) {
    return shard.change_leg(id, index, hearing.payloads, hearing.source, hearing.srtp, now);
  });
  if (!changed) return changed;
  auto noted = note_change(id, {*place}, [&](Known& known) {
    LegSpec& spec = known.legs.at(*place).second;
    spec.payloads = hearing.payloads;
    spec.source = hearing.source;
    spec.srtp = terms_after(spec.srtp, hearing.srtp);
  });
  if (noted) expect_handshakes(id);
  return noted;
}

Result<void> LiveCalls::remember(CallId id, const std::string& signalled) {
  return note_change(id, {0}, [&](Known& known) { known.signalled = signalled; });
}

// ---- they go --------------------------------------------------------------------------------------------------------

Result<void> LiveCalls::leave(CallId id, const Departure& who, const Caller&) {
  const KnownCall before = known(id);
  if (before == nullptr) return no_such_live_call();
  std::vector<ParticipantIndex> leaving;
  for (const std::string& ref : who.participants) {
    const auto index = participant_in(*before, ref);
    if (!index) return index.error();
    leaving.push_back(*index);
  }
  std::vector<LegIndex> ending;
  std::vector<std::size_t> concerned;
  for (std::size_t i = 0; i < before->legs.size(); ++i) {
    const auto& [leg, spec] = before->legs[i];
    const bool is_theirs = std::any_of(leaving.begin(), leaving.end(), [&, owner = spec.participant](const auto& one) {
      return before->participants[one.value].spec.ref == owner;
    });
    if (!is_theirs && std::find(who.legs.begin(), who.legs.end(), leg) == who.legs.end()) continue;
    ending.push_back(LegIndex(static_cast<std::uint8_t>(i)));
    concerned.push_back(i);
  }
  const auto gone = link(before->shard).ask_now<void>([id, leaving, ending](Shard& shard, Now now) {
    return shard.leave(id, leaving, ending, now);
  });
  if (!gone) return gone;
  auto noted = note_change(id, concerned, [&](Known& known) {
    for (const ParticipantIndex one : leaving) known.left.insert(known.participants.at(one.value).id);
    for (const std::size_t leg : concerned) known.ended.insert(known.legs.at(leg).first);
  });
  expect_handshakes(id);
  return noted;
}

}  // namespace assent
