// Every order of everything that can happen to a call's consent, breadth first, until no new state comes up. In each
// state the gates are compared with a model that shares no code with them (consent_model.h), and every turn is carried
// out on noted audio (leg_model.h), so that it is seen what would have been admitted.
#include <array>
#include <cstdio>
#include <deque>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "catch.h"
#include "tests/sim/consent_model.h"
#include "tests/sim/leg_model.h"

using namespace assent;
using namespace assent::sim;

namespace {

enum class Kind {
  join,
  leave,
  remove_leg,
  grant,
  grant_for_a_time,
  deny,
  withdraw,
  durable,
  refused,
  pause,
  resume,
  suspend,    // the ledger has not answered for too long
  reinstate,  // it answers again
  deadline,
  expire,      // time passes until every consent for a time is over
  clock_on,    // the wall clock alone is set on, past all of their ends
  clock_back,  // it is set back, which must change nothing
  restart,     // the engine dies and starts again: what is on record is all there is
  end
};
constexpr std::size_t kKinds = static_cast<std::size_t>(Kind::end) + 1;

constexpr nanoseconds kValidity = 10s;
constexpr nanoseconds kDeadline = 24h;  // so that no number of expiries below reaches it
constexpr nanoseconds kClockOn = 10000h;
constexpr nanoseconds kClockBack = 48h;

struct Event {
  Kind kind;
  std::size_t who = 0;
  unsigned purposes = 0;
  ConsentSeq record = {};
};

std::string to_text(const Event& event) {
  static constexpr std::array<const char*, kKinds> kNames{
      "join",       "leave",   "remove_leg", "grant",   "grant_for_a_time", "deny",     "withdraw", "durable",
      "refused",    "pause",   "resume",     "suspend", "reinstate",        "deadline", "expire",   "clock_on",
      "clock_back", "restart", "end"};
  std::string text = kNames[static_cast<std::size_t>(event.kind)];
  if (event.purposes != 0) text += "/" + std::to_string(event.purposes);
  return text + " " +
         std::to_string(event.kind == Kind::durable || event.kind == Kind::refused ? event.record.value : event.who);
}

struct Scope {
  Policy policy = Policy::all_party;
  std::size_t people = 1;
  std::size_t purposes = 1;
  std::size_t there_at_start = 0;
  std::size_t depth_limit = 1000;  // beyond what any of them reaches
  bool legs_go = false;            // with three participants, too
  bool answers = false;            // the last purpose is that of the spoken answer, and nothing else of before is kept
};

class World {
 public:
  explicit World(const Scope& scope)
      : scope_(scope),
        gate_(CallConsent::create(settings_of(scope)).value()),
        model_(scope.policy, scope.purposes, scope.answers) {}

  std::vector<Event> possible() const;
  // What is wrong after the event; empty when all is well.
  std::string step(const Event& event, Outcome& out);
  // Two worlds with the same key behave alike from here on.
  std::string key() const;

 private:
  static ConsentSettings settings_of(const Scope& scope) {
    ConsentSettings settings;
    settings.policy = scope.policy;
    settings.purposes = PurposeSet((1U << scope.purposes) - 1);
    settings.deadline = kDeadline;
    if (scope.answers) {
      settings.preroll = Preroll::none();
      settings.answer = SpokenAnswer{1s, Purpose(static_cast<std::uint8_t>(scope.purposes - 1))};
    }
    return settings;
  }
  Moment now() const { return {{MonoTime(time_), WallTime(time_ + wall_set_by_)}, WallTime(time_ + wall_set_by_)}; }

  std::vector<Recorded> apply(const Event& event, Outcome& out);
  std::vector<Recorded> restart(Outcome& out);
  ParticipantConsent on_record_of(std::size_t who) const;
  std::string check_changes(const std::vector<Recorded>& expected, const Outcome& out) const;
  std::string check_leg(std::size_t i, const LegModel& before, Kind kind) const;
  std::string check_suspended(std::size_t i, const LegModel& before) const;
  std::string check_answer(std::size_t i, const LegModel& before, Kind kind) const;
  std::string check_refusal(const Event& event, const std::vector<LegModel>& before) const;
  std::string carry_out(const Outcome& out);

