// CallConsent: the consent of one whole call. It owns every participant's consents and every leg's gate, and decides
// when a gate turns; the shard carries the turns out on blocks of audio and takes the changes to the ledger.
//
// Pure and in virtual time: no clock, no socket, no log. One thread (the shard that owns the call). Inputs come in
// order of their `Moment`; every input first does what `tick` would. Results are appended to an Outcome that the caller
// clears and uses again, so that repeated use does not allocate.
//
// - A gate opens for a purpose its policy finds satisfied by consents whose records are durable, and for no other
// reason.
// - A refusal takes effect at once, durable or not, also after the call has ended or the participant has left.
// - `deadline` runs from the moment a participant joins, which for those a call starts with is its creation. Then what
// is
//   still pending expires, and a gate that nothing pending could open closes. A closed gate never goes back to holding.
// - A grant that was given for a time expires when that is over. Going forward that closes what a withdrawal would
// close;
//   what was said before stays as it is, what is queued of it too.
// - A participant who leaves no longer counts: neither a yes nor a no of somebody absent concerns what is said now. But
//   for what is held everybody counts who was there while it was: where they leave the policy unsatisfied, a gate that
//   opens wipes its ring first.
// - While paused no audio is held or admitted on any leg, and no digit is listened to.
// - While suspended (the ledger has not answered for longer than the lease, engine/catalog/ledger_lease.h) no gate
// opens
//   and none admits: those that were open discard, those that would open go on holding. What was admitted before stays.
//   Refusals take effect as always. When the ledger answers, each gate opens whose consents still stand.
// - The spoken answer (audio_use.h) is kept where the policy finds its purpose satisfied at the turn, beside one that
// the
//   gate opens for, by everybody whom it heard. A refusal of it voids what of it is not sealed yet, and nothing else.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <vector>

#include "base/limits.h"
#include "base/result.h"
#include "base/time.h"
#include "engine/consent/audio_use.h"
#include "engine/consent/consent_state.h"
#include "engine/consent/digit_map.h"
#include "engine/consent/gate.h"
#include "engine/consent/participant_consent.h"
#include "engine/consent/policy.h"

namespace assent {

// How much of what is held an opt-in keeps.
struct Preroll {
  enum class Kind { all, none, duration };
  Kind kind = Kind::all;
  nanoseconds keep{0};  // of Kind::duration

  static Preroll all() { return {}; }
  static Preroll none() { return {Kind::none, {}}; }
  static Preroll last(nanoseconds keep) { return {Kind::duration, keep}; }
  bool operator==(const Preroll&) const = default;
};

enum class OnWithdraw { keep, erase };  // what becomes of what was kept before a withdrawal; only carried here

struct ConsentSettings {
  Policy policy = Policy::all_party;
  PurposeSet purposes;  // those this call asks for
  nanoseconds hold = limits::kHoldDefault;
  nanoseconds deadline = limits::kDeadlineDefault;
  Preroll preroll;
  std::optional<SpokenAnswer> answer;  // none: nothing of it is kept apart
  OnWithdraw on_withdraw = OnWithdraw::keep;
  std::optional<nanoseconds> validity;  // of a grant, unless it brings a shorter one; none: until it is withdrawn
  DigitMap digits;
};

// Errc::invalid says which setting is out of its range.
Result<void> check_settings(const ConsentSettings& settings);

struct PauseChange {
  enum class Kind { paused, resumed };
  Kind kind = Kind::paused;
  Signal signal;  // its value is the reason
  Moment at;
};

struct Outcome {
  Outcome();

  std::vector<GateTurn> turns;         // carry out in this order
  std::vector<ConsentChange> changes;  // record in this order
  std::optional<PauseChange> pause;    // record

  bool empty() const { return turns.empty() && changes.empty() && !pause; }
  void clear();
};

class CallConsent {
 public:
  static Result<CallConsent> create(const ConsentSettings& settings);

  // Errc::exhausted at limits::kParticipantsPerCall and kLegsPerCall (those that left count), conflict after the end,
  // not_found for an index that was never given, conflict for a participant or leg that has left.
  Result<ParticipantIndex> join(Moment at, Outcome& out);
  // Whether so many more may come. Errc::exhausted likewise.
  Result<void> check_room(std::size_t participants, std::size_t legs) const;
  // Who was there before a restart, with what they said then and the deadline they have; before any leg. Errors as of
  // join.
  Result<ParticipantIndex> rejoin(ParticipantConsent said, MonoTime deadline, Moment at, Outcome& out);
  // The call was paused before a restart; before any leg.
  void rejoin_paused();
  Result<LegIndex> add_leg(ParticipantIndex participant, Moment at, Outcome& out);
  Result<void> leave(ParticipantIndex participant, Moment at, Outcome& out);  // with all their legs
  Result<void> remove_leg(LegIndex leg, Moment at, Outcome& out);

  // No purposes in a refusal mean all of them; a grant must name its purposes. A decision that changes nothing makes no
  // record. A yes that holds already is renewed by one that ends later, and never made shorter: a record of its own,
  // and until that is durable the old end holds. Errc::invalid: a grant of nothing, of what is not asked for or for a
  // time that is over, a decision or signal only the gate itself makes; not_found; conflict: a grant after the end or
  // by somebody who has left.
  Result<void> decide(ParticipantIndex participant, Decision decision, PurposeSet purposes, const Signal& signal,
                      Moment at, Outcome& out, const Validity& validity = {});
  void digit(LegIndex leg, char digit, Moment at, Outcome& out);

