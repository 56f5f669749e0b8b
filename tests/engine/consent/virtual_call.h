// VirtualCall: a call's consent in virtual time, driven in one line a step. Every participant has one leg of the same
// number.
#pragma once

#include <algorithm>
#include <vector>

#include "catch.h"
#include "engine/consent/call_consent.h"

namespace assent::test {

inline constexpr PurposeSet kQuality{1};
inline constexpr PurposeSet kTraining{2};
inline constexpr PurposeSet kBoth{3};

inline ConsentSettings settings_of(Policy policy, PurposeSet purposes = kQuality) {
  ConsentSettings settings;
  settings.policy = policy;
  settings.purposes = purposes;
  return settings;
}

class VirtualCall {
 public:
  VirtualCall(const ConsentSettings& settings, std::size_t people) : call(CallConsent::create(settings).value()) {
    for (std::size_t i = 0; i < people; ++i) join();
    out.clear();
  }

  Moment at() const {
    const WallTime wall = WallTime(1'700'000'000s) + elapsed + wall_set_by;
    return {{MonoTime(1000s) + elapsed, wall}, wall};
  }
  void wait(nanoseconds time) {
    elapsed += time;
    out.clear();
    call.tick(at(), out);
  }

  void set_wall_by(nanoseconds time) { wall_set_by += time; }

  // Each step starts with an empty outcome, so `out` says what this step did.
  ParticipantIndex join() {
    out.clear();
    const ParticipantIndex who = call.join(at(), out).value();
    call.add_leg(who, at(), out).value();
    return who;
  }
  void leave(unsigned who) {
    out.clear();
    REQUIRE(call.leave(person(who), at(), out).has_value());
  }
  Result<void> decide(unsigned who, Decision decision, PurposeSet purposes = {}) {
    out.clear();
    return call.decide(person(who), decision, purposes, Signal{SignalType::api, "test"}, at(), out);
  }
  ConsentSeq grant(unsigned who, PurposeSet purposes = kQuality) {  // and leaves it to the ledger
    REQUIRE(decide(who, Decision::granted, purposes).has_value());
    REQUIRE(out.changes.size() == 1);
    return out.changes[0].seq;
  }
  void deny(unsigned who, PurposeSet purposes = {}) { REQUIRE(decide(who, Decision::denied, purposes).has_value()); }
  void withdraw(unsigned who, PurposeSet purposes = {}) {
    REQUIRE(decide(who, Decision::withdrawn, purposes).has_value());
  }
  void durable(ConsentSeq seq) {
    out.clear();
    call.durable(seq, at(), out);
  }
  void refused(ConsentSeq seq) {
    out.clear();
    call.refused(seq, at(), out);
  }
  void grant_durably(unsigned who, PurposeSet purposes = kQuality) { durable(grant(who, purposes)); }
  void press(unsigned who, char digit) {
    out.clear();
    call.digit(leg(who), digit, at(), out);
  }
  void pause() {
    out.clear();
    call.pause({SignalType::api, "card"}, at(), out);
  }
  void resume() {
    out.clear();
    call.resume({SignalType::api, "card"}, at(), out);
  }
  void suspend() {
    out.clear();
    call.suspend(at(), out);
  }
  void reinstate() {
    out.clear();
    call.reinstate(at(), out);
  }
  void end() {
    out.clear();
    call.end(at(), out);
  }

  static ParticipantIndex person(unsigned who) { return ParticipantIndex(static_cast<std::uint8_t>(who)); }
  static LegIndex leg(unsigned who) { return LegIndex(static_cast<std::uint8_t>(who)); }
  Gate gate(unsigned who) const { return call.gate(leg(who)); }
  std::vector<Gate> gates() const {
    std::vector<Gate> all;
    for (unsigned i = 0; i < call.legs(); ++i) all.push_back(gate(i));
    return all;
  }
  Admission admission(unsigned who) const { return call.admission(leg(who)); }
  ConsentEpoch epoch(unsigned who) const { return call.epoch(leg(who)); }
  ConsentEpoch valid_from(unsigned who) const { return call.valid_from(leg(who)); }
  ConsentState state(unsigned who, unsigned purpose = 0) const {
    return call.state(person(who), Purpose(static_cast<std::uint8_t>(purpose)));
  }
  std::vector<GateTurn> turns_of(unsigned who) const {
    std::vector<GateTurn> turns;
    std::copy_if(out.turns.begin(), out.turns.end(), std::back_inserter(turns),
                 [who](const GateTurn& turn) { return turn.leg == leg(who); });
    return turns;
  }
  GateTurn only_turn_of(unsigned who) const {
    const auto turns = turns_of(who);
    REQUIRE(turns.size() == 1);
    return turns[0];
  }

  CallConsent call;
  Outcome out;
  nanoseconds elapsed{0};
  nanoseconds wall_set_by{0};  // the wall clock alone
};

}  // namespace assent::test
