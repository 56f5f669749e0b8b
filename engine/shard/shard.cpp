#include "engine/shard/shard.h"

#include <algorithm>
#include <utility>

#include "base/prefetch.h"
#include "crypto/wipe.h"

namespace assent {
namespace {

// A wall clock that moves against the monotonic one by more than this was set, or the machine slept or was cloned.
constexpr auto kClockJump = 1s;

void add_leg_counts(ShardCounts& sum, LiveLeg& leg) {
  sum.received += leg.receiver().counts();
  sum.gated += leg.gate().counts();
  if (leg.srtp() != nullptr) sum.srtp += leg.srtp()->counts();
  sum.starved_packets += leg.gate().starved_packets();
  sum.gap_blocks += leg.segments().gaps().sums().blocks;
  sum.gap_packets += leg.segments().gaps().sums().packets;
}

// Where no key means anything, there is nothing to listen for.
LiveLeg::KeyTones key_tones_of(const NewLeg& leg, const DigitMap& digits, InbandUse use) {
  const bool wanted = use == InbandUse::on || (use == InbandUse::automatic && !leg.payloads.dtmf);
  return wanted && digits != DigitMap{} ? LiveLeg::KeyTones::heard : LiveLeg::KeyTones::ignored;
}

// The latest of that name: an earlier one was refused, and its caller tried again.
std::optional<ParticipantIndex> owner_of(const LiveCall& call, const NewLeg& leg) {
  const auto& all = call.participants();
  for (std::size_t i = all.size(); i-- > 0;) {
    if (all[i].ref == leg.participant) return ParticipantIndex(static_cast<std::uint8_t>(i));
  }
  return std::nullopt;
}

}  // namespace

Shard::Shard(Parts parts, Settings settings)
    : parts_(std::move(parts)),
      settings_(settings),
      latencies_(parts_.clock),
      expected_by_slot_(settings.calls * limits::kLegsPerCall),
      srtp_(parts_.srtp) {}

Shard::~Shard() { ASSENT_CHECK(calls_.empty()); }

void Shard::step(Now now) {
  now_ = now;
  latencies_.sweep_begins(now.mono);
  parts_.seal_queue.set_time(CoarseTime(now.mono));
  if (!at_home_) parts_.blocks.make_home_here();
  at_home_ = true;
  // Ahead of all else: what came since was said when the lease was over, or may have been.
  if (!suspended_ && parts_.lease.is_over(now)) suspend(now);
  if (lapses_.is_due(now)) end_lapsed(now);
  sweep_source();
  latencies_.sweep_took(std::exchange(taken_, 0));
  if (suspended_ && !parts_.lease.is_over(now)) reinstate(now);
  // After what has come: whoever says yes, or resumes, does not speak for the packets that were there before.
  while (const auto message = inbox_.take()) (*message)(*this, now);
  watch_clocks(now);
  clock_.ring_due(now.mono, [&](AlarmClock::Place place) { tick(*calls_by_alarm_[place], now); });
  parts_.sealer.notify();
  wipe_traces();
}

// Between two sweeps no datagram waits anywhere.
void Shard::sweep_source() {
  parts_.source.sweep(*this);
  if (!srtp_.is_empty()) open_protected();
}

void Shard::on_datagram(LegSlot leg, DatagramPort port, Datagram&& datagram) {
  ++taken_;
  if (srtp_.has(leg)) return take_protected(leg, port, std::move(datagram));
  hand_on(leg, port, std::move(datagram));
}

// What comes from elsewhere is not even opened: a copy of a packet that somebody sends before the leg's own is there
// would make that one a replay.
void Shard::take_protected(LegSlot leg, DatagramPort port, Datagram&& datagram) {
  if (is_dtls(datagram.bytes()) && take_handshake(leg, datagram)) return;
  const bool is_known = port == DatagramPort::rtp && expected_by_slot_[leg.value].is_from(datagram.source());
  const DatagramPort kind = is_rtcp(datagram.bytes()) ? DatagramPort::rtcp : port;
  if (!is_known && !legs_by_slot_.at(leg.value)->takes_from(datagram.source(), kind, now_.mono)) return;
  if (!srtp_.can_open(leg)) return legs_by_slot_.at(leg.value)->srtp()->count_unkeyed();
  if (srtp_.add(leg, port, std::move(datagram))) open_protected();
}

// From wherever it comes: who has the certificate shows by that whose it is.
bool Shard::take_handshake(LegSlot slot, const Datagram& datagram) {
  LiveLeg& leg = *legs_by_slot_.at(slot.value);
  if (!leg.srtp()->by_dtls()) return false;
  const DtlsLook look = look_of(datagram.bytes());
  if (parts_.on_handshake && leg.srtp()->admits_handshake(look, datagram.source(), now_.mono)) {
    parts_.on_handshake(leg.identity().id, look, datagram.bytes(), datagram.source());
  }
  return true;
}

void Shard::open_protected() {
  srtp_.open([this](LegSlot leg, DatagramPort port, Datagram&& datagram) { hand_on(leg, port, std::move(datagram)); });
}

void Shard::hand_on(LegSlot leg, DatagramPort port, Datagram&& datagram) {
  if (port == DatagramPort::rtp && expected_by_slot_[leg.value].take(datagram, now_.mono)) return;
  legs_by_slot_.at(leg.value)->receive(std::move(datagram), port, now_);
}

// Two steps: what the leg expects at once; when the next legs are told, the place its payload goes to, which stands
// there, or the leg itself when it expects nothing.
void Shard::on_upcoming(std::span<const LegSlot> legs) {
  for (std::size_t i = 0; i < upcoming_count_; ++i) {
    const std::uint32_t slot = upcoming_[i].value;
    const ExpectedPacket& expected = expected_by_slot_[slot];
    if (expected.is_set()) {
      expected.prefetch_place();
    } else if (const LiveLeg* live = legs_by_slot_.at(slot)) {
      live->prefetch();
    }
  }
  for (const LegSlot leg : legs) prefetch_for_writing(&expected_by_slot_[leg.value], sizeof(ExpectedPacket));
  upcoming_count_ = std::min(legs.size(), upcoming_.size());
  std::copy_n(legs.begin(), upcoming_count_, upcoming_.begin());
}

void Shard::on_dropped(LegSlot leg, DatagramPort, DatagramDrop why) {
  legs_by_slot_.at(leg.value)->receiver().count_drop(why);
}

// ---- calls come and go --------------------------------------------------------------------------------------------

std::size_t Shard::blocks_of(const LegPayloads& payloads, nanoseconds hold) const {
  std::size_t most = 0;
  for (const LegFormat& format : payloads.formats) most = std::max(most, bytes_per_second(format.codec));
  return limits::leg_blocks(most, std::chrono::ceil<milliseconds>(hold),
                            std::chrono::ceil<milliseconds>(settings_.reorder_window));
}

Result<std::size_t> Shard::blocks_for(const std::vector<NewLeg>& legs, nanoseconds hold) const {
  std::size_t blocks = 0;
  for (const NewLeg& leg : legs) {
    if (!leg.has_ended) blocks += blocks_of(leg.payloads, hold);
  }
  const std::size_t for_calls =
      parts_.blocks.capacity_blocks() - std::min(parts_.blocks.capacity_blocks(), limits::kReceiveBatch);
  if (reserved_blocks_ + blocks > for_calls) {
    return error(Errc::exhausted,
                 "the locked memory for held audio is used up by the calls in progress: try again "
                 "when one has ended, or raise capacity.calls or the limit on locked memory");
  }
  return blocks;
}

Error Shard::no_such_call() { return error(Errc::not_found, "no such call is in progress"); }

Result<std::vector<LegPorts>> Shard::add_call(NewCall call, Now now) {
  if (calls_.size() >= settings_.calls) {
    return error(Errc::exhausted, "all " + std::to_string(settings_.calls) + " calls are in use: try again later");
  }
  const auto blocks = blocks_for(call.legs, call.consent.hold);
  if (!blocks) return blocks.error();
  auto consent = CallConsent::create(call.consent);
  if (!consent) return consent.error();

  const CallId id = call.identity.id;
  Entry entry;
  entry.call = std::make_unique<LiveCall>(
      std::move(call.identity), std::move(*consent),
      LiveCall::Workshop{parts_.purposes, parts_.record, clock_, lapses_, latencies_, outcome_});
  entry.last_used = now.mono;
  if (call.former) entry.call->go_on(*std::move(call.former));
  const AlarmClock::Place alarm = entry.call->alarm();
  if (alarm >= calls_by_alarm_.size()) calls_by_alarm_.resize(alarm + 1);
  calls_by_alarm_[alarm] = &calls_.emplace(id, std::move(entry)).first->second;
  if (suspended_) calls_.at(id).call->suspend(now);
  auto ports = add_legs(id, std::move(call.participants), std::move(call.legs), now);
  if (!ports) {
    close_ports(calls_.at(id));
    calls_.at(id).call->end(LiveCall::Ending::over, now);
    reserved_blocks_ -= calls_.at(id).reserved_blocks;
    calls_.at(id).ending = true;
    calls_.at(id).reserved_blocks = 0;
    calls_.at(id).finished = [](const FinishedCall&) {};
    return ports;
  }
  for (const ParticipantIndex gone : call.left) calls_.at(id).call->leave(gone, now);
  return ports;
}

Result<std::vector<LegPorts>> Shard::add_legs(CallId id, std::vector<CallParticipant> participants,
                                              std::vector<NewLeg> legs, Now now) {
  Entry* const found = live_entry(id);
  if (found == nullptr) return no_such_call();
  Entry& entry = *found;
  const auto blocks = blocks_for(legs, entry.call->consent().settings().hold);
  if (!blocks) return blocks.error();
  // What the kernel still holds for legs that are replaced is heard by them. Nothing more comes in before all are
  // placed: ports that are open then have no leg yet.
  if (std::any_of(legs.begin(), legs.end(), [](const NewLeg& leg) { return leg.replaces.has_value(); })) sweep_source();
  auto prepared = prepare_legs(entry, participants, std::move(legs));
  if (!prepared) return prepared.error();
  entry.reserved_blocks += *blocks;
  reserved_blocks_ += *blocks;
  entry.last_used = now.mono;

  for (const CallParticipant& participant : participants) ASSENT_CHECK(entry.call->join(participant, now));
  std::vector<LegPorts> ports;
  for (PreparedLeg& leg : *prepared) {
    ports.push_back(leg.ports);
    place_leg(entry, std::move(leg), now);
  }
  return ports;
}

// All that can fail of them, so that a call gets all of them or none: its legs and people are known by their numbers,
// which nobody counts who was told that there are none.
Result<std::vector<Shard::PreparedLeg>> Shard::prepare_legs(Entry& entry,
                                                            const std::vector<CallParticipant>& participants,
                                                            std::vector<NewLeg>&& legs) {
  if (auto room = entry.call->consent().check_room(participants.size(), legs.size()); !room) return room.error();
  std::vector<PreparedLeg> prepared;
  prepared.reserve(legs.size());
  for (NewLeg& leg : legs) {
    auto ready = prepare_leg(entry, participants, std::move(leg));
    if (ready && ready->leg.replaces) {
      const bool is_twice = std::any_of(prepared.begin(), prepared.end(), [&](const PreparedLeg& one) {
        return one.leg.replaces == ready->leg.replaces;
      });
      if (is_twice) ready = error(Errc::conflict, "a leg is replaced by one other");
    }
    if (!ready) {
      for (const PreparedLeg& one : prepared) {
        if (!one.slot) continue;
        parts_.source.close(*one.slot);
        free_slots_.push_back(*one.slot);
      }
      return ready.error();
    }
    prepared.push_back(*std::move(ready));
  }
  return prepared;
}

Result<Shard::PreparedLeg> Shard::prepare_leg(Entry& entry, const std::vector<CallParticipant>& joining, NewLeg&& leg) {
  const auto is_owner = [&](const CallParticipant& participant) { return participant.ref == leg.participant; };
  if (std::none_of(joining.begin(), joining.end(), is_owner)) {
    const auto owner = owner_of(*entry.call, leg);
    if (!owner) {
      return error(Errc::invalid, "leg \"" + leg.label + "\": the call has no participant \"" + leg.participant + "\"");
    }
    if (entry.call->consent().has_left(*owner)) {
      return error(Errc::conflict, "leg \"" + leg.label + "\": the participant has left the call");
    }
  }
  auto receiver = LegReceiver::create({leg.payloads, leg.source, settings_.reorder_window});
  if (!receiver) return receiver.error();
  std::optional<LegSrtp> srtp;
  if (leg.srtp != nullptr) {
    auto opened = LegSrtp::open(parts_.srtp, *leg.srtp);
    if (!opened) return opened.error();
    srtp = std::move(*opened);
  }
  PreparedLeg prepared{std::move(leg), std::move(*receiver), std::move(srtp), std::nullopt, {}};
  if (auto opened = open_ports(entry, prepared); !opened) return opened.error();
  return prepared;
}

void Shard::place_leg(Entry& entry, PreparedLeg&& prepared, Now now) {
  NewLeg& leg = prepared.leg;
  const auto slot = leg.replaces ? std::optional(give_up(entry, *leg.replaces, now)) : prepared.slot;
  const nanoseconds hold = entry.call->consent().settings().hold;
  const std::size_t blocks = blocks_of(leg.payloads, hold);
  const auto reorder = std::chrono::ceil<milliseconds>(settings_.reorder_window);
  const LiveLeg::Settings settings{{hold, settings_.max_delay, blocks},
                                   {settings_.segment_time, limits::queued_blocks_of(blocks, reorder)},
                                   key_tones_of(leg, entry.call->consent().settings().digits, settings_.inband_dtmf)};
  const LegIndex index(static_cast<std::uint8_t>(entry.call->legs().size()));
  auto live =
      std::make_unique<LiveLeg>(LegIdentity{leg.id, index, leg.label, prepared.ports}, std::move(prepared.receiver),
                                *entry.call, LegWorkshop{parts_.blocks, parts_.seal_queue, parts_.segments}, settings);
  const CallIdentity& call = entry.call->identity();
  LiveLeg& placed = *live;
  placed.gate().limit_hold(hold_limit_);
  placed.segments().set_owner({call.tenant, call.id, call.recording, leg.id}, std::move(leg.key), leg.key_id,
                              [&placed] { return placed.counts(); });
  if (leg.former) placed.segments().go_on(std::move(leg.former->segments), leg.former->last_segment);
  live->protect(std::move(prepared.srtp));
  const ParticipantIndex participant = *owner_of(*entry.call, leg);
  ASSENT_CHECK(entry.call->add_leg(participant, std::move(live), leg.key_id, now));
  if (leg.has_ended) entry.call->end_leg(index, now);
  if (!slot) return;
  entry.slots.push_back(*slot);
  legs_by_slot_.at(slot->value) = &placed;
  placed.expect_at(&expected_by_slot_.make(slot->value));
  if (placed.srtp() != nullptr) srtp_.protect(*slot, placed.srtp()->session());
}

LegSlot Shard::take_slot() {
  if (free_slots_.empty()) {
    free_slots_.push_back(LegSlot(static_cast<std::uint32_t>(legs_by_slot_.size())));
    legs_by_slot_.push_back(nullptr);
  }
  const LegSlot slot = free_slots_.back();
  free_slots_.pop_back();
  return slot;
}

// Those of the leg that it replaces stay where they are until it is placed.
Result<void> Shard::open_ports(Entry& entry, PreparedLeg& prepared) {
  const NewLeg& leg = prepared.leg;
  if (leg.has_ended && leg.former->ports.rtp == 0) return {};
  if (leg.replaces) {
    const LiveLeg& old = *entry.call->legs().at(leg.replaces->value);
    if (slot_of(entry, old) == entry.slots.end()) return error(Errc::conflict, "the leg has been replaced already");
    prepared.ports = old.identity().ports;
    return {};
  }
  const LegSlot slot = take_slot();
  // A handshake is one port's, so whoever makes one must send RTCP there, too (RFC 5761, RFC 8834 4.5).
  const bool by_dtls = leg.srtp != nullptr && leg.srtp->by_dtls;
  const auto opened = leg.former ? reopened(slot, leg.former->ports)
                                 : parts_.source.open(slot, by_dtls ? RtcpPort::muxed : settings_.rtcp);
  if (!opened) {
    free_slots_.push_back(slot);
    return opened.error();
  }
  prepared.slot = slot;
  prepared.ports = *opened;
  return {};
}

Result<LegPorts> Shard::reopened(LegSlot slot, LegPorts before) {
  if (auto opened = parts_.source.reopen(slot, before); !opened) return opened.error();
  return before;
}

Result<void> Shard::end_call(CallId id, Now now, Finished done) {
  return begin_end(id, LiveCall::Ending::over, now, std::move(done));
}

Result<void> Shard::begin_end(CallId id, LiveCall::Ending how, Now now, Finished done) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return no_such_call();
  Entry& entry = found->second;
  if (entry.ending) return error(Errc::conflict, "the call is being ended already");
  entry.ending = true;
  entry.how = how;
  entry.finished = std::move(done);
  // What the kernel still holds for these ports is taken before they close.
  sweep_source();
  close_ports(entry);
  entry.call->end(how, now);
  return {};
}