  Scope scope_;
  CallConsent gate_;
  ConsentModel model_;
  std::vector<LegModel> legs_;
  std::array<bool, kPeople> allowed_answer_{};  // before the event under way
  nanoseconds time_{0};
  nanoseconds wall_set_by_{100000h};  // the wall clock against the other
};

std::vector<Event> World::possible() const {
  std::vector<Event> events;
  const unsigned all = (1U << scope_.purposes) - 1;
  if (!model_.ended) {
    if (legs_.size() < scope_.people) events.push_back({Kind::join, legs_.size()});
    events.push_back({model_.paused ? Kind::resume : Kind::pause});
    events.push_back({Kind::deadline});
    for (const Kind kind : {Kind::clock_on, Kind::clock_back}) events.push_back({kind});
    events.push_back({Kind::end});
    // Who left left no record of it: in the engine nobody leaves a call before its end.
    if (model_.nobody_left()) events.push_back({Kind::restart});
  }
  events.push_back({Kind::expire});
  events.push_back({Kind::suspend});
  events.push_back({Kind::reinstate});
  for (std::size_t who = 0; who < legs_.size(); ++who) {
    if (model_.people[who].present() && !model_.ended) {
      events.push_back({Kind::leave, who});
      if ((scope_.people < 3 || scope_.legs_go) && !model_.people[who].leg_left)
        events.push_back({Kind::remove_leg, who});
      for (unsigned purposes = 1; purposes <= all; ++purposes) {
        events.push_back({Kind::grant, who, purposes});
        events.push_back({Kind::grant_for_a_time, who, purposes});
      }
    }
    events.push_back({Kind::deny, who, all});
    for (unsigned purposes = 1; purposes <= all; ++purposes) events.push_back({Kind::withdraw, who, purposes});
  }
  for (const ConsentSeq record : model_.on_their_way()) {
    events.push_back({Kind::durable, 0, 0, record});
    events.push_back({Kind::refused, 0, 0, record});
  }
  return events;
}

std::vector<Recorded> World::apply(const Event& event, Outcome& out) {
  const ParticipantIndex who(static_cast<std::uint8_t>(event.who));
  const Signal signal{SignalType::api, {}};
  const auto decide = [&](Decision decision, PurposeSet purposes, const Validity& validity = {}) {
    ASSENT_CHECK(gate_.decide(who, decision, purposes, signal, now(), out, validity).has_value());
  };
  switch (event.kind) {
    case Kind::join:
      ASSENT_CHECK(gate_.join(now(), out).value() == who);
      model_.people[event.who].joined = true;
      legs_.emplace_back();
      ASSENT_CHECK(gate_.add_leg(who, now(), out).has_value());
      return {};
    case Kind::leave: ASSENT_CHECK(gate_.leave(who, now(), out).has_value()); return model_.leave(event.who);
    case Kind::remove_leg:
      ASSENT_CHECK(gate_.remove_leg(LegIndex(who.value), now(), out).has_value());
      model_.people[event.who].leg_left = true;
      return {};
    case Kind::grant:
    case Kind::grant_for_a_time: {
      const bool limited = event.kind == Kind::grant_for_a_time;
      const auto time = limited ? std::optional<nanoseconds>(kValidity) : std::nullopt;
      decide(Decision::granted, PurposeSet(event.purposes), {time, std::nullopt});
      return model_.grant(event.who, event.purposes, out.changes.empty() ? ConsentSeq{} : out.changes[0].seq, limited);
    }
    case Kind::deny: decide(Decision::denied, {}); return model_.refuse(event.who, event.purposes);
    case Kind::withdraw:
      decide(Decision::withdrawn, PurposeSet(event.purposes));
      return model_.refuse(event.who, event.purposes);
    case Kind::durable: gate_.durable(event.record, now(), out); return model_.durable(event.record);
    case Kind::refused: gate_.refused(event.record, now(), out); return model_.refused(event.record);
    case Kind::pause: gate_.pause(signal, now(), out); break;
    case Kind::resume: gate_.resume(signal, now(), out); break;
    case Kind::suspend:
      gate_.suspend(now(), out);
      model_.suspended = true;
      return {};
    case Kind::reinstate:
      gate_.reinstate(now(), out);
      model_.suspended = false;
      return {};
    case Kind::deadline:
      time_ += kDeadline;
      gate_.tick(now(), out);
      return model_.deadline();
    case Kind::expire:
      time_ += kValidity;
      gate_.tick(now(), out);
      return model_.lapse();
    case Kind::clock_on:
      wall_set_by_ += kClockOn;
      gate_.tick(now(), out);
      return model_.lapse();
    case Kind::clock_back:
      wall_set_by_ -= kClockBack;
      gate_.tick(now(), out);
      return {};
    case Kind::restart: return restart(out);
    case Kind::end: gate_.end(now(), out); return model_.end();
  }
  model_.paused = event.kind == Kind::pause;
  return {};
}

// As LiveCall does it (LiveCall::go_on): a gate that knows nothing is told what is on record. What was held, queued or
// on its way to the record is gone.
std::vector<Recorded> World::restart(Outcome& out) {
  gate_ = CallConsent::create(settings_of(scope_)).value();
  const std::vector<Recorded> expected = model_.restart();
  if (model_.paused) gate_.rejoin_paused();
  for (std::size_t who = 0; who < legs_.size(); ++who) {
    const MonoTime deadline = MonoTime(time_) + (model_.people[who].asked_too_long ? 0ns : kDeadline);
    ASSENT_CHECK(gate_.rejoin(on_record_of(who), deadline, now(), out).has_value());
  }
  for (std::size_t who = 0; who < legs_.size(); ++who) {
    legs_[who] = {};
    ASSENT_CHECK(gate_.add_leg(ParticipantIndex(static_cast<std::uint8_t>(who)), now(), out).has_value());
  }
  return expected;
}

ParticipantConsent World::on_record_of(std::size_t who) const {
  ParticipantConsent said(settings_of(scope_).purposes);
  for (std::size_t p = 0; p < scope_.purposes; ++p) {
    const PurposeSet purpose = PurposeSet::of(Purpose(static_cast<std::uint8_t>(p)));
    const Answer& answer = model_.before_restart[who][p];
    if (answer.said == Said::yes) {
      said.recall(Decision::granted, purpose, answer.limited ? Term::of({kValidity, std::nullopt}, now().now) : Term{});
    }
    if (answer.said == Said::no) said.recall(Decision::denied, purpose);
    if (answer.said == Said::too_late) said.recall(Decision::expired, purpose);
  }
  return said;
}

std::string World::check_changes(const std::vector<Recorded>& expected, const Outcome& out) const {
  if (expected.size() != out.changes.size()) return "another number of changes than were made";
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const ConsentChange& change = out.changes[i];
    if (change.participant.value != expected[i].who || change.decision != expected[i].decision ||
        change.purposes.bits() != expected[i].purposes) {
      return "a change on record is not what was said";
    }
  }
  bool anybody_pending = false;
  bool anything_ends = false;
  for (std::size_t i = 0; i < legs_.size(); ++i) {
    anybody_pending = anybody_pending || model_.pending(i);
    anything_ends = anything_ends || model_.limited(i);
  }
  if (gate_.next_deadline().has_value() != (anybody_pending || anything_ends)) {
    return "something is due iff somebody is asked or a consent is for a time";
  }
  if (gate_.next_lapse().has_value() != anything_ends) return "a consent ends iff one is for a time";
  return {};
}

