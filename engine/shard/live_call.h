// LiveCall: one call while it is live. It owns the call's consent machine and its legs, and is what connects them:
// digits and requests go into CallConsent; the turns that come out are carried out on the legs, in order; the changes
// go to the record, and what became of them comes back.
//
// It decides nothing about consent (CallConsent does) and nothing about audio (LegGate does). It need not know how the
// record is kept: `CallRecord` takes bookings and answers later, on the shard's own thread. Shard thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "engine/catalog/catalog.h"
#include "engine/consent/call_consent.h"
#include "engine/shard/alarm_clock.h"
#include "engine/shard/lapse_watch.h"
#include "engine/shard/live_leg.h"
#include "engine/shard/shard_latencies.h"

namespace assent {

// Some legs of a call whose keys a withdrawal destroyed, and the segments that were sealed under them.
struct LegErasure {
  ErasureId id;
  CallId call;
  std::vector<SegmentId> segments;
};

// Where changes are made durable. `done` is called on the shard's thread, once, and never from within `book`.
class CallRecord {
 public:
  virtual ~CallRecord() = default;
  virtual void book(CallId call, std::vector<Booking> bookings, std::function<void(Result<void>, Now)> done) = 0;
  // A withdrawal has destroyed the keys of some of the call's legs, durably: what was sealed of them is to be removed.
  virtual void erase(const LegErasure& erasure) = 0;
};

struct CallIdentity {
  CallId id;
  TenantId tenant;
  RecordingId recording;  // reserved; booked when a gate opens
  std::string notice_json;
  WallTime created;
};

// A consent on file that counts for a participant of this call (engine/control/standing_consents.h).
struct StandingGrant {
  StandingId id;
  PurposeSet purposes;
  std::optional<WallTime> until;
};

struct CallParticipant {
  ParticipantId id;
  std::string ref;
  std::shared_ptr<const SecretKey> key;      // of their own in the call: for what their signals say of themselves
  std::vector<StandingGrant> standing = {};  // until it has been granted
};

// What the record says of a call that was in progress before a restart, and goes on.
struct FormerCall {
  std::vector<ConsentRow> consents;  // oldest first
  bool paused = false;
  bool has_recording = false;
};

// What a decision may bring besides what is decided.
struct DecisionTerms {
  Validity validity;        // of a grant
  std::string notice_json;  // the notice it was given on; empty: the call's
};

// What CallConsent's answer to a decision became: one row per purpose, durable and in force.
using Decided = std::function<void(Result<std::vector<ConsentRow>>)>;
using Done = std::function<void(Result<void>)>;

class LiveCall final : public LegListener {
 public:
  // The parts of the shard that a call works with; they outlive it. The outcome is where a call notes what became of
  // one input until it is carried out, which ends before another call is asked for anything.
  struct Workshop {
    const PurposeRegistry& purposes;
    CallRecord& record;
    AlarmClock& clock;
    LapseWatch& lapses;
    ShardLatencies& latencies;
    Outcome& outcome;
  };
  LiveCall(CallIdentity identity, CallConsent consent, Workshop workshop);
  ~LiveCall() = default;
  LiveCall(const LiveCall&) = delete;
  LiveCall& operator=(const LiveCall&) = delete;

  // ---- who is there ----
  // First of all, of a call that goes on after a restart: who joins before its
  // first leg was there then.
  void go_on(FormerCall former);
  Result<ParticipantIndex> join(const CallParticipant& participant, Now now);
  // The leg's identity carries its index, which is the number of legs so far.
  Result<void> add_leg(ParticipantIndex participant, std::unique_ptr<LiveLeg> leg, KeyId key, Now now);

  // Nothing more is heard of a leg, or of anybody's; they count no longer. Twice is no error.
  void end_leg(LegIndex leg, Now now);
  void leave(ParticipantIndex participant, Now now);

  // ---- what they say ----
  // `done` is called when every record is durable and, for a refusal, no worker seals anything of theirs any more.
  // `asked_at` is when they said so, for the latency; without it none is measured.
  void decide(ParticipantIndex participant, Decision decision, PurposeSet purposes, const Signal& signal,
              const std::string& origin, Now now, Decided done, std::optional<MonoTime> asked_at = std::nullopt,
              const DecisionTerms& terms = {});
  // Decides what is on file for participants who have joined since; their rows are booked by now. What the record
  // refuses (it was withdrawn meanwhile) leaves its participant pending. `done` is called when all have been answered.
  void grant_standing(Now now, Done done);
  // Takes back what this call has from a consent on file; `done` as of `decide`. False: the call has nothing of it.
  bool withdraw_standing(StandingId standing, const std::string& origin, Now now, Done done);
  enum class Pausing { pause, resume };
  void set_paused(Pausing what, const std::string& reason, const std::string& origin, Now now, Done done);
  // A key that came beside the audio. `done` is called when what it means, if anything, is durable and in force.
  void press(ParticipantIndex participant, char digit, const std::string& origin, Now now, Done done);
  void leg_digit(LegIndex leg, char digit, WallTime media, Now now) override;
  void leg_bye(LegIndex, Now) override {}  // the media server ends calls; a BYE only ends a stream
  void leg_due(MonoTime at) override { alarm_.advance(at); }

