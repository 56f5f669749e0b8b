// LiveCalls: the engine's side of the control API for calls in progress.
//
// It joins what no other part knows together: requests become checked calls with keys (CallAdmission), go to the shard
// with the fewest calls, or the next that has room, stay there until they end, and are booked; when a call is over it
// sees to it that what was sealed is settled, and only then books the recording as complete. It keeps what the API
// shows of live calls and the shard does not need: names and references, in memory only, and only while the call lasts.
//
// Any control thread; methods block as CallService says.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/calls/call_admission.h"
#include "engine/calls/call_memory.h"
#include "engine/calls/call_quota.h"
#include "engine/calls/call_return.h"
#include "engine/calls/call_spread.h"
#include "engine/calls/dtls_desk.h"
#include "engine/calls/leg_eraser.h"
#include "engine/calls/shard_link.h"
#include "engine/catalog/catalog_writer.h"
#include "engine/control/call_service.h"
#include "engine/ingest/port_range.h"
#include "engine/overload/overload_state.h"
#include "engine/store/settler.h"

namespace assent {

struct LiveShard {
  ShardLink& link;
  Settler& settler;
  PortSpan rtp_ports;
};

// What became of the calls that were in progress when the engine last ran.
struct Return {
  std::size_t calls = 0;              // that go on
  std::vector<std::string> troubles;  // one for each that does not, and why
};

Error no_such_live_call();
std::string origin_of(const Caller& caller);  // on record

class LiveCalls final : public CallService {
 public:
  struct Parts {
    std::vector<LiveShard> shards;  // by number, at least one
    Catalog& catalog;
    CatalogWriter& writer;
    KeyRing& keys;
    LegEraser& eraser;
    const PurposeRegistry& purposes;
    PipelineDefaults defaults;
    std::string rtp_address;  // told to senders
    const OverloadState& overload;
    CallQuota& quota;
    DtlsDesk& dtls;
  };
  explicit LiveCalls(Parts parts);

  Result<CallView> create_call(const CallSpec& spec, const Caller& caller) override;
  Result<std::vector<CallView>> calls() override;
  Result<CallView> call(CallId id) override;
  Result<CallId> find_call(const std::string& id_or_ref, const std::optional<std::string>& tenant) override;
  Result<std::vector<ConsentRecordView>> decide(CallId id, const ConsentSpec& spec, const Caller& caller) override;
  Result<CallView> pause(CallId id, const std::string& reason, const Caller& caller) override;
  Result<CallView> resume(CallId id, const std::string& reason, const Caller& caller) override;
  Result<CallView> change_legs(CallId id, const LegsSpec& spec, const Caller& caller) override;
  Result<void> change_leg(CallId id, LegId leg, const LegHearing& hearing) override;
  Result<void> remember(CallId id, const std::string& signalled) override;
  Result<void> leave(CallId id, const Departure& who, const Caller& caller) override;
  Result<void> press(CallId id, const std::string& participant, char digit, const Caller& caller) override;
  Result<void> note_preference(CallId id, const std::string& participant, const std::string& said,
                               const Caller& caller) override;
  Result<EndedCall> end_call(CallId id, const Caller& caller) override;
  Result<void> withdraw_standing(StandingId standing, const Caller& caller) override;

  // Takes up the calls that were in progress when the engine stopped or died; those that cannot go on end, as
  // interrupted. At start-up, before anybody asks for calls. Errors are the catalog's.
  Result<Return> come_back();

  // What holds for calls that come from now on; those in progress keep what they have.
  void set_defaults(PipelineDefaults defaults);
  // What becomes of what was kept of a call when somebody withdraws: by the terms that it came under; what the pipeline
  // says now where they are not there any more.
  OnWithdraw on_withdraw(const CallRow& call) const;
  // No further calls; for shutdown.
  void refuse_new_calls();
  // Calls that are not yet over and booked.
  std::size_t live_calls() const;
  // What DtlsDesk has come to, of legs of one shard. The desk's thread; waits for the shard's.
  void answer_handshakes(ShardId shard, std::vector<DtlsAnswer> answers);
  // Books what became of a call that nobody waits for: it idled out, or the engine stops. Shard thread.
  void book_abandoned(ShardId shard, FinishedCall finished);