std::string World::carry_out(const Outcome& out) {
  for (LegModel& leg : legs_) leg.admitted_now = leg.answered_now = 0;
  for (const GateTurn& turn : out.turns) {
    if (!legs_.at(turn.leg.value).carry_out(turn)) return "a turn does not follow from the one before";
    if (turn.from == Gate::closed && turn.to != Gate::closed && model_.over(turn.leg.value)) return "it was over";
  }
  for (std::size_t i = 0; i < legs_.size(); ++i) {
    if (!model_.over(i)) legs_[i].packet(model_.present());
  }
  return {};
}

std::string World::check_leg(std::size_t i, const LegModel& before, Kind kind) const {
  const LegModel& leg = legs_[i];
  const LegIndex index(static_cast<std::uint8_t>(i));
  if (gate_.gate(index) != leg.gate || gate_.admission(index) != leg.admission || gate_.epoch(index) != leg.epoch ||
      gate_.valid_from(index) != leg.valid_from || gate_.answer_valid_from(index) != leg.answer_valid_from) {
    return "the gate stands elsewhere than its turns say";
  }
  const bool over = model_.over(i);
  const bool may = model_.allows(i, model_.present(), Reading::durable);
  const bool will = model_.allows(i, model_.present(), Reading::intended);
  const bool might = model_.allows(i, model_.present(), Reading::hoped);
  const bool admits = leg.admits();
  const bool waits = model_.suspended && !before.admits();
  if (admits != (may && !over && !waits)) return "open iff durable consents satisfy the policy";
  if (admits && (leg.gate == Gate::paused) != model_.paused) return "an open gate is paused iff the call is";
  if (leg.gate == Gate::opening && (!will || (may && !waits))) return "opening only while the ledger is waited for";
  if (!over && will && !may && leg.gate != Gate::opening) return "a granted gate waits for the ledger";
  if (leg.gate == Gate::holding && (over || will || !might)) return "holding only while consent may still come";
  if (before.gate == Gate::closed && leg.gate == Gate::holding) return "a closed gate does not hold again";
  if (auto wrong = check_suspended(i, before); !wrong.empty()) return wrong;
  if (auto wrong = check_answer(i, before, kind); !wrong.empty()) return wrong;

  if (model_.refused_everything(i) && leg.has_queued()) return "queued audio outlives its refusal";
  if ((leg.admission == Admission::admit) != (leg.gate == Gate::open)) return "admission is for open gates";
  if ((model_.paused || over) && leg.admission != Admission::discard) return "a paused or ended leg discards";
  if ((admits || leg.gate == Gate::closed) && leg.held != 0) return "only a waiting gate holds anything";
  if (before.admits() && !admits && leg.epoch == before.epoch) return "the end of admission moves the epoch";
  for (Company company = 0; company < 1U << kPeople; ++company) {
    const bool admitted = (leg.admitted_now >> company & 1U) != 0;
    if (admitted && !model_.allows(i, company | model_.present(), Reading::durable)) {
      return "audio was admitted that somebody who was there has not agreed to";
    }
  }
  return {};
}