  // The ledger has not answered for as long as the lease; it answers again.
  void suspend(Now now);
  void reinstate(Now now);
  // Looks at what time has brought, and sets the call's alarm for the next time.
  void tick(Now now);
  // Ends consents whose time is over; ahead of the sweep.
  void end_lapsed(Now now);
  // It is over; or over for now, when the engine stops and is to take it up again.
  enum class Ending { over, left_off };
  void end(Ending how, Now now);
  // The clock was set, or the machine slept: no segment goes on across that.
  void roll_segments();
  // Ended, its consents answered by the record, and nothing of it in the hands of a worker.
  bool is_finished();

  AlarmClock::Place alarm() const { return alarm_.place(); }
  const CallIdentity& identity() const { return identity_; }
  const CallConsent& consent() const { return consent_; }
  const std::vector<CallParticipant>& participants() const { return participants_; }
  const std::vector<std::unique_ptr<LiveLeg>>& legs() const { return legs_; }
  std::vector<std::unique_ptr<LiveLeg>>& legs() { return legs_; }
  bool has_recording() const { return recording_booked_; }
  bool is_erased(LegIndex leg) const { return erased_legs_.at(leg.value); }
  // Why nothing was kept, when nothing was: "no consent", "denied", "expired", ...
  std::string outcome_text() const;

 private:
  struct PendingReply {
    std::vector<ConsentSeq> waits_for;
    std::vector<LegIndex> must_be_quiet;
    std::vector<ConsentRow> rows;
    Decided done;
  };

  void carry_out(Now now, const std::string& origin);
  void execute(const GateTurn& turn, Now now);
  void put_on_record(const std::string& origin, Now now);
  bool lacks_recording() const;
  Booking recording_row(Now now) const;
  std::vector<ConsentRow> rows_of(const ConsentChange& change, const std::string& origin) const;
  std::optional<LegErasure> destroy_keys(ParticipantIndex participant, const std::string& origin, Now now,
                                         std::vector<Booking>& bookings);
  void recorded(const std::vector<ConsentSeq>& seqs, const Result<void>& result, Now now,
                std::optional<MonoTime> asked_at);
  void note_pause(PauseChange::Kind kind, Now now);
  void answer_quiet_replies();
  void note_quiet();
  bool has_erased(ParticipantIndex participant) const { return erased_participants_.at(participant.value); }
  void set_paused(Pausing what, const Signal& signal, const std::string& origin, Now now, Done done);
  Result<ParticipantIndex> rejoin(const CallParticipant& participant, Now now);
  const ConsentRow* latest_record(ParticipantIndex participant, Purpose purpose) const;

  CallIdentity identity_;
  CallConsent consent_;
  const PurposeRegistry& purposes_;
  CallRecord& record_;
  Alarm alarm_;
  LapseWatch& lapses_;
  ShardLatencies& latencies_;
  Outcome& outcome_;

  std::vector<CallParticipant> participants_;
  std::vector<std::unique_ptr<LiveLeg>> legs_;
  std::vector<KeyId> leg_keys_;
  std::vector<bool> erased_legs_;
  std::vector<bool> erased_participants_;  // whose withdrawal erased; they cannot agree again in this call

  std::optional<MonoTime> asked_at_;  // of the decision that is being carried out
  std::string said_notice_json_;      // of the decision that is being carried out, when it has its own
  bool carrying_out_ = false;
  struct HeardDigit {
    LegIndex leg;
    char digit;
    WallTime media;
  };
  std::vector<HeardDigit> waiting_digits_;  // heard while an outcome was being carried out

  std::vector<ConsentRow> consents_;  // every one put on record, oldest first
  std::vector<PendingReply> replies_;
  struct Quieting {
    LegIndex leg;
    MonoTime asked_at;
  };
  std::vector<Quieting> quieting_;  // refused, and a worker may still be inside a block: for the latency
  Done pause_done_;
  std::size_t records_under_way_ = 0;
  bool recording_booked_ = false;
  bool goes_on_ = false;  // after a restart, and no leg is there yet
};

}  // namespace assent
