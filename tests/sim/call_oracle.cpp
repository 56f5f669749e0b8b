#include "tests/sim/call_oracle.h"

#include <algorithm>

namespace assent::sim {
namespace {

using Fate = SaidPacket::Fate;

// Where a packet stands on its leg's timeline may differ from when it came by what the network delayed, and a sweep.
constexpr auto kSkew = 250ms;
// Blocks come and go whole: so much of what lies before a bound may share a block with what lies behind it.
constexpr auto kBlock = limits::kHeldBlockSpan;
// What a digit waits with in the reorder window came within this time.
constexpr auto kWindow = 250ms;

}  // namespace

// ---- what everybody has said --------------------------------------------------------------------------------------

void CallOracle::now_is(Instant now) {
  now_ = now;
  bool changed = false;
  for (std::size_t who = 0; who < people_.size(); ++who) {
    for (std::size_t purpose = 0; purpose < rules_.purposes; ++purpose) {
      Answer& answer = people_[who].answers[purpose];
      const bool is_over = (answer.coming && answer.coming_until <= now.at) ||
                           (answer.settled == Settled::yes && answer.until <= now.at);
      if (!is_over) continue;
      answer = {.settled = Settled::too_late};
      note(who, Decision::expired, purpose);
      changed = true;
    }
    if (people_[who].deadline <= now.at) changed = expire(who) || changed;
  }
  if (changed) settle();
}

bool CallOracle::expire(std::size_t who) {
  bool changed = false;
  for (std::size_t purpose = 0; purpose < rules_.purposes; ++purpose) {
    Answer& answer = people_[who].answers[purpose];
    if (answer.settled != Settled::nothing || answer.coming) continue;
    answer.settled = Settled::too_late;
    note(who, Decision::expired, purpose);
    changed = true;
  }
  return changed;
}

void CallOracle::join() {
  people_.push_back({std::vector<Answer>(rules_.purposes), now_.at + rules_.deadline, false});
  settle();
}

void CallOracle::add_leg(std::size_t who) {
  legs_.push_back({.owner = who});
  settle();
}

MonoTime CallOracle::end_of_yes(std::optional<nanoseconds> time) const {
  if (rules_.validity) time = std::min(time.value_or(*rules_.validity), *rules_.validity);
  return time ? now_.at + *time : MonoTime::max();
}

// Said again, a yes that ends at `until` changes nothing.
bool CallOracle::says_yes(const Answer& answer, MonoTime until) const {
  return answer.coming || (answer.settled == Settled::yes && answer.until >= until);
}

bool CallOracle::would_change(std::size_t who, Decision decision, unsigned purposes,
                              std::optional<nanoseconds> time) const {
  for (std::size_t purpose = 0; purpose < rules_.purposes; ++purpose) {
    if ((purposes >> purpose & 1U) == 0) continue;
    const Answer& answer = people_.at(who).answers[purpose];
    if (decision == Decision::granted ? !says_yes(answer, end_of_yes(time))
                                      : answer.coming || answer.settled != Settled::no) {
      return true;
    }
  }
  return false;
}

void CallOracle::grant(std::size_t who, unsigned purposes, std::uint64_t record, std::optional<nanoseconds> time) {
  if (people_.at(who).erased || ended_) return;
  const MonoTime until = end_of_yes(time);
  bool changed = false;
  for (std::size_t purpose = 0; purpose < rules_.purposes; ++purpose) {
    Answer& answer = people_[who].answers[purpose];
    if ((purposes >> purpose & 1U) == 0 || says_yes(answer, until)) continue;
    answer.coming = true;
    answer.record = record;
    answer.coming_until = until;
    note(who, Decision::granted, purpose);
    changed = true;
  }
  if (changed) settle();
}

void CallOracle::refuse(std::size_t who, unsigned purposes) {
  bool changed = false;
  bool withdrawn = false;
  for (std::size_t purpose = 0; purpose < rules_.purposes; ++purpose) {
    Answer& answer = people_.at(who).answers[purpose];
    if ((purposes >> purpose & 1U) == 0) continue;
    const bool said_yes = answer.coming || answer.settled == Settled::yes;
    if (!said_yes && answer.settled == Settled::no) continue;
    answer = {.settled = Settled::no};
    note(who, said_yes ? Decision::withdrawn : Decision::denied, purpose);
    withdrawn = withdrawn || said_yes;
    changed = true;
  }
  if (!changed) return;
  settle(who);
  if (withdrawn && rules_.erases) erase(who);
}

void CallOracle::answered(std::uint64_t record, bool on_record) {
  bool changed = false;
  for (std::size_t who = 0; who < people_.size(); ++who) {
    bool reverted = false;
    for (Answer& answer : people_[who].answers) {
      if (!answer.coming || answer.record != record) continue;
      answer.coming = false;
      if (on_record) {
        answer.settled = Settled::yes;
        answer.until = answer.coming_until;
      }
      reverted = reverted || !on_record;
      changed = true;
    }
    // What it said is an open question again, and may have been one for too long by now.
    if (reverted && (ended_ || people_[who].deadline <= now_.at)) expire(who);
  }
  if (changed) settle();
}

void CallOracle::pause() {
  if (paused_ || ended_) return;
  paused_ = true;
  ++pauses;
  settle();
}

void CallOracle::resume() {
  if (!paused_ || ended_) return;
  paused_ = false;
  ++pauses;
  settle();
}

void CallOracle::suspend() {
  suspended_ = true;
  settle();
}

void CallOracle::reinstate() {
  suspended_ = false;
  settle();
}

void CallOracle::end() {
  ended_ = true;
  for (std::size_t who = 0; who < people_.size(); ++who) expire(who);
  settle();
}

// ---- whether that allows a leg to be recorded ---------------------------------------------------------------------

bool CallOracle::is_yes(std::size_t who, std::size_t purpose, Counting counting) const {
  const Answer& answer = people_[who].answers[purpose];
  if (answer.settled == Settled::yes) return true;
  if (answer.coming) return counting != Counting::durable;
  return answer.settled == Settled::nothing && counting == Counting::hoped;
}

bool CallOracle::is_no(std::size_t who, std::size_t purpose, Counting counting) const {
  const Answer& answer = people_[who].answers[purpose];
  return answer.settled == Settled::no && (counting == Counting::durable || !answer.coming);
}

bool CallOracle::allows_purpose(std::size_t owner, std::size_t purpose, Counting counting) const {
  std::size_t agree = 0;
  for (std::size_t who = 0; who < people_.size(); ++who) agree += is_yes(who, purpose, counting) ? 1 : 0;
  switch (rules_.policy) {
    case Policy::all_party: return agree == people_.size();
    case Policy::per_party: return is_yes(owner, purpose, counting);
    case Policy::one_party: return agree != 0 && !is_no(owner, purpose, counting);
  }
  return false;
}

bool CallOracle::allows(std::size_t owner, Counting counting) const {
  for (std::size_t purpose = 0; purpose < rules_.purposes; ++purpose) {
    if (allows_purpose(owner, purpose, counting)) return true;
  }
  return false;
}

// ---- what becomes of audio ----------------------------------------------------------------------------------------

CallOracle::Door CallOracle::door_of(const Leg& leg) const {
  // What is held when the call ends waits for the record, if it is a yes that is on its way there.
  if (ended_ && leg.door != Door::opening) return Door::closed;
  if (allows(leg.owner, Counting::durable)) {
    // While the ledger does not answer nothing opens; what is open already takes nothing in (judge).
    return suspended_ && !ended_ && leg.door != Door::open ? Door::opening : Door::open;
  }
  if (allows(leg.owner, Counting::intended)) return Door::opening;
  if (ended_ || leg.door == Door::closed) return Door::closed;
  return allows(leg.owner, Counting::hoped) ? Door::holding : Door::closed;
}

void CallOracle::settle(std::optional<std::size_t> refuser) {
  ++version_;
  for (Leg& leg : legs_) {
    const bool was_open = leg.door == Door::open;
    turn(leg, door_of(leg));
    if (!refuser) continue;
    const std::vector<Answer>& answers = people_[*refuser].answers;
    const bool has_a_yes = std::any_of(answers.begin(), answers.end(),
                                       [](const Answer& answer) { return answer.settled == Settled::yes; });
    const bool own = leg.owner == *refuser && !has_a_yes && !allows(leg.owner, Counting::durable);
    if ((was_open && leg.door != Door::open) || own) drop_admitted(leg);
  }
}

void CallOracle::turn(Leg& leg, Door to) {
  if (leg.door == Door::holding && (to == Door::opening || to == Door::open)) opt_in(leg);
  if (leg.door != Door::opening && to == Door::opening) leg.opening_since = now_.at;
  if (leg.door == Door::opening && to != Door::opening) leg.opening_time += now_.at - leg.opening_since;
  if (to == Door::closed) wipe_held(leg);
  if (to == Door::open) admit_held(leg);
  leg.door = ended_ && to == Door::open ? Door::closed : to;
}

bool CallOracle::is_past_hold(std::size_t leg, nanoseconds age) const {
  return age > rules_.hold + kBlock + kSkew + legs_.at(leg).opening_time;
}

// A yes keeps of what is held what `hold` and `preroll` say.
void CallOracle::opt_in(Leg& leg) {
  const auto index = static_cast<std::size_t>(&leg - legs_.data());
  std::erase_if(leg.held, [&](std::size_t number) {
    SaidPacket& packet = leg.packets[number];
    const nanoseconds age = now_.at - packet.came.at;
    bool goes = is_past_hold(index, age);
    packet.perhaps = packet.perhaps || age > rules_.hold - kSkew;
    switch (rules_.preroll.kind) {
      case Preroll::Kind::all: break;
      case Preroll::Kind::none: goes = true; break;
      case Preroll::Kind::duration:
        goes = goes || age > rules_.preroll.keep + kSkew;
        packet.perhaps = packet.perhaps || age > rules_.preroll.keep - kBlock - kSkew;
        break;
    }
    if (goes) packet.fate = Fate::gone;
    return goes;
  });
}

void CallOracle::admit_held(Leg& leg) {
  if (leg.erased) return wipe_held(leg);  // there is no key for it
  for (const std::size_t number : leg.held) {
    leg.packets[number].fate = Fate::admitted;
    leg.packets[number].admitted = now_;
  }
  leg.held.clear();
}

void CallOracle::wipe_held(Leg& leg) {
  for (const std::size_t number : leg.held) leg.packets[number].fate = Fate::gone;
  leg.held.clear();
}

void CallOracle::drop_admitted(Leg& leg) {
  for (SaidPacket& packet : leg.packets) {
    if (packet.fate == Fate::admitted) packet.dropped = std::min(packet.dropped, now_.number);
  }
}

// The keys are gone: nothing more is sealed, and what was need not be found. Under all-party that takes every leg.
void CallOracle::erase(std::size_t who) {
  people_[who].erased = true;
  for (Leg& leg : legs_) {
    if (rules_.policy != Policy::all_party && leg.owner != who) continue;
    leg.erased = true;
    for (SaidPacket& packet : leg.packets) packet.perhaps = true;
  }
}

// ---- what is said -------------------------------------------------------------------------------------------------

void CallOracle::say(std::size_t leg, std::size_t number, std::uint32_t place, bool perhaps) {
  Leg& on = legs_.at(leg);
  if (number >= on.packets.size()) on.packets.resize(number + 1);
  SaidPacket& packet = on.packets[number];
  packet.perhaps = perhaps;
  packet.place = place;
  packet.came = now_;
  judge(on, number);
}

void CallOracle::judge(Leg& leg, std::size_t number) {
  SaidPacket& packet = leg.packets[number];
  packet.fate = Fate::gone;
  if (ended_ || paused_ || leg.door == Door::closed) return;
  if (leg.door == Door::open) {
    if (leg.erased || suspended_) return;
    packet.fate = Fate::admitted;
    packet.admitted = now_;
  } else {
    packet.fate = Fate::held;
    leg.held.push_back(number);
  }
}

void CallOracle::say_again(std::size_t leg, std::size_t number) { judge(legs_.at(leg), number); }

std::vector<std::size_t> CallOracle::sent_after(std::size_t leg, std::uint32_t place) const {
  std::vector<std::size_t> found;
  const std::vector<SaidPacket>& packets = legs_.at(leg).packets;
  for (std::size_t number = packets.size(); number-- > 0;) {
    const SaidPacket& packet = packets[number];
    if (packet.fate == Fate::never_came) continue;
    if (packet.came.at + kWindow < now_.at) break;
    if (packet.place > place) found.insert(found.begin(), number);
  }
  return found;
}

std::vector<std::size_t> CallOracle::take_back(std::size_t leg, std::uint32_t place) {
  const std::vector<std::size_t> later = sent_after(leg, place);
  std::erase_if(legs_.at(leg).held,
                [&](std::size_t number) { return std::find(later.begin(), later.end(), number) != later.end(); });
  for (const std::size_t number : later) packets(leg)[number].fate = Fate::gone;
  return later;
}

void CallOracle::doubt(std::size_t leg, std::uint32_t place) {
  for (const std::size_t number : sent_after(leg, place)) packets(leg)[number].perhaps = true;
}

}  // namespace assent::sim
