#include "tests/sim/simulated_call.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/catalog/said.h"

namespace assent::sim {
namespace {

constexpr std::size_t kMostLegs = 4;
constexpr auto kBetweenPresses = 400ms;  // of one leg, so that it is known which of them was heard
constexpr int kMostSweeps = 5000;        // until a call that has ended is over
constexpr double kArenaChecks = 0.002;   // each sweep

CallOracle::Rules rules_of(const ConsentSettings& settings) {
  return {settings.policy,   settings.purposes.size(), settings.hold,
          settings.deadline, settings.preroll,         settings.on_withdraw == OnWithdraw::erase,
          settings.validity};
}

std::size_t index_of(const std::vector<CallParticipant>& participants, ParticipantId id) {
  const auto found = std::find_if(participants.begin(), participants.end(),
                                  [id](const CallParticipant& participant) { return participant.id == id; });
  return static_cast<std::size_t>(found - participants.begin());
}

}  // namespace

SimulatedCall::SimulatedCall(SimulatedShard& world, std::uint64_t seed)
    : world_(world),
      random_(seed),
      plan_(CallPlan::draw(random_)),
      oracle_(rules_of(plan_.consent)),
      id_(new_id<CallId>(world.now.wall)) {
  tried_.calls = 1;
  world_.record.draw_answer = [this] {
    const bool agrees = !crash_ && !happens(random_, plan_.refused_records);
    tried_.refused_records += agrees ? 0 : 1;
    return std::pair(world_.now.mono + upto(random_, plan_.slowest_record), agrees);
  };
  world_.record.on_booked = [this](std::uint64_t number, const auto& bookings) { booked(number, bookings); };
  world_.source().on_coming = [this](std::size_t leg, const Coming& datagram) { coming(leg, datagram); };
  world_.source().on_taken = [this] { receiving_.reset(); };
  // The engine takes what has come before it closes the ports of a call that ends; what comes later is not heard.
  world_.source().on_close = [this] {
    if (!crash_ && !oracle_.ended()) oracle_.end();
  };
}

std::string SimulatedCall::run() {
  create();
  live();
  if (plan_.crash_after && wrong_.empty()) {
    crash();
  } else {
    hang_up();
  }
  check_end();
  world_.forget_call();
  return wrong_;
}

// ---- who is there -------------------------------------------------------------------------------------------------

std::size_t SimulatedCall::join() {
  const std::size_t who = participants_.size();
  participants_.push_back({new_id<ParticipantId>(world_.now.wall), "p" + std::to_string(who), participant_key_});
  oracle_.join();
  return who;
}

NewLeg SimulatedCall::new_leg(std::size_t who) {
  const std::size_t leg = legs_.size();
  keys_.push_back(SecretKey::random());
  leg_ids_.push_back(new_id<LegId>(world_.now.wall));
  legs_.push_back(std::make_unique<SimulatedLeg>(leg, world_.now.mono, random_));
  pressed_last_.push_back(MonoTime());
  return {
      leg_ids_.back(),
      "leg" + std::to_string(leg),
      participants_[who].ref,
      {{{SimulatedLeg::kPcmu, Codec{}}, {SimulatedLeg::kL16, Codec{CodecName::l16, 8000, 1}}}, SimulatedLeg::kEvents},
      std::nullopt,
      new_id<KeyId>(world_.now.wall),
      keys_.back().duplicate()};
}

void SimulatedCall::create() {
  began_ = world_.now.mono;
  world_.lease.prove(world_.now);
  begin_event();
  NewCall call{{id_, {}, new_id<RecordingId>(world_.now.wall), {}, world_.now.wall}, plan_.consent, {}, {}};
  for (std::size_t i = 0; i < plan_.people; ++i) join();
  for (std::size_t i = 0; i < plan_.people; ++i) {
    call.legs.push_back(new_leg(i));
    oracle_.add_leg(i);
  }
  call.participants = participants_;
  if (!world_.shard().add_call(std::move(call), world_.now)) complain("the call was not taken");
}

void SimulatedCall::come_late() {
  if (legs_.size() == kMostLegs) return;
  begin_event();
  std::vector<CallParticipant> joiners;
  std::size_t who = somebody();
  if (happens(random_, 0.8)) {
    who = join();
    joiners.push_back(participants_.back());
    ++tried_.late_joiners;
  }
  std::vector<NewLeg> legs;
  legs.push_back(new_leg(who));
  oracle_.add_leg(who);
  if (!world_.shard().add_legs(id_, joiners, std::move(legs), world_.now)) complain("a late leg was not taken");
}

// ---- time passes --------------------------------------------------------------------------------------------------

void SimulatedCall::begin_event() {
  if (crash_) return;
  oracle_.now_is({++event_, world_.now.mono});
}

void SimulatedCall::live() {
  const MonoTime until = began_ + plan_.crash_after.value_or(plan_.length);
  while (world_.now.mono < until && wrong_.empty()) {
    sweep();
    if (plan_.all_agree_after && world_.now.mono - began_ >= *plan_.all_agree_after) {
      plan_.all_agree_after.reset();
      for (std::size_t who = 0; who < participants_.size(); ++who) decide(who, Decision::granted, all_purposes());
    }
    if (happens(random_, plan_.restless)) something_happens();
    if (happens(random_, kArenaChecks)) check_arena();
  }
}

void SimulatedCall::sweep() {
  world_.now.mono += plan_.sweep;
  world_.now.wall += plan_.sweep;
  begin_event();
  answer_due();
  if (!ledger_stalls()) world_.lease.prove(world_.now);
  const bool is_over = world_.lease.is_over(world_.now);
  if (is_over && !oracle_.suspended()) {
    ++tried_.suspensions;
    oracle_.suspend();
  }
  for (std::size_t leg = 0; leg < legs_.size(); ++leg) {
    legs_[leg]->talk(world_.now.mono, random_);
    for (Coming& datagram : legs_[leg]->arrived(world_.now.mono)) {
      world_.source().waiting.push_back({leg, std::move(datagram)});
    }
  }
  world_.step();
  begin_event();
  if (!is_over && oracle_.suspended()) oracle_.reinstate();
  check_record();
  check_digits();
  if (!happens(random_, plan_.lazy_seal)) seal();
  if (happens(random_, plan_.lazy_disk) || crash_) return;
  world_.make_durable();
  durable_until_ = sealed_until_;
}

// Only while the call lives: one that is over waits for the record, and the lease is of no concern to it.
bool SimulatedCall::ledger_stalls() const {
  if (!plan_.ledger_stalls_after || oracle_.ended() || crash_) return false;
  const MonoTime from = began_ + *plan_.ledger_stalls_after;
  return world_.now.mono >= from && world_.now.mono < from + plan_.ledger_stalls_for;
}

void SimulatedCall::seal() {
  last_seal_ = ++event_;
  world_.seal(event_);
  sealed_until_ = world_.now.mono;
}

void SimulatedCall::answer_due() {
  while (auto asked = world_.record.take_due(world_.now.mono)) {
    begin_event();
    answers_[asked->number] = asked->agrees;
    if (!crash_) oracle_.answered(asked->number, asked->agrees);
    asked->done(asked->agrees ? Result<void>() : error(Errc::io, "the disk is full"), world_.now);
  }
}

void SimulatedCall::hang_up() {
  // What has come and was not taken yet is heard still.
  for (std::size_t leg = 0; leg < legs_.size(); ++leg) {
    for (Coming& datagram : legs_[leg]->arrived(world_.now.mono + plan_.sweep)) {
      world_.source().waiting.push_back({leg, std::move(datagram)});
    }
  }
  begin_event();
  const auto ended =
      world_.shard().end_call(id_, world_.now, [this](FinishedCall done) { finished_ = std::move(done); });
  if (!ended) complain("the call could not be ended");
  check_record();
  for (int i = 0; i < kMostSweeps && !finished_; ++i) sweep();
  if (!finished_) complain("the call is not over");
}

// What is durable by now is what there will be. That the shard wipes what it holds is still seen to.
void SimulatedCall::crash() {
  ++tried_.crashes;
  crash_ = event_;
  world_.source().waiting.clear();
  world_.shard().end_all(LiveCall::Ending::over, world_.now);
  for (int i = 0; i < kMostSweeps && !world_.shard().is_idle(); ++i) sweep();
  if (!world_.shard().is_idle()) complain("the call is not over");
}

// ---- something happens --------------------------------------------------------------------------------------------

unsigned SimulatedCall::some_purposes() {
  const auto drawn = static_cast<unsigned>(upto(random_, std::size_t{3})) & all_purposes();
  return drawn == 0 ? all_purposes() : drawn;
}

void SimulatedCall::something_happens() {
  const std::size_t draw = upto(random_, std::size_t{99});
  if (draw < 40) return decide(somebody(), Decision::granted, some_purposes());
  if (draw < 50) return decide(somebody(), Decision::withdrawn, some_purposes());
  if (draw < 54) return decide(somebody(), Decision::denied, all_purposes());
  if (draw < 60) return set_paused(oracle_.paused() ? LiveCall::Pausing::resume : LiveCall::Pausing::pause);
  if (draw < 82) return press();
  if (draw < 86) return come_late();
  SimulatedLeg& leg = *legs_[upto(random_, legs_.size() - 1)];
  if (draw < 91) {
    ++tried_.source_changes;
    return leg.change_source(world_.now.mono, random_);
  }
  if (draw < 94) {
    ++tried_.codec_changes;
    return leg.change_codec();
  }
  leg.send_rubbish(world_.now.mono, random_);
}

void SimulatedCall::decide(std::size_t who, Decision decision, unsigned purposes) {
  begin_event();
  LiveCall* call = world_.shard().find(id_);
  if (call == nullptr) return complain("the call is gone");
  const bool cannot = decision == Decision::granted && oracle_.has_erased(who);
  DecisionTerms terms;
  if (decision == Decision::granted && happens(random_, 0.1)) terms.validity.time = 200ms + upto(random_, 2000ms);
  const auto reply = std::make_shared<Reply>();
  if (!cannot && oracle_.would_change(who, decision, purposes, terms.validity.time)) {
    reply->record = world_.record.next_number();
  }
  replies_.push_back(reply);
  if (decision == Decision::granted) {
    ++tried_.grants;
    oracle_.grant(who, purposes, world_.record.next_number(), terms.validity.time);
  } else {
    ++tried_.refusals;
    oracle_.refuse(who, purposes);
  }
  const bool all = decision != Decision::granted && purposes == all_purposes();
  call->decide(
      ParticipantIndex(static_cast<std::uint8_t>(who)), decision, all ? PurposeSet() : PurposeSet(purposes),
      {SignalType::api, {}}, "sim", world_.now,
      [this, reply](const auto& result) { replied(*reply, result.has_value()); }, std::nullopt, terms);
}

void SimulatedCall::replied(Reply& reply, bool agreed) {
  if (reply.given) complain("a decision was answered twice");
  reply.given = true;
  if (reply.record == 0) return;
  const auto answer = answers_.find(reply.record);
  if (answer == answers_.end()) return complain("a decision was answered before it was on record");
  if (answer->second != agreed) complain("a decision was answered other than the record did");
}

void SimulatedCall::set_paused(LiveCall::Pausing what) {
  begin_event();
  ++tried_.pauses;
  what == LiveCall::Pausing::pause ? oracle_.pause() : oracle_.resume();
  world_.shard().find(id_)->set_paused(what, "card", "sim", world_.now, [](const auto&) {});
}

void SimulatedCall::press() {
  constexpr std::array kDigits{kYesDigit, kYesDigit, kYesDigit, kPartlyYesDigit, kNoDigit, kPauseDigit, '5'};
  const std::size_t leg = upto(random_, legs_.size() - 1);
  if (world_.now.mono - pressed_last_[leg] < kBetweenPresses) return;
  pressed_last_[leg] = world_.now.mono;
  legs_[leg]->press(kDigits.at(upto(random_, kDigits.size() - 1)), world_.now.mono, random_);
}

// ---- what the engine is given, and says ---------------------------------------------------------------------------

void SimulatedCall::coming(std::size_t leg, const Coming& datagram) {
  if (crash_) return;
  begin_event();
  receiving_ = leg;
  SimulatedLeg& from = *legs_[leg];
  if (datagram.packet) {
    const bool again = from.came_before(*datagram.packet);
    const bool may_be_missed = from.may_be_missed(datagram, world_.now.mono, oracle_.version());
    if (!again) oracle_.say(leg, *datagram.packet, datagram.place, may_be_missed);
  } else if (datagram.press) {
    pressed(leg, datagram, from.may_be_missed(datagram, world_.now.mono, oracle_.version()));
  }
}

void SimulatedCall::pressed(std::size_t leg, const Coming& datagram, bool may_be_missed) {
  Press& press = legs_[leg]->presses[*datagram.press];
  if (press.heard) return;
  const bool again = press.first_place.has_value();
  press.first_place = std::min(press.first_place.value_or(datagram.place), datagram.place);
  if (again) return;
  press.came = world_.now.mono;
  const std::size_t who = oracle_.owner_of(leg);
  if (may_be_missed || oracle_.paused() || oracle_.ended() || oracle_.has_erased(who)) return;
  press.version = oracle_.version();
  switch (press.digit) {
    case kYesDigit: press.would_change = oracle_.would_change(who, Decision::granted, all_purposes()); break;
    case kPartlyYesDigit: press.would_change = oracle_.would_change(who, Decision::granted, 1); break;
    case kNoDigit: press.would_change = oracle_.would_change(who, Decision::denied, all_purposes()); break;
    case kPauseDigit: press.would_change = true; break;
    default: break;
  }
}

void SimulatedCall::booked(std::uint64_t number, const std::vector<Booking>& bookings) {
  if (crash_) return;
  std::string leg;
  std::string digit;
  for (const Booking& booking : bookings) {
    if (const auto* consent = std::get_if<booking::AddConsent>(&booking)) {
      const ConsentRow& row = consent->row;
      const auto decision =
          row.decision == to_text(Decision::expired) ? Decision::expired : parse_decision(row.decision);
      booked_.push_back({index_of(participants_, row.participant), decision.value_or(Decision::expired),
                         world_.purposes().find(row.purpose)->value});
      if (row.signal_type != to_text(SignalType::dtmf)) continue;
      leg = row.origin;
      digit = open_said(*participant_key_, row).value_or("");
    } else if (const auto* entry = std::get_if<booking::AddLedger>(&booking)) {
      if (entry->entry.kind != LedgerKind::pause && entry->entry.kind != LedgerKind::resume) continue;
      ++booked_pauses_;
      const auto body = nlohmann::json::parse(entry->entry.body_json);
      if (body["signal"] != to_text(SignalType::dtmf)) continue;
      leg = body["origin"];
      digit = body["reason"];
    } else if (const auto* erase = std::get_if<booking::EraseLegs>(&booking)) {
      tried_.erasures += erase->keys.size();
    }
  }
  if (!leg.empty()) heard(leg, digit, number);
}

void SimulatedCall::heard(const std::string& origin, const std::string& digit, std::uint64_t record) {
  const auto found =
      std::find_if(leg_ids_.begin(), leg_ids_.end(), [&](LegId id) { return origin == "leg:" + to_text(id); });
  if (found == leg_ids_.end()) return complain("a digit was heard on no leg");
  const auto leg = static_cast<std::size_t>(found - leg_ids_.begin());
  std::vector<Press>& presses = legs_[leg]->presses;
  const auto press = std::find_if(presses.rbegin(), presses.rend(), [&](const Press& one) {
    return one.first_place && !one.heard && std::string{one.digit} == digit &&
           world_.now.mono - one.came < kBetweenPresses;
  });
  if (press == presses.rend()) return complain("a digit was heard that nobody pressed");
  press->heard = true;
  ++tried_.digits;
  oracle_.now_is({++event_, world_.now.mono});
  const auto act = [&] { act_on(oracle_.owner_of(leg), press->digit, record); };
  if (receiving_ == leg) {
    oracle_.after_digit(leg, *press->first_place, act);
  } else {
    oracle_.about_digit(leg, *press->first_place, act);
  }
}

void SimulatedCall::act_on(std::size_t who, char digit, std::uint64_t record) {
  switch (digit) {
    case kYesDigit: return oracle_.grant(who, all_purposes(), record);
    case kPartlyYesDigit: return oracle_.grant(who, 1, record);
    case kNoDigit: return oracle_.refuse(who, all_purposes());
    case kPauseDigit: return oracle_.pause();
    default: return complain("a digit was heard that means nothing");
  }
}

}  // namespace assent::sim