void Shard::end_all(LiveCall::Ending how, Now now) {
  for (auto& [id, entry] : calls_) {
    if (!entry.ending) (void)begin_end(id, how, now, parts_.on_abandoned);
  }
}

void Shard::limit_hold(nanoseconds most) {
  hold_limit_ = most;
  for (auto& [id, entry] : calls_) {
    for (const auto& leg : entry.call->legs()) leg->gate().limit_hold(most);
    clock_.set(entry.call->alarm(), MonoTime::min());
  }
}

void Shard::close_port(LegSlot slot) {
  parts_.source.close(slot);
  legs_by_slot_.at(slot.value)->expect_at(nullptr);
  srtp_.remove(slot);
  legs_by_slot_.at(slot.value) = nullptr;
  free_slots_.push_back(slot);
}

void Shard::close_ports(Entry& entry) {
  for (const LegSlot slot : entry.slots) close_port(slot);
  entry.slots.clear();
}

// ---- time passes --------------------------------------------------------------------------------------------------

void Shard::suspend(Now now) {
  suspended_ = true;
  parts_.lease.note_lapse(now.wall);
  for (auto& [id, entry] : calls_) entry.call->suspend(now);
}

void Shard::reinstate(Now now) {
  suspended_ = false;
  for (auto& [id, entry] : calls_) entry.call->reinstate(now);
}