// What is kept of the spoken answer everybody whom it heard agreed to, and agrees to the recording, too; where all did
// when the gate turned, it is kept.
std::string World::check_answer(std::size_t i, const LegModel& before, Kind kind) const {
  const LegModel& leg = legs_[i];
  for (Company company = 0; company < 1U << kPeople; ++company) {
    const unsigned heard = company | model_.present();
    const bool kept = (leg.answered_now >> company & 1U) != 0;
    if (kept && !(model_.allows_answer(i, heard, Reading::durable) && model_.allows(i, heard, Reading::durable))) {
      return "an answer was kept that somebody who was there has not agreed to";
    }
  }
  if (leg.held_answer != 0 && (leg.admits() || leg.gate == Gate::closed)) return "only a waiting gate holds an answer";
  if (!scope_.answers || before.gate != Gate::holding || leg.gate != Gate::opening) return {};
  unsigned heard = model_.present();
  for (Company company = 0; company < 1U << kPeople; ++company) {
    if ((before.held >> company & 1U) != 0) heard |= company;
  }
  const bool agreed = model_.allows_answer(i, heard, Reading::intended) &&
                      model_.allows_answer(i, model_.present(), Reading::intended) &&
                      model_.allows(i, heard, Reading::intended);
  const bool said = kind == Kind::grant || kind == Kind::grant_for_a_time;
  if (said && agreed && !leg.answered) return "an answer that all agreed to is not kept";
  if (!said && leg.answered) return "an answer was kept that nobody gave";
  return {};
}

// While the ledger does not answer nothing is admitted. (A leg that is over admits what it held when its record has
// been written after all; it takes in nothing more.)
std::string World::check_suspended(std::size_t i, const LegModel& before) const {
  const LegModel& leg = legs_[i];
  if (!model_.suspended) return leg.gate == Gate::suspended ? "suspended while the ledger answers" : std::string{};
  if (leg.gate == Gate::open || leg.admission == Admission::admit) return "open while the ledger does not answer";
  const bool last_of_it = before.gate == Gate::opening && model_.over(i);
  if (leg.admitted_now != 0 && !last_of_it) return "something was admitted while the ledger did not answer";
  if (leg.gate == Gate::suspended && leg.admission != Admission::discard) return "what is suspended discards";
  return {};
}

std::string World::check_refusal(const Event& event, const std::vector<LegModel>& before) const {
  const std::size_t who = event.who;
  for (std::size_t i = 0; i < legs_.size(); ++i) {
    if (before[i].admits() && !legs_[i].admits() && legs_[i].has_queued())
      return "queued audio outlives the refusal that ended admission";
    const bool refused = allowed_answer_[i] && !model_.allows_answer(i, model_.present(), Reading::intended);
    if (refused && legs_[i].has_queued_answer()) return "a queued answer outlives its refusal";
  }
  if (event.purposes != (1U << scope_.purposes) - 1) return {};
  for (std::size_t i = 0; i < legs_.size(); ++i) {
    const Gate gate = legs_[i].gate;
    if (i == who && gate != Gate::closed) return "who refuses everything is not closed";
    if (scope_.policy == Policy::all_party && model_.people[who].present() && gate != Gate::closed) {
      return "all-party is not closed by a refusal of everything";
    }
  }
  return {};
}