  void pause(const Signal& why, Moment at, Outcome& out);
  void resume(const Signal& why, Moment at, Outcome& out);

  // The ledger has not answered for too long, and it answers again. Whoever says so sees to its being on record.
  void suspend(Moment at, Outcome& out);
  void reinstate(Moment at, Outcome& out);

  // What became of a record of `changes`. Only grants wait for it; any other or unknown number changes nothing.
  void durable(ConsentSeq record, Moment at, Outcome& out);
  void refused(ConsentSeq record, Moment at, Outcome& out);

  void tick(Moment at, Outcome& out);
  std::optional<MonoTime> next_deadline() const;  // when tick has something to do, unless the wall clock jumps
  std::optional<Term> next_lapse() const;         // when a consent is over, the earliest by each clock

  // The call has ended. Gates that are opening wait for the ledger, the others close now.
  void end(Moment at, Outcome& out);
  // The engine stops, and the call is to go on when it starts again: as `end`, but nobody's answer runs out.
  void leave_off(Moment at, Outcome& out);
  bool ended() const { return ended_; }
  bool settled() const;  // ended, and every gate is closed

  const ConsentSettings& settings() const { return settings_; }
  bool paused() const { return paused_; }
  bool suspended() const { return suspended_; }
  std::size_t participants() const { return participants_.size(); }
  std::size_t legs() const { return legs_.size(); }

  // For indices that were given; anything else is our own bug.
  Gate gate(LegIndex leg) const { return at(leg).gate; }
  Admission admission(LegIndex leg) const { return at(leg).admission; }
  ConsentEpoch epoch(LegIndex leg) const { return at(leg).epoch; }
  ConsentEpoch valid_from(LegIndex leg) const { return at(leg).valid_from; }
  ConsentEpoch answer_valid_from(LegIndex leg) const { return at(leg).answer_valid_from; }
  ParticipantIndex participant_of(LegIndex leg) const { return at(leg).participant; }
  PurposeSet purposes(LegIndex leg) const;  // satisfied by durable consents, whatever the gate's state
  ConsentState state(ParticipantIndex participant, Purpose purpose) const {
    return at(participant).consent.state_of(purpose);
  }
  bool has_left(ParticipantIndex participant) const { return at(participant).left; }
  bool has_left(LegIndex leg) const { return at(leg).left; }

 private:
  using ParticipantMask = std::uint16_t;
  static_assert(limits::kParticipantsPerCall <= 16, "a bit each");

  struct Participant {
    ParticipantConsent consent;
    MonoTime deadline;
    bool left = false;
  };
  struct Leg {
    ParticipantIndex participant;
    Gate gate = Gate::holding;
    Admission admission = Admission::hold;
    ConsentEpoch epoch{1};
    ConsentEpoch valid_from{1};
    ConsentEpoch answer_valid_from{1};
    bool left = false;
    bool answered = false;      // something was kept of the spoken answer, and has not been refused since
    ParticipantMask heard = 0;  // who was there while what is held was said
  };
  struct Cause {
    TurnCause why;
    std::optional<ParticipantIndex> refuser = {};
  };
  enum class View { durable, intended, hoped };

  explicit CallConsent(const ConsentSettings& settings);

  const Participant& at(ParticipantIndex index) const;
  const Leg& at(LegIndex index) const;
  Participant* find(ParticipantIndex index);
  Leg* find(LegIndex index);

  // By those who are here, the leg's own participant and, when asked, those whom its held audio heard.
  enum class Among { present, heard };
  PurposeSet satisfied(const Leg& leg, View view, Among among) const;
  PurposeSet admitting(const Leg& leg, View view, Among among) const;
  PurposeSet answer_purpose() const;
  Gate target_of(const Leg& leg) const;
  RingAction ring_action(const Leg& leg, Gate to, Cause cause) const;
  bool revokes_queued(const Leg& leg, Gate to, Cause cause) const;
  bool revokes_answer(const Leg& leg, Cause cause) const;
  Result<ParticipantIndex> admit(Participant participant, Moment at, Outcome& out);
  bool is_over(const Leg& leg) const { return ended_ || leg.left; }

  ConsentSeq next_seq() { return ConsentSeq(++last_seq_); }
  void grant(ParticipantIndex who, PurposeSet purposes, const Signal& signal, const Term& term, Moment at,
             Outcome& out);
  Term term_of(const Validity& validity, Now now) const;
  void refuse(ParticipantIndex who, PurposeSet purposes, const Signal& signal, Moment at, Outcome& out);
  void expire(ParticipantIndex who, SignalType type, Moment at, Outcome& out);
  void set_paused(PauseChange change, Outcome& out);
  ParticipantMask present() const;
  void settle(Cause cause, Moment at, Outcome& out);
  void settle_leg(LegIndex index, Cause cause, Moment at, Outcome& out);
  void turn(LegIndex index, Gate to, Cause cause, Moment at, Outcome& out);

  ConsentSettings settings_;
  std::vector<Participant> participants_;
  std::vector<Leg> legs_;
  std::uint64_t last_seq_ = 0;
  bool paused_ = false;
  bool suspended_ = false;
  bool ended_ = false;
};

}  // namespace assent
