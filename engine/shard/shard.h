// Shard: one thread that owns its calls whole: sockets, receivers, gates, rings. No locks and no shared state but the
// queues at its edges (inbox in, seal queue out).
//
// Receive is timed, not woken: each sweep takes what has come in on every port, answers the inbox, and lets time pass
// for the calls whose alarm is due. It never blocks, and it knows nothing of JSON, databases or files.
//
//      inbox --> [ sweep: datagrams -> (SrtpIntake ->) LiveLeg -> LegGate -> SegmentWriter ] --> seal queue --> Sealer
//                                                                                         \--> CallRecord (consents,
//                                                                                                          pauses)
//
// `step` and everything it calls: the shard's thread. `inbox`: any thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/lazy_array.h"
#include "base/limits.h"
#include "crypto/dtls_endpoint.h"
#include "crypto/secret.h"
#include "engine/catalog/ledger_lease.h"
#include "engine/ingest/datagram_source.h"
#include "engine/seal/sealer.h"
#include "engine/shard/alarm_clock.h"
#include "engine/shard/live_call.h"
#include "engine/shard/shard_inbox.h"
#include "engine/shard/shard_latencies.h"
#include "engine/shard/srtp_intake.h"

namespace assent {

// What a leg was before a restart.
struct FormerLeg {
  LegPorts ports;
  std::vector<SegmentId> segments;  // of it, that are on record
  std::uint32_t last_segment = 0;   // the highest number of one, lost ones too
};

struct NewLeg {
  LegId id;
  std::string label;
  std::string participant;  // ref
  LegPayloads payloads;
  std::optional<Endpoint> source;
  KeyId key_id;
  std::optional<SecretKey> key;  // none: it has been destroyed, nothing more of this leg can be kept
  std::optional<FormerLeg> former = {};
  SharedSrtpTerms srtp = {};                        // none: its packets are plain RTP
  bool has_ended = false;                           // before a restart; ports of `former` are none if it was replaced
  std::optional<LegIndex> replaces = std::nullopt;  // ends as this one begins, which has its ports
};

struct NewCall {
  CallIdentity identity;
  ConsentSettings consent;
  std::vector<CallParticipant> participants;
  std::vector<NewLeg> legs;
  std::vector<ParticipantIndex> left = {};  // before a restart
  std::optional<FormerCall> former = {};    // of a call that goes on after a restart
};

// What a handshake of DTLS-SRTP with a leg's other end has come to.
struct HandshakeAnswer {
  CallId call;
  LegIndex leg;
  SharedSrtpTerms agreed;  // null: nothing yet
  Endpoint with;           // where its packets come from then
  std::vector<DtlsEndpoint::Reply> replies;
};

// What is left to book and to wait for when a call is over.
struct FinishedCall {
  CallId id;
  RecordingId recording;
  bool has_recording = false;  // a gate opened
  std::string why;
  std::vector<SegmentId> segments;
  struct Leg {
    LegId id;
    LegMetrics metrics;
    bool is_kept = false;  // something was sealed of it, and not erased
  };
  std::vector<Leg> legs;
  std::vector<std::pair<LegId, AudioGap>> gaps;  // of the legs that are kept
  bool all_erased = false;
  LiveCall::Ending how = LiveCall::Ending::over;
};

struct ShardCounts {
  ReceiverCounts received;  // summed over the legs, ended ones too
  LegGateCounts gated;
  SourceCounts source;
  SrtpCounts srtp;
  std::uint64_t starved_packets = 0;
  std::uint64_t gap_blocks = 0;  // consented audio that was lost
  std::uint64_t gap_packets = 0;
  std::uint64_t gates[kGates] = {};  // legs in each state now, by Gate
  std::uint64_t held_blocks = 0;     // in the rings now
  std::uint64_t calls = 0;
};

class Shard final : private DatagramSink {
 public:
  struct Settings {
    RtcpPort rtcp = RtcpPort::next;
    nanoseconds reorder_window = limits::kReorderWindowDefault;
    nanoseconds idle_timeout = limits::kIdleCallDefault;
    nanoseconds max_delay = limits::kMaxDelayDefault;
    nanoseconds segment_time = limits::kSegmentTimeDefault;
    std::size_t calls = limits::kCallsDefault;  // what fits the locked memory
    InbandUse inband_dtmf = InbandUse::off;
  };
  // Everything named here outlives the shard.
  struct Parts {
    BlockPool& blocks;
    SealQueue& seal_queue;
    Sealer& sealer;
    SegmentObserver& segments;
    DatagramSource& source;
    SrtpEngine& srtp;  // this shard's alone
    CallRecord& record;
    const PurposeRegistry& purposes;
    LedgerLease& lease;
    std::function<void(FinishedCall)> on_abandoned;  // a call that idled out, or that shutdown ended
    std::function<MonoTime()> clock = read_mono;     // for measuring latency only
    // A datagram of DTLS for a leg whose keys come by that (HandshakeAnswer); it does not wait. None: there are no such
    // legs.
    using OnHandshake = std::function<void(LegId, DtlsLook, ByteView datagram, const Endpoint& from)>;
    OnHandshake on_handshake = {};
  };

  Shard(Parts parts, Settings settings);
  ~Shard();  // no call is left
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  ShardInbox& inbox() { return inbox_; }
  // One sweep: what came in, what was asked, what time brings.
  void step(Now now);

