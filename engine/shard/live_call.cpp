#include "engine/shard/live_call.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/catalog/destroyed.h"
#include "engine/catalog/said.h"

namespace assent {
namespace {

Moment moment_of(Now now) { return {now, now.wall}; }

Booking pause_entry(CallId call, const PauseChange& change, const std::string& origin) {
  const bool paused = change.kind == PauseChange::Kind::paused;
  const nlohmann::json body{
      {"origin", origin}, {"reason", change.signal.value}, {"signal", to_text(change.signal.type)}};
  return booking::AddLedger{{paused ? LedgerKind::pause : LedgerKind::resume, change.at.now.wall, call, body.dump()}};
}

bool has_withdrawn(const std::vector<ConsentRow>& rows, ParticipantId who) {
  return std::any_of(rows.begin(), rows.end(), [&](const ConsentRow& row) {
    return row.participant == who && row.decision == to_text(Decision::withdrawn);
  });
}

// Calls `done` when all that were begun have ended, and it itself has let go.
class Countdown {
 public:
  explicit Countdown(Done done) : state_(std::make_shared<State>(std::move(done))) {}
  // One more to wait for. A failure of any is what `done` gets in the end.
  Decided one_more() {
    return [state = state_](const Result<std::vector<ConsentRow>>& result) {
      if (!result) state->result = result.error();
    };
  }

 private:
  struct State {
    explicit State(Done then) : done(std::move(then)) {}
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() { done(result); }