std::string World::step(const Event& event, Outcome& out) {
  time_ += 1ns;
  out.clear();
  const std::vector<LegModel> before = legs_;
  allowed_answer_ = {};
  for (std::size_t i = 0; i < legs_.size(); ++i) {
    allowed_answer_[i] = model_.allows_answer(i, model_.present(), Reading::intended);
  }
  const std::vector<Recorded> expected = apply(event, out);
  if (auto wrong = check_changes(expected, out); !wrong.empty()) return wrong;
  if (auto wrong = carry_out(out); !wrong.empty()) return wrong;
  for (std::size_t i = 0; i < legs_.size(); ++i) {
    const bool was_there = i < before.size() && event.kind != Kind::restart;
    if (auto wrong = check_leg(i, was_there ? before[i] : LegModel{}, event.kind); !wrong.empty()) return wrong;
  }
  const bool refuses = event.kind == Kind::deny || event.kind == Kind::withdraw;
  return refuses ? check_refusal(event, before) : std::string{};
}

std::string World::key() const {
  std::string key;
  const auto add = [&key](auto value) { key.push_back(static_cast<char>(value)); };
  add(model_.paused);
  add(model_.suspended);
  add(model_.ended);
  for (std::size_t i = 0; i < legs_.size(); ++i) {
    const Person& person = model_.people[i];
    add(person.left | person.leg_left << 1 | person.asked_too_long << 2);
    for (const Answer& answer : person.answers) {
      add(answer.said);
      add(answer.said == Said::yes_on_its_way ? answer.before : Said::nothing);
      add(answer.limited && (answer.said == Said::yes_on_its_way || answer.said == Said::yes));
      add(answer.renewed ? 1 + answer.renewed_limited : 0);
    }
    add(person.answers[0].record == person.answers[1].record);
    const LegModel& leg = legs_[i];
    add(leg.gate);
    add(leg.admission);
    add(leg.has_queued());
    add(leg.held);
    add(leg.held_answer);
    add(leg.has_queued_answer() | leg.answered << 1 | leg.was_answered << 2);
  }
  return key;
}

struct Trail {
  std::size_t parent;
  Event event;
};

std::string way_to(const std::vector<Trail>& trails, std::size_t at) {
  std::string way;
  for (; at != 0; at = trails[at].parent) way.insert(0, to_text(trails[at].event) + ", ");
  return way;
}

struct Explored {
  std::size_t states = 0;
  std::size_t steps = 0;
  std::size_t depth = 0;
  std::string wrong;
};

Explored explore(const Scope& scope) {
  struct Open {
    World world;
    std::size_t trail;
    std::size_t depth;
  };
  Explored explored;
  Outcome out;
  std::vector<Trail> trails{{0, {Kind::join}}};
  std::unordered_set<std::string> seen;
  std::deque<Open> frontier;
  frontier.push_back({World(scope), 0, 0});
  for (std::size_t who = 0; who < scope.there_at_start; ++who) {
    explored.wrong = frontier.front().world.step({Kind::join, who}, out);
    if (!explored.wrong.empty()) return explored;
  }
  seen.insert(frontier.front().world.key());
  while (!frontier.empty()) {
    const Open from = std::move(frontier.front());
    frontier.pop_front();
    explored.depth = from.depth;
    if (from.depth == scope.depth_limit) continue;
    for (const Event& event : from.world.possible()) {
      ++explored.steps;
      World next = from.world;
      if (const std::string wrong = next.step(event, out); !wrong.empty()) {
        explored.wrong = wrong + ", after: " + way_to(trails, from.trail) + to_text(event);
        return explored;
      }
      if (!seen.insert(next.key()).second) continue;
      trails.push_back({from.trail, event});
      frontier.push_back({std::move(next), trails.size() - 1, from.depth + 1});
    }
  }
  explored.states = seen.size();
  return explored;
}

constexpr std::array kPolicies{Policy::all_party, Policy::per_party, Policy::one_party};

void explore_all_policies(Scope scope) {
  for (const Policy policy : kPolicies) {
    scope.policy = policy;
    const Explored explored = explore(scope);
    INFO(explored.wrong);
    CHECK(explored.wrong.empty());
    CHECK(explored.states > 50);
    std::printf("%s, %zu participants, %zu purposes%s: %zu states, %zu steps, depth %zu\n",
                std::string(to_text(policy)).c_str(), scope.people, scope.purposes,
                scope.answers ? " with the answer" : "", explored.states, explored.steps, explored.depth);
  }
}