void Shard::watch_clocks(Now now) {
  const nanoseconds difference = now.wall.time_since_epoch() - now.mono.time_since_epoch();
  const bool jumped = wall_minus_mono_ && std::chrono::abs(difference - *wall_minus_mono_) > kClockJump;
  wall_minus_mono_ = difference;
  if (!jumped) return;
  for (auto& [id, entry] : calls_) {
    entry.call->roll_segments();
    for (const auto& leg : entry.call->legs()) leg->receiver().anchor_anew();
  }
}

void Shard::end_lapsed(Now now) {
  lapses_.reset();
  for (auto& [id, entry] : calls_) entry.call->end_lapsed(now);
}

void Shard::tick(Entry& entry, Now now) {
  LiveCall& call = *entry.call;
  call.tick(now);
  for (const auto& leg : call.legs()) {
    if (leg->last_heard()) entry.last_used = std::max(entry.last_used, *leg->last_heard());
  }
  if (!entry.ending && now.mono - entry.last_used > settings_.idle_timeout) {
    (void)end_call(call.identity().id, now, parts_.on_abandoned);
  }
  if (entry.ending && call.is_finished()) {
    finish(entry);
    return forget(call.identity().id);
  }
  // Until the workers and the record are done with it, a call that ends is looked at with every sweep.
  clock_.advance(call.alarm(), entry.ending ? now.mono : entry.last_used + settings_.idle_timeout);
}