  // ---- answers to the inbox ----
  // The ports of its legs, in order. Errc::exhausted when the arena, the ports or the calls are used up; then nobody
  // has joined and no leg has come.
  Result<std::vector<LegPorts>> add_call(NewCall call, Now now);
  Result<std::vector<LegPorts>> add_legs(CallId call, std::vector<CallParticipant> participants,
                                         std::vector<NewLeg> legs, Now now);
  // A leg's media is another, and where there is `srtp`, its keys are. Errc::exhausted: it would take more of the arena
  // than the leg has, or more codecs than a leg can have, and then it is heard as before; or the keys do not fit the
  // locked memory, and then they are the former ones.
  Result<void> change_leg(CallId call, LegIndex leg, const LegPayloads& payloads, const std::optional<Endpoint>& source,
                          const SharedSrtpTerms& srtp, Now now);
  // Puts keys that were agreed on in use, and sends what is to be sent then; the leg's ports. Errc::conflict: the leg
  // has ended, or somebody else is expected by now; Errc::exhausted: the keys do not fit the locked memory. Then
  // nothing is sent, and the other end asks again.
  Result<LegPorts> answer_handshake(const HandshakeAnswer& answer, Now now);
  // They are heard no more; their ports stay with the call. Who has left is passed over.
  Result<void> leave(CallId call, const std::vector<ParticipantIndex>& participants, const std::vector<LegIndex>& legs,
                     Now now);
  // The call hears nothing more from now on; `done` is called when all of it that was consented to has been sealed.
  using Finished = std::function<void(FinishedCall)>;
  Result<void> end_call(CallId call, Now now, Finished done);
  void end_all(LiveCall::Ending how, Now now);  // for shutdown; each is reported to on_abandoned
  // Overload: legs without consent, those to come too, hold at most this much from now on.
  void limit_hold(nanoseconds most);

  LiveCall* find(CallId id);
  std::vector<LiveCall*> calls();  // oldest first
  bool is_idle() const { return calls_.empty(); }
  ShardCounts counts() const;
  const ShardLatencies& latencies() const { return latencies_; }  // any thread

 private:
  struct Entry {
    std::unique_ptr<LiveCall> call;
    std::vector<LegSlot> slots;
    std::size_t reserved_blocks = 0;
    MonoTime last_used;
    Finished finished;  // set once it is ending
    bool ending = false;
    LiveCall::Ending how = LiveCall::Ending::over;
  };

  // A leg with all that it needs, and not in its call yet.
  struct PreparedLeg {
    NewLeg leg;
    LegReceiver receiver;
    std::optional<LegSrtp> srtp;
    std::optional<LegSlot> slot;  // none: it has ended without ports, or takes over those of another
    LegPorts ports;
  };

  void on_datagram(LegSlot leg, DatagramPort port, Datagram&& datagram) override;
  void on_upcoming(std::span<const LegSlot> legs) override;
  void on_dropped(LegSlot leg, DatagramPort port, DatagramDrop why) override;

  void sweep_source();
  void take_protected(LegSlot leg, DatagramPort port, Datagram&& datagram);
  bool take_handshake(LegSlot leg, const Datagram& datagram);
  void open_protected();
  void hand_on(LegSlot leg, DatagramPort port, Datagram&& datagram);
  Entry* live_entry(CallId call);
  Result<std::vector<PreparedLeg>> prepare_legs(Entry& entry, const std::vector<CallParticipant>& participants,
                                                std::vector<NewLeg>&& legs);
  Result<PreparedLeg> prepare_leg(Entry& entry, const std::vector<CallParticipant>& joining, NewLeg&& leg);
  void place_leg(Entry& entry, PreparedLeg&& prepared, Now now);
  Result<void> begin_end(CallId call, LiveCall::Ending how, Now now, Finished done);
  Result<void> open_ports(Entry& entry, PreparedLeg& prepared);
  Result<LegPorts> reopened(LegSlot slot, LegPorts before);
  static Error no_such_call();
  std::size_t blocks_of(const LegPayloads& payloads, nanoseconds hold) const;
  Result<std::size_t> blocks_for(const std::vector<NewLeg>& legs, nanoseconds hold) const;
  LegSlot take_slot();
  std::vector<LegSlot>::iterator slot_of(Entry& entry, const LiveLeg& leg);
  Result<void> protect(Entry& entry, LiveLeg& leg, const SrtpTerms& terms);
  LegSlot give_up(Entry& entry, LegIndex leg, Now now);
  void close_port(LegSlot slot);
  void close_ports(Entry& entry);
  void suspend(Now now);  // the lease is over: every call, and those to come
  void reinstate(Now now);
  void watch_clocks(Now now);
  void end_lapsed(Now now);
  void tick(Entry& entry, Now now);
  void forget(CallId id);
  void finish(Entry& entry);

  Parts parts_;
  Settings settings_;
  ShardInbox inbox_;
  AlarmClock clock_;   // of the calls
  LapseWatch lapses_;  // of their consents
  ShardLatencies latencies_;
  Outcome outcome_;        // of whichever call is being asked
  std::size_t taken_ = 0;  // datagrams of this sweep
  std::unordered_map<CallId, Entry> calls_;
  std::vector<Entry*> calls_by_alarm_;
  std::vector<LiveLeg*> legs_by_slot_;
  LazyArray<ExpectedPacket> expected_by_slot_;
  SrtpIntake srtp_;
  std::vector<LegSlot> free_slots_;
  std::array<LegSlot, limits::kUpcomingTurn> upcoming_{};  // the last ones told: their legs are near by now
  std::size_t upcoming_count_ = 0;
  std::size_t reserved_blocks_ = 0;
  nanoseconds hold_limit_ = nanoseconds::max();
  Now now_{};
  bool suspended_ = false;                      // the lease is over, and every call has been told
  bool at_home_ = false;                        // the thread that steps is known to the block pool
  std::optional<nanoseconds> wall_minus_mono_;  // what a set clock or a slept machine changes
  ShardCounts ended_;                           // of legs that are gone
};

}  // namespace assent