    Done done;
    Result<void> result;
  };
  std::shared_ptr<State> state_;
};

}  // namespace

LiveCall::LiveCall(CallIdentity identity, CallConsent consent, Workshop workshop)
    : identity_(std::move(identity)),
      consent_(std::move(consent)),
      purposes_(workshop.purposes),
      record_(workshop.record),
      alarm_(workshop.clock),
      lapses_(workshop.lapses),
      latencies_(workshop.latencies),
      outcome_(workshop.outcome) {}

// ---- who is there -------------------------------------------------------------------------------------------------

Result<ParticipantIndex> LiveCall::join(const CallParticipant& participant, Now now) {
  outcome_.clear();
  auto index = goes_on_ ? rejoin(participant, now) : consent_.join(moment_of(now), outcome_);
  if (!index) return index;
  participants_.push_back(participant);
  erased_participants_.push_back(goes_on_ && has_withdrawn(consents_, participant.id) &&
                                 consent_.settings().on_withdraw == OnWithdraw::erase);
  carry_out(now, "engine");
  return index;
}

void LiveCall::go_on(FormerCall former) {
  ASSENT_CHECK(participants_.empty());
  consents_ = std::move(former.consents);
  recording_booked_ = former.has_recording;
  if (former.paused) consent_.rejoin_paused();
  goes_on_ = true;
}

// What they said is on record; when they came their id tells. What ran out meanwhile did so by the wall clock.
Result<ParticipantIndex> LiveCall::rejoin(const CallParticipant& participant, Now now) {
  ParticipantConsent said(consent_.settings().purposes);
  for (const ConsentRow& row : consents_) {
    const auto purpose = purposes_.find(row.purpose);
    const auto decision = parse_decision(row.decision);
    if (row.participant != participant.id || !purpose || !decision) continue;
    said.recall(*decision, PurposeSet::of(*purpose), Term::of({std::nullopt, row.valid_until}, now));
  }
  const nanoseconds since = std::max(nanoseconds(0), now.wall - made_at(participant.id));
  return consent_.rejoin(std::move(said), now.mono + consent_.settings().deadline - since, moment_of(now), outcome_);
}

Result<void> LiveCall::add_leg(ParticipantIndex participant, std::unique_ptr<LiveLeg> leg, KeyId key, Now now) {
  ASSENT_CHECK(leg->identity().index.value == legs_.size());
  outcome_.clear();
  goes_on_ = false;
  if (consent_.paused()) leg->begin_pause(now);
  if (has_erased(participant)) leg->give_up_listening();
  legs_.push_back(std::move(leg));
  leg_keys_.push_back(key);
  erased_legs_.push_back(!legs_.back()->segments().has_key());
  if (auto index = consent_.add_leg(participant, moment_of(now), outcome_); !index) {
    legs_.pop_back();
    leg_keys_.pop_back();
    erased_legs_.pop_back();
    return index.error();
  }
  carry_out(now, "engine");
  return {};
}

// ---- what they say ------------------------------------------------------------------------------------------------

void LiveCall::decide(ParticipantIndex participant, Decision decision, PurposeSet purposes, const Signal& signal,
                      const std::string& origin, Now now, Decided done, std::optional<MonoTime> asked_at,
                      const DecisionTerms& terms) {
  if (decision == Decision::granted && has_erased(participant)) {
    return done(error(Errc::conflict,
                      "what was recorded of this participant has been erased on their withdrawal; "
                      "they can agree again in a new call"));
  }
  outcome_.clear();
  if (auto decided = consent_.decide(participant, decision, purposes, signal, moment_of(now), outcome_, terms.validity);
      !decided) {
    return done(decided.error());
  }
  PendingReply reply;
  for (const ConsentChange& change : outcome_.changes) {
    if (change.participant == participant && change.signal == signal) reply.waits_for.push_back(change.seq);
  }
  for (const GateTurn& turn : outcome_.turns) {
    if (turn.queued_answer == QueuedAudio::drop) reply.must_be_quiet.push_back(turn.leg);
  }
  if (reply.waits_for.empty()) {
    // Nothing changed: what holds already is on record.
    const PurposeSet asked = purposes.empty() ? consent_.settings().purposes : purposes;
    for (const std::string& id : purposes_.ids_of(asked)) {
      if (const ConsentRow* row = latest_record(participant, *purposes_.find(id))) reply.rows.push_back(*row);
    }
  }
  const std::size_t rows_before = consents_.size();
  asked_at_ = asked_at;
  said_notice_json_ = terms.notice_json;
  carry_out(now, origin);
  for (std::size_t i = rows_before; i < consents_.size() && !reply.waits_for.empty(); ++i) {
    if (consents_[i].participant == participants_.at(participant.value).id) reply.rows.push_back(consents_[i]);
  }
  reply.done = std::move(done);
  replies_.push_back(std::move(reply));
  alarm_.ring_soon();
  answer_quiet_replies();
}

void LiveCall::grant_standing(Now now, Done done) {
  // The record's refusal is no failure: the participant is asked like anybody else.
  Countdown countdown([done = std::move(done)](const Result<void>&) { done({}); });
  for (std::size_t i = 0; i < participants_.size(); ++i) {
    for (const StandingGrant& grant : std::exchange(participants_[i].standing, {})) {
      decide(ParticipantIndex(static_cast<std::uint8_t>(i)), Decision::granted, grant.purposes,
             {SignalType::standing, to_text(grant.id)}, "engine", now, countdown.one_more(), std::nullopt,
             {{std::nullopt, grant.until}, {}});
    }
  }
}

bool LiveCall::withdraw_standing(StandingId standing, const std::string& origin, Now now, Done done) {
  const Signal signal{SignalType::standing, to_text(standing)};
  Countdown countdown(std::move(done));
  bool any = false;
  for (std::size_t i = 0; i < participants_.size(); ++i) {
    const ParticipantIndex who(static_cast<std::uint8_t>(i));
    any = std::erase_if(participants_[i].standing, [&](const StandingGrant& one) { return one.id == standing; }) != 0 ||
          any;
    PurposeSet given;
    for (const std::string& id : purposes_.ids_of(consent_.settings().purposes)) {
      const Purpose purpose = *purposes_.find(id);
      const ConsentRow* row = latest_record(who, purpose);
      const bool is_from_it = row != nullptr && row->decision == to_text(Decision::granted) &&
                              row->signal_type == to_text(signal.type) && row->signal_value == signal.value;
      if (is_from_it && consent_.state(who, purpose) == ConsentState::granted) given |= PurposeSet::of(purpose);
    }
    if (given.empty()) continue;
    any = true;
    decide(who, Decision::withdrawn, given, signal, origin, now, countdown.one_more());
  }
  return any;
}

void LiveCall::set_paused(Pausing what, const std::string& reason, const std::string& origin, Now now, Done done) {
  set_paused(what, {SignalType::api, reason}, origin, now, std::move(done));
}

void LiveCall::set_paused(Pausing what, const Signal& signal, const std::string& origin, Now now, Done done) {
  outcome_.clear();
  if (what == Pausing::pause) {
    consent_.pause(signal, moment_of(now), outcome_);
  } else {
    consent_.resume(signal, moment_of(now), outcome_);
  }
  if (!outcome_.pause) return done({});  // it was so already
  pause_done_ = std::move(done);
  carry_out(now, origin);
}

void LiveCall::leg_digit(LegIndex leg, char digit, WallTime media, Now now) {
  if (carrying_out_) {
    waiting_digits_.push_back({leg, digit, media});
    return;
  }
  if (has_erased(consent_.participant_of(leg))) return;
  outcome_.clear();
  consent_.digit(leg, digit, {now, media}, outcome_);
  asked_at_ = latencies_.oldest_arrival();
  carry_out(now, "leg:" + to_text(legs_.at(leg.value)->identity().id));
}

void LiveCall::suspend(Now now) {
  outcome_.clear();
  consent_.suspend(moment_of(now), outcome_);
  carry_out(now, "engine");
}

void LiveCall::reinstate(Now now) {
  outcome_.clear();
  consent_.reinstate(moment_of(now), outcome_);
  carry_out(now, "engine");
}

void LiveCall::tick(Now now) {
  if (const auto due = consent_.next_deadline(); due && *due <= now.mono) {
    outcome_.clear();
    consent_.tick(moment_of(now), outcome_);
    carry_out(now, "engine");
  }
  MonoTime next = consent_.next_deadline().value_or(AlarmClock::kNever);
  for (const auto& leg : legs_) next = std::min(next, leg->tick(now));
  answer_quiet_replies();
  // What waits for workers to leave is looked at with every sweep.
  alarm_.advance(replies_.empty() && quieting_.empty() ? next : now.mono);
}

void LiveCall::end_lapsed(Now now) {
  const auto next = consent_.next_lapse();
  if (!next) return;
  outcome_.clear();
  if (next->is_over(now)) consent_.tick(moment_of(now), outcome_);
  carry_out(now, "engine");  // notes the next lapse, too
}

void LiveCall::end(Ending how, Now now) {
  outcome_.clear();
  if (how == Ending::over) {
    consent_.end(moment_of(now), outcome_);
  } else {
    consent_.leave_off(moment_of(now), outcome_);
  }
  carry_out(now, "engine");
  if (lacks_recording()) {
    // The record refused it once, after the consent that it was due to: the last time to say so.
    ++records_under_way_;
    record_.book(identity_.id, {recording_row(now)}, [this](const Result<void>& result, Now) {
      --records_under_way_;
      recording_booked_ = recording_booked_ || result.has_value();
    });
  }
  for (const auto& leg : legs_) {
    leg->receiver().discard();
    leg->give_up_listening();
  }
}

void LiveCall::roll_segments() {
  for (const auto& leg : legs_) leg->gate().roll();
}

bool LiveCall::is_finished() {
  if (!consent_.settled() || records_under_way_ != 0 || !replies_.empty()) return false;
  return std::all_of(legs_.begin(), legs_.end(), [](const auto& leg) { return leg->segments().is_drained(); });
}

// ---- carrying out -------------------------------------------------------------------------------------------------

void LiveCall::carry_out(Now now, const std::string& origin) {
  carrying_out_ = true;
  for (const GateTurn& turn : outcome_.turns) execute(turn, now);
  note_quiet();
  if (outcome_.pause) note_pause(outcome_.pause->kind, now);
  put_on_record(origin, now);
  outcome_.clear();
  asked_at_.reset();
  said_notice_json_.clear();
  carrying_out_ = false;
  if (const auto lapse = consent_.next_lapse()) lapses_.note(*lapse);
  alarm_.ring_soon();

  // Handing on what waited in the reorder windows may have brought digits to light.
  const std::vector<HeardDigit> digits = std::exchange(waiting_digits_, {});
  for (const HeardDigit& heard : digits) leg_digit(heard.leg, heard.digit, heard.media, now);
}

void LiveCall::execute(const GateTurn& turn, Now now) {
  LiveLeg& leg = *legs_.at(turn.leg.value);
  leg.flush(now);
  if (turn.to == Gate::open || turn.to == Gate::paused) {
    // The record that explains the segments to come: the participant's own latest grant, else (one-party) anybody's.
    const ParticipantId own = participants_.at(consent_.participant_of(turn.leg).value).id;
    const ConsentRow* reason = nullptr;
    for (const ConsentRow& row : consents_) {
      if (row.decision != to_text(Decision::granted)) continue;
      if (reason == nullptr || row.participant == own || reason->participant != own) reason = &row;
    }
    if (reason != nullptr) leg.segments().set_consent(reason->id);
  }
  leg.gate().turn(turn, leg.media_time(now));
  if (asked_at_ && turn.to == Gate::opening) latencies_.gate_turned(*asked_at_);
  if (asked_at_ && turn.to == Gate::open) latencies_.gate_opened(*asked_at_);
  if (asked_at_ && turn.queued == QueuedAudio::drop) {
    latencies_.gate_refused(*asked_at_);
    quieting_.push_back({turn.leg, *asked_at_});
  }
  // Nothing is held and the first segment is still to come: a good moment to follow the sender's clock.
  const bool begins = turn.ring.kind == RingAction::Kind::wipe && turn.ring.answer != RingAction::Answer::keep &&
                      turn.to != Gate::closed;
  if (begins) leg.receiver().adopt_sender_report();
}

void LiveCall::note_pause(PauseChange::Kind kind, Now now) {
  for (const auto& leg : legs_) {
    if (kind == PauseChange::Kind::paused) {
      leg->begin_pause(now);
    } else {
      leg->end_pause(now);
    }
  }
}

void LiveCall::put_on_record(const std::string& origin, Now now) {
  std::vector<Booking> bookings;
  std::vector<ConsentSeq> seqs;
  std::vector<LegErasure> erasures;
  for (const ConsentChange& change : outcome_.changes) {
    seqs.push_back(change.seq);
    for (ConsentRow& row : rows_of(change, origin)) {
      consents_.push_back(row);
      bookings.push_back(booking::AddConsent{std::move(row)});
    }
    const bool erases = change.decision == Decision::withdrawn && consent_.settings().on_withdraw == OnWithdraw::erase;
    if (!erases) continue;
    if (auto erasure = destroy_keys(change.participant, origin, now, bookings)) erasures.push_back(std::move(*erasure));
  }
  const bool opens = std::any_of(outcome_.turns.begin(), outcome_.turns.end(), [](const GateTurn& turn) {
    return turn.to == Gate::opening || turn.to == Gate::open;
  });
  // Each of several grants on their way brings it: any of them may be what opens the gate, and any be refused.
  const bool grants = std::any_of(outcome_.changes.begin(), outcome_.changes.end(),
                                  [](const ConsentChange& change) { return change.decision == Decision::granted; });
  const bool books_recording = !recording_booked_ && (opens || (grants && lacks_recording()));
  if (books_recording) bookings.push_back(recording_row(now));
  if (outcome_.pause) bookings.push_back(pause_entry(identity_.id, *outcome_.pause, origin));
  if (bookings.empty()) return;

  ++records_under_way_;
  record_.book(identity_.id, std::move(bookings),
               [this, seqs = std::move(seqs), erasures = std::move(erasures), books_recording, asked_at = asked_at_,
                pause_done = std::exchange(pause_done_, nullptr)](const Result<void>& result, Now at) {
                 --records_under_way_;
                 if (result && books_recording) recording_booked_ = true;
                 if (pause_done) pause_done(result);
                 if (result) {
                   for (const LegErasure& erasure : erasures) record_.erase(erasure);
                 }
                 recorded(seqs, result, at, asked_at);
               });
}

// Audio is kept, or about to be, and its recording is not on record.
bool LiveCall::lacks_recording() const {
  if (recording_booked_) return false;
  return std::any_of(legs_.begin(), legs_.end(), [this](const auto& leg) {
    const Gate gate = consent_.gate(leg->identity().index);
    return (gate != Gate::holding && gate != Gate::closed) || !leg->segments().segments().empty();
  });
}

Booking LiveCall::recording_row(Now now) const {
  return booking::OpenRecording{
      {identity_.recording, identity_.id, identity_.tenant, RecordingState::open, now.wall, std::nullopt, {}}};
}

std::vector<ConsentRow> LiveCall::rows_of(const ConsentChange& change, const std::string& origin) const {
  nanoseconds kept{0};
  nanoseconds evidence{0};
  for (const GateTurn& turn : outcome_.turns) {
    if (turn.to != Gate::opening) continue;
    const LegGate& gate = legs_.at(turn.leg.value)->gate();
    kept = std::max(kept, gate.held());
    evidence = std::max(evidence, gate.held_evidence());
  }
  ConsentRow row;
  row.call = identity_.id;
  row.participant = participants_.at(change.participant.value).id;
  row.decision = to_text(change.decision);
  row.signal_type = to_text(change.signal.type);
  const bool names_ours = change.signal.type == SignalType::standing;
  if (names_ours) row.signal_value = change.signal.value;
  row.notice_json = said_notice_json_.empty() ? identity_.notice_json : said_notice_json_;
  row.origin = origin;
  row.at = change.at.now.wall;
  row.media_time = change.at.media;
  row.preroll_ms = std::chrono::duration_cast<milliseconds>(kept).count();
  row.evidence_ms = std::chrono::duration_cast<milliseconds>(evidence).count();
  row.valid_until = change.until;
  std::vector<ConsentRow> rows;
  for (const std::string& purpose : purposes_.ids_of(change.purposes)) {
    row.id = new_id<ConsentId>(change.at.now.wall);
    row.purpose = purpose;
    if (!names_ours && !change.signal.value.empty()) {
      seal_said(*participants_.at(change.participant.value).key, change.signal.value, row);
    }
    rows.push_back(row);
  }
  return rows;
}

// Under all-party the call was one recording of everybody, and one withdrawal takes it all; otherwise a participant's
// withdrawal takes their own legs.
std::optional<LegErasure> LiveCall::destroy_keys(ParticipantIndex participant, const std::string& origin, Now now,
                                                 std::vector<Booking>& bookings) {
  erased_participants_.at(participant.value) = true;
  for (std::size_t i = 0; i < legs_.size(); ++i) {
    const LegIndex index(static_cast<std::uint8_t>(i));
    if (consent_.participant_of(index) == participant) legs_[i]->give_up_listening();
  }
  LegErasure erasure{new_id<ErasureId>(now.wall), identity_.id, {}};
  std::vector<KeyId> keys;
  Destroyed destroyed;
  for (std::size_t i = 0; i < legs_.size(); ++i) {
    const LegIndex index(static_cast<std::uint8_t>(i));
    const bool concerned =
        consent_.settings().policy == Policy::all_party || consent_.participant_of(index) == participant;
    if (!concerned || erased_legs_[i]) continue;
    erased_legs_[i] = true;
    SegmentWriter& segments = legs_[i]->segments();
    segments.roll();
    segments.forget_key();
    keys.push_back(leg_keys_[i]);
    destroyed.add(leg_keys_[i]);
    destroyed.add(legs_[i]->identity().id);
    erasure.segments.insert(erasure.segments.end(), segments.segments().begin(), segments.segments().end());
  }
  if (destroyed.empty()) return std::nullopt;
  // While a hold covers the call the keys stay, and nothing more is sealed of these legs in any case.
  bookings.push_back(booking::EraseLegs{erasure.id,
                                        identity_.id,
                                        origin,
                                        now.wall,
                                        {participants_.at(participant.value).id},
                                        std::move(keys),
                                        std::nullopt,
                                        destroyed.to_json().dump()});
  return erasure;
}

void LiveCall::recorded(const std::vector<ConsentSeq>& seqs, const Result<void>& result, Now now,
                        std::optional<MonoTime> asked_at) {
  for (const ConsentSeq seq : seqs) {
    outcome_.clear();
    if (result) {
      consent_.durable(seq, moment_of(now), outcome_);
    } else {
      consent_.refused(seq, moment_of(now), outcome_);
    }
    asked_at_ = asked_at;
    carry_out(now, "engine");
  }
  std::vector<Decided> failed;
  for (std::size_t i = 0; i < replies_.size();) {
    const std::size_t answered = std::erase_if(
        replies_[i].waits_for, [&](ConsentSeq seq) { return std::find(seqs.begin(), seqs.end(), seq) != seqs.end(); });
    if (result || answered == 0) {
      ++i;
      continue;
    }
    failed.push_back(std::move(replies_[i].done));
    replies_.erase(replies_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  for (const Decided& done : failed) {
    done(error(Errc::unavailable, "the decision could not be put on record: " + result.error().what));
  }
  answer_quiet_replies();
}

void LiveCall::note_quiet() {
  std::erase_if(quieting_, [this](const Quieting& one) {
    const bool quiet = legs_.at(one.leg.value)->permits().quiet();
    if (quiet) latencies_.went_quiet(one.asked_at);
    return quiet;
  });
}

void LiveCall::answer_quiet_replies() {
  note_quiet();
  for (std::size_t i = 0; i < replies_.size();) {
    const PendingReply& reply = replies_[i];
    const bool ready =
        reply.waits_for.empty() && std::all_of(reply.must_be_quiet.begin(), reply.must_be_quiet.end(),
                                               [this](LegIndex leg) { return legs_.at(leg.value)->permits().quiet(); });
    if (!ready) {
      ++i;
      continue;
    }
    PendingReply answered = std::move(replies_[i]);
    replies_.erase(replies_.begin() + static_cast<std::ptrdiff_t>(i));
    answered.done(std::move(answered.rows));
  }
}

const ConsentRow* LiveCall::latest_record(ParticipantIndex participant, Purpose purpose) const {
  const ParticipantId id = participants_.at(participant.value).id;
  const std::string_view name = purposes_.id_of(purpose);
  const auto found = std::find_if(consents_.rbegin(), consents_.rend(),
                                  [&](const ConsentRow& row) { return row.participant == id && row.purpose == name; });
  return found == consents_.rend() ? nullptr : &*found;
}

std::string LiveCall::outcome_text() const {
  if (std::find(erased_legs_.begin(), erased_legs_.end(), true) != erased_legs_.end()) return "erased on withdrawal";
  std::string why = "no consent";
  for (const ConsentRow& row : consents_) {
    if (row.decision == to_text(Decision::denied)) why = "denied";
    if (row.decision == to_text(Decision::expired) && why == "no consent" &&
        row.signal_type == to_text(SignalType::deadline)) {
      why = "expired";
    }
  }
  return why;
}

}  // namespace assent