void Shard::forget(CallId id) {
  const auto found = calls_.find(id);
  calls_by_alarm_.at(found->second.call->alarm()) = nullptr;
  calls_.erase(found);
}

void Shard::finish(Entry& entry) {
  LiveCall& call = *entry.call;
  FinishedCall finished{call.identity().id, call.identity().recording, call.has_recording(), {}, {}, {}, {}, false};
  std::size_t erased = 0;
  for (const auto& leg : call.legs()) {
    const auto& segments = leg->segments().segments();
    const bool leg_erased = call.is_erased(leg->identity().index);
    if (leg_erased) ++erased;
    if (!leg_erased) {
      finished.segments.insert(finished.segments.end(), segments.begin(), segments.end());
      for (const AudioGap& gap : leg->segments().gaps().list()) finished.gaps.emplace_back(leg->identity().id, gap);
    }
    finished.legs.push_back({leg->identity().id, leg->metrics(now_), !leg_erased && !segments.empty()});
    add_leg_counts(ended_, *leg);
  }
  finished.how = entry.how;
  finished.all_erased = erased != 0 && erased == call.legs().size();
  const bool kept = finished.has_recording && !finished.all_erased;
  finished.why = !kept ? call.outcome_text() : finished.segments.empty() ? "complete: no audio came" : "complete";
  reserved_blocks_ -= entry.reserved_blocks;
  entry.finished(std::move(finished));
}

// ---- what others may ask ------------------------------------------------------------------------------------------

LiveCall* Shard::find(CallId id) {
  const auto found = calls_.find(id);
  if (found == calls_.end() || found->second.ending) return nullptr;
  found->second.last_used = now_.mono;
  return found->second.call.get();
}

std::vector<LiveCall*> Shard::calls() {
  std::vector<LiveCall*> live;
  for (auto& [id, entry] : calls_) {
    if (!entry.ending) live.push_back(entry.call.get());
  }
  std::sort(live.begin(), live.end(),
            [](const LiveCall* a, const LiveCall* b) { return a->identity().id < b->identity().id; });
  return live;
}

ShardCounts Shard::counts() const {
  ShardCounts sum = ended_;
  for (const auto& [id, entry] : calls_) {
    for (const auto& leg : entry.call->legs()) {
      add_leg_counts(sum, *leg);
      sum.held_blocks += leg->gate().held_blocks();
      ++sum.gates[static_cast<std::size_t>(entry.call->consent().gate(leg->identity().index))];
    }
  }
  sum.source = parts_.source.counts();
  sum.calls = calls_.size();
  return sum;
}

}  // namespace assent