 private:
  using Defaults = std::shared_ptr<const PipelineDefaults>;
  // What the API knows of a live call and the shard does not.
  struct Known {
    ShardId shard;
    std::string ref;
    std::string tenant_name;
    TenantId tenant;
    KeyId call_key;
    Defaults defaults;  // of when it came
    WallTime created;
    std::vector<KnownParticipant> participants;
    std::vector<std::pair<LegId, LegSpec>> legs;
    std::set<LegId> ended;         // of these ...
    std::set<LegId> replaced;      // ... and of those, whose ports another has
    std::set<ParticipantId> left;  // of those
    std::optional<std::string> signalled;
    std::shared_ptr<std::mutex> growing = std::make_shared<std::mutex>();  // held while legs and people come to it
    QuotaPlace place;                                                      // given back when the call is forgotten
    std::string lost_before;  // what a restart in its middle cost its recording (lost_audio.h)
  };
  using KnownCall = std::shared_ptr<const Known>;

  class Seat;  // a call's place in the count of its shard

  ShardLink& link(ShardId shard) { return parts_.shards.at(shard.value).link; }
  KnownCall known(CallId id) const;
  void forget(CallId id);
  CallView view_of(LiveCall& live, const Known& known) const;
  void show_legs(LiveCall& live, const Known& known, CallView& view) const;
  void show_consents(LiveCall& live, const Known& known, CallView& view) const;
  Defaults defaults() const;
  Result<AdmittedCall> admit(const CallSpec& spec, const PipelineDefaults& defaults);
  static KnownCall known_from(ShardId shard, const CallSpec& spec, const AdmittedCall& admitted,
                              const QuotaPlace& place, Defaults defaults);
  std::vector<ShardId> shards_by_calls() const;
  Result<std::vector<LegPorts>> open(ShardId shard, NewCall call);
  static LegMedia media_of_leg(const Known& known, std::size_t leg, const std::optional<LegPorts>& ports);
  static Booking media_row(const Known& known, std::size_t leg, const std::optional<LegPorts>& ports,
                           const SecretKey& call_key);
  // Books how these legs are heard once `change` is made of what is known, and then makes it.
  Result<void> note_change(CallId id, const std::vector<std::size_t>& legs, const std::function<void(Known&)>& change);
  Result<std::vector<LegPorts>> ports_of(CallId id);  // of all its legs
  Result<ParticipantIndex> participant_in(const Known& known, const std::string& ref_or_id) const;
  static std::optional<std::size_t> place_of(const Known& known, LegId leg);
  void note_ports(const Known& known, const std::vector<LegPorts>& ports, const SecretKey& call_key,
                  std::vector<Booking>& bookings);
  void expect_handshakes(CallId id);
  void forget_handshake(const DtlsLeg& leg);
  void note_keys(const DtlsAnswer& answer, const LegPorts& ports);
  // Who and what comes to a call, as it is known of them.
  struct Growth {
    std::vector<std::pair<LegId, LegSpec>> legs;
    std::vector<KnownParticipant> joined;
    void add_to(Known& known) const;
  };
  Result<CallView> add_to(CallId id, KnownCall before, const LegsSpec& asked);
  void note_growth(CallId id, const Growth& growth);
  void forget_growth(const Known& before, const Growth& growth);
  Result<void> apply_changes(CallId id, const Known& call, const std::vector<LegChange>& changes);
  Result<CallId> start(const CallSpec& spec, const QuotaPlace& place);
  void abort(ShardId shard, CallId id);
  void grant_standing(ShardId shard, CallId id);
  Result<CallView> set_paused(CallId id, LiveCall::Pausing what, const std::string& reason, const Caller& caller);
  Result<ConsentRecordView> record_view(const ConsentRow& row, const Known& known) const;
  Result<EndedCall> already_ended(CallId id);

  // Settles and books a finished call; `done` is called when that is durable, on whichever thread finished it.
  void settle_and_book(ShardId shard, FinishedCall finished, CallState state,
                       std::function<void(Result<EndedCall>)> done);
  EndedCall unless_held(const FinishedCall& finished, const EndedCall& ended);

  // ---- after a restart ----
  Result<void> come_back(const CallRow& row, WallTime now, std::vector<Booking>& bookings);
  Result<ReturningCall> recall(const CallRow& row, WallTime now);
  Result<ShardId> shard_of(const std::vector<LegPorts>& ports) const;

  Parts parts_;
  CallAdmission admission_;
  mutable std::mutex mutex_;  // guards the four below
  Defaults defaults_;
  std::unordered_map<CallId, KnownCall> known_;
  CallSpread spread_;
  bool refusing_ = false;
};

}  // namespace assent