// Every sequence of `depth` events, whether it leads to a state that was seen before or not: what takes two states for
// alike is not trusted here. Which kinds of event followed each other is noted.
struct Sequences {
  std::size_t count = 0;
  std::set<std::array<Kind, 2>> pairs;
  std::set<std::array<Kind, 3>> triples;
  std::string wrong;

  void follow(const World& world, std::vector<Kind>& way, std::size_t depth) {
    if (depth == 0 || !wrong.empty()) return;
    Outcome out;
    for (const Event& event : world.possible()) {
      World next = world;
      way.push_back(event.kind);
      if (wrong = next.step(event, out); !wrong.empty()) {
        wrong += ", at " + to_text(event);
        return;
      }
      ++count;
      const std::size_t n = way.size();
      if (n >= 2) pairs.insert({way[n - 2], way[n - 1]});
      if (n >= 3) triples.insert({way[n - 3], way[n - 2], way[n - 1]});
      follow(next, way, depth - 1);
      way.pop_back();
      if (!wrong.empty()) return;
    }
  }
};

}  // namespace

TEST_CASE("consent holds in every order of events for one participant") {
  explore_all_policies({.people = 1, .purposes = 1});
  explore_all_policies({.people = 1, .purposes = 2});
}

TEST_CASE("consent holds in every order of eight events for two participants") {
  explore_all_policies({.people = 2, .purposes = 1, .depth_limit = 8});
}

TEST_CASE("consent holds in every order of five events for two participants and two purposes") {
  explore_all_policies({.people = 2, .purposes = 2, .there_at_start = 1, .depth_limit = 5});
}

TEST_CASE("consent holds in every order of events for one participant whose answer is kept") {
  explore_all_policies({.people = 1, .purposes = 2, .answers = true});
}

TEST_CASE("consent holds in every order of five events for two participants whose answers are kept") {
  explore_all_policies({.people = 2, .purposes = 2, .there_at_start = 1, .depth_limit = 5, .answers = true});
}

TEST_CASE("consent holds in every order of five events for two participants and one who joins late") {
  explore_all_policies({.people = 3, .purposes = 1, .there_at_start = 2, .depth_limit = 5});
}

TEST_CASE("consent holds in every single sequence of three events, which has every pair of kinds") {
  Sequences sequences;
  for (const Policy policy : kPolicies) {
    World world({.policy = policy, .people = 3, .legs_go = true});
    Outcome out;
    for (const Event& event : {Event{Kind::join, 0}, Event{Kind::join, 1}, Event{Kind::grant, 0, 1}}) {
      REQUIRE(world.step(event, out).empty());
    }
    std::vector<Kind> way;
    sequences.follow(world, way, 3);
    INFO(to_text(policy) << ": " << sequences.wrong);
    REQUIRE(sequences.wrong.empty());
  }
  std::printf("%zu sequences, with %zu pairs and %zu triples of kinds of event\n", sequences.count,
              sequences.pairs.size(), sequences.triples.size());
  // Whatever may follow each other does. What may not: the answers of the record before there is anything to answer,
  // going on when nothing was stopped, a restart when somebody has left, and all but refusals, their records and the
  // record's answers after the end.
  for (std::size_t first = 0; first < kKinds; ++first) {
    for (std::size_t second = 0; second < kKinds; ++second) {
      const auto a = static_cast<Kind>(first);
      const auto b = static_cast<Kind>(second);
      const bool after_end = b == Kind::expire || b == Kind::deny || b == Kind::withdraw || b == Kind::durable ||
                             b == Kind::refused || b == Kind::suspend || b == Kind::reinstate;
      const bool left = a == Kind::leave || a == Kind::remove_leg;
      const bool answers = b == Kind::durable || b == Kind::refused;
      const bool cannot = (left && b == Kind::restart) || (a == Kind::restart && answers) ||
                          (a == Kind::end && !after_end) || (a == Kind::pause && b == Kind::pause) ||
                          (a == Kind::resume && b == Kind::resume) || (a == Kind::join && b == Kind::join);
      INFO(to_text(Event{a}) << " then " << to_text(Event{b}));
      CHECK(sequences.pairs.contains({a, b}) == !cannot);
    }
  }
}
