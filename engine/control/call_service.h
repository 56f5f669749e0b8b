// CallService: what the control API can ask of the live calls, in domain terms.
//
// The HTTP side knows JSON, tokens and status codes; this side knows shards, gates and keys; neither knows the other's.
// Every method may block until what it promises is true (a grant is durable, a withdrawal has drained the queues, an
// ended call's segments are stored) and may be called from any control thread. Text fields arrive validated for length
// and UTF-8; names that must exist (policy, purpose, participant, codec) are checked here and refused with
// Errc::invalid.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "base/ids.h"
#include "base/latency_histogram.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/srtp_terms.h"
#include "engine/control/engine_life.h"
#include "engine/ingest/leg_payloads.h"

namespace assent {

// Who asks: the id of the API token, or the name of the webhook or of the trunk (engine/signalling/siprec_sessions.h),
// or where rtpengine's control port is, for the record; and since when, for the latency.
struct Caller {
  std::string token_id;
  std::optional<MonoTime> asked_at = std::nullopt;
  enum class By { token, webhook, trunk, rtpengine } by = By::token;
};

struct Notice {
  std::string id;
  std::string version;
  std::string language;
  std::string hash;
};

struct ParticipantSpec {
  std::string ref;                     // the caller's own name for the participant within the call: "customer"
  std::optional<std::string> subject;  // the caller's stable reference of the person; without one a new subject is made
  std::string role;
  std::optional<std::string> name;
  std::optional<std::string> address;
};

// A participant of a call that goes through rtpengine, which is asked for a copy of what they say.
struct RtpengineSource {
  Endpoint control;            // where rtpengine listens for its control protocol NG
  std::string call_id;         // SIP's
  std::string tag;             // of the participant, in SIP's From or To
  std::string subscription;    // rtpengine's name of the copy; made here
  bool is_one_of_all = false;  // who comes to rtpengine's call later comes to ours, too

  bool operator==(const RtpengineSource&) const = default;
};

// A call that goes through rtpengine, of which a copy of what everybody says is asked for, or of what those with these
// tags do.
struct RtpengineCall {
  Endpoint control;
  std::string call_id;
  std::vector<std::string> tags = {};  // none: all, and those who come later
};

struct LegSpec {
  std::string label;
  std::string participant;  // a ParticipantSpec's ref
  LegPayloads payloads;
  std::optional<Endpoint>
      source;  // pinned when given (port 0: any port of that address); else the first valid source is
  std::optional<RtpengineSource> rtpengine = std::nullopt;  // says what the two above are
  SharedSrtpTerms srtp = nullptr;                           // what its packets are protected with; null: nothing
  // A leg of the call that ends as this one begins, which has its ports, and its keys unless it brings its own:
  // somebody else speaks there from now on.
  std::optional<LegId> replaces = std::nullopt;
};

// How a leg that is there is heard.
struct LegHearing {
  LegPayloads payloads;
  std::optional<Endpoint> source;
  SharedSrtpTerms srtp = nullptr;  // null: as before
};

struct CallSpec {
  std::string ref;
  std::string tenant;                 // "" is the default tenant
  std::optional<std::string> policy;  // default: the pipeline's
  std::optional<Notice> notice;
  std::vector<ParticipantSpec> participants;
  std::vector<LegSpec> legs;
  std::optional<RtpengineCall> rtpengine = std::nullopt;  // has a leg for each party of it, too
  // What whoever signals the call must know to go on after a restart, in its own words: kept sealed until the call
  // ends, and nobody else's to read.
  std::optional<std::string> signalled = std::nullopt;
};

// Of a leg that is SRTP; its keys are shown to nobody.
struct LegSrtpView {
  std::optional<std::string> suite;        // none: the handshake is still to come (DTLS-SRTP)
  std::optional<std::string> fingerprint;  // of our certificate, where the keys come by DTLS-SRTP: "sha-256 12:DF:..."
  std::uint64_t opened = 0;                // packets, RTCP too
  std::vector<std::pair<std::string, std::uint64_t>> faults;  // why others were not (SrtpFault), and how many
};

struct LegView {
  std::string label;
  LegId id;
  std::string participant;
  std::string codec;  // "PCMU/8000": of the latest audio
  LegPayloads payloads;
  std::string gate;  // holding | opening | open | paused | suspended | closed
  std::string address;
  std::uint16_t port = 0;
  std::uint16_t rtcp_port = 0;
  std::optional<RtpengineSource> rtpengine = std::nullopt;
  bool has_ended = false;            // before the call: nothing is heard of it any more
  std::optional<double> level_dbov;  // of a recent packet, where its codec's level is measured; never stored
  std::int64_t held_ms = 0;          // audio waiting in the ring
  std::uint64_t packets = 0;
  std::uint64_t lost = 0;
  std::uint64_t dropped = 0;  // refused packets, all reasons; the metrics tell them apart
  std::uint64_t sealed_blocks = 0;
  std::optional<LegSrtpView> srtp = std::nullopt;
};

struct PurposeState {
  std::string purpose;
  std::string state;  // pending | granted | denied | expired | withdrawn
};

struct ParticipantView {
  ParticipantId id;
  std::string ref;
  std::string role;
  std::optional<std::string> subject;
  std::optional<std::string> name;
  std::vector<PurposeState> consents;
  bool has_left = false;
};

struct CallView {
  CallId id;
  std::string ref;
  std::string tenant;
  std::string state;  // live
  std::string policy;
  bool paused = false;
  WallTime created;
  std::optional<RecordingId> recording;  // once a gate has opened
  std::vector<ParticipantView> participants;
  std::vector<LegView> legs;
  std::optional<std::string> signalled = std::nullopt;
};

struct ConsentSpec {
  std::string participant;            // ref or id
  std::string decision;               // granted | denied | withdrawn
  std::vector<std::string> purposes;  // empty: the pipeline's default purposes for a grant, all for the others
  std::string signal_type = "api";
  std::string signal_value;
  std::optional<Notice> notice;                  // the call's, when it names none
  std::optional<std::chrono::seconds> validity;  // of a grant; the pipeline's, when that is shorter
};

// What a decision put on record: one record per purpose.
struct ConsentRecordView {
  ConsentId id;
  CallId call;
  std::string participant;  // ref
  std::string purpose;
  std::string decision;
  std::string signal_type;
  std::optional<std::string> said;  // what the signal says of itself; none: it has been erased
  std::optional<Notice> notice;
  WallTime at;
  std::optional<WallTime> valid_until = std::nullopt;
};

// What is offered anew for a leg that is live: other SRTP keys, and perhaps another source.
struct LegChange {
  std::string label;
  std::optional<Endpoint> source;  // none: as it was
  SharedSrtpTerms srtp;            // null: as it was. A leg that has keys is never heard without any
};

struct LegsSpec {
  std::vector<ParticipantSpec> participants;  // new ones
  std::vector<LegSpec> legs;                  // likewise
  std::vector<LegChange> changes = {};
};

// Who and what is there no more, while the call goes on. What was kept of them stays; nothing more is heard. A leg's
// ports stay the call's, so that another can replace it.
struct Departure {
  std::vector<std::string> participants;  // refs; with all their legs
  std::vector<LegId> legs;
};

struct EndedCall {
  std::optional<RecordingId> recording;
  std::string why;  // "complete", or why nothing was kept: "no consent", "denied", "expired", "erased on withdrawal"
};

class CallService {
 public:
  virtual ~CallService() = default;

  virtual Result<CallView> create_call(const CallSpec& spec, const Caller& caller) = 0;
  virtual Result<std::vector<CallView>> calls() = 0;  // live ones, oldest first
  virtual Result<CallView> call(CallId id) = 0;
  // The live call with this id or ref, of this tenant where one is given. Errc::not_found, Errc::conflict (several
  // calls have the ref).
  virtual Result<CallId> find_call(const std::string& id_or_ref, const std::optional<std::string>& tenant) = 0;
  virtual Result<std::vector<ConsentRecordView>> decide(CallId id, const ConsentSpec& spec, const Caller& caller) = 0;
  virtual Result<CallView> pause(CallId id, const std::string& reason, const Caller& caller) = 0;
  virtual Result<CallView> resume(CallId id, const std::string& reason, const Caller& caller) = 0;
  virtual Result<CallView> change_legs(CallId id, const LegsSpec& spec, const Caller& caller) = 0;
  // A leg is heard so from now on, and its sender is looked for anew; whose it is, and its label, stay.
  // Errc::exhausted: the leg has no room for such audio, but one that replaces it may.
  virtual Result<void> change_leg(CallId id, LegId leg, const LegHearing& hearing) = 0;
  // What CallSpec::signalled is from now on.
  virtual Result<void> remember(CallId id, const std::string& signalled) = 0;
  // Who has left already, and what has ended, is passed over.
  virtual Result<void> leave(CallId id, const Departure& who, const Caller& caller) = 0;
  // A participant has pressed a key, which was not in their audio (SIP INFO). What it means, if anything, is done when
  // this returns; while the call is paused it means nothing.
  virtual Result<void> press(CallId id, const std::string& participant, char digit, const Caller& caller) = 0;
  // What a participant's side ("": the call's) said of recording, no decision (RFC 7866 section 6): "record:on". In
  // clear text on the record for ever, so of at most limits::kNameBytes small letters, digits, '-' and ':'.
  virtual Result<void> note_preference(CallId id, const std::string& participant, const std::string& said,
                                       const Caller& caller) = 0;
  virtual Result<EndedCall> end_call(CallId id, const Caller& caller) = 0;
  // What live calls have from a consent on file is withdrawn, which on record it has been already.
  virtual Result<void> withdraw_standing(StandingId standing, const Caller& caller) = 0;
};

// How far things are from each other in time on one shard; what each is, its owner says (ShardLatencies,
// JournalLatencies, Settler).
struct ShardLatencyCounts {
  LatencyCounts packet_to_gate;
  LatencyCounts opt_in_to_turn;
  LatencyCounts opt_in_to_open;
  LatencyCounts refusal_to_turn;
  LatencyCounts refusal_to_quiet;
  LatencyCounts block_to_sealed;
  LatencyCounts block_to_durable;
  LatencyCounts journal_queue;
  LatencyCounts journal_commit;
  LatencyCounts settle;
};

// What one shard has counted, and holds now.
struct ShardCounters {
  std::uint32_t shard = 0;
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::uint64_t source_moves = 0;                            // streams that went on from another endpoint
  std::vector<std::pair<std::string, std::uint64_t>> drops;  // reason, count
  std::vector<std::pair<std::string, std::uint64_t>> gates;  // state, legs in it now (a gauge)
  std::uint64_t calls_live = 0;                              // gauge
  std::uint64_t calls_capacity = 0;                          // gauge
  std::uint64_t arena_bytes = 0;                             // gauge
  std::uint64_t arena_bytes_in_use = 0;                      // gauge
  std::uint64_t ring_bytes = 0;                              // gauge: of these, held for want of consent
  std::uint64_t seal_queue_blocks = 0;                       // gauge
  std::uint64_t journal_queue_pages = 0;                     // gauge: sealed and not durable
  std::uint64_t unsettled_segments = 0;                      // gauge: complete and not stored
  std::uint64_t blocks_sealed = 0;
  std::uint64_t blocks_voided = 0;  // withdrawn while they were queued
  std::uint64_t blocks_wiped = 0;   // held and never admitted
  std::uint64_t blocks_lost = 0;    // consented to, and a gap: they could not be sealed in time
  std::uint64_t pages_durable = 0;
  std::uint64_t journal_bytes = 0;  // written
  std::uint64_t commits = 0;
  std::uint64_t journal_write_errors = 0;
  std::uint64_t journal_sync_errors = 0;
  std::uint64_t settle_errors = 0;  // of the store, or of booking what was stored; tried again
  std::uint64_t segments_stored = 0;
  std::uint64_t stored_bytes = 0;
  ShardLatencyCounts latencies;
};

// Of the catalog's writer, which all shards share.
struct CatalogCounters {
  std::uint64_t bookings = 0;
  std::uint64_t failed = 0;   // submissions that failed because the catalog did
  std::uint64_t waiting = 0;  // gauge
  LatencyCounts queue;
  LatencyCounts commit;
};

// What /metrics shows at the moment of the scrape. Counters only go up.
struct LedgerCounters {
  std::uint64_t records = 0;
  double last_checkpoint_seconds = 0;  // since 1970; 0 when there is none
  double proof_age_seconds = 0;        // since it was last known to be writable
  double lease_seconds = 0;
  std::uint64_t lease_lapses = 0;
};

// Of recording sessions that are set up by SIP.
struct SiprecCounters {
  using ByName = std::vector<std::pair<std::string, std::uint64_t>>;
  ByName requests;                 // by method, with those that were refused
  ByName responses;                // of ours, by class: "2xx"
  ByName refused;                  // by reason
  ByName ended;                    // sessions, by why
  ByName sessions;                 // gauge: by trunk
  std::uint64_t transactions = 0;  // gauge: server transactions that are remembered
  std::uint64_t waiting = 0;       // gauge: requests that wait for a worker
};

// Of DTLS-SRTP, since the start.
struct HandshakeCounters {
  std::uint64_t begun = 0;  // by who could be reached where they said they are
  std::uint64_t done = 0;
  std::uint64_t failed = 0;
  std::uint64_t given_up = 0;  // not done in time
  std::uint64_t hellos = 0;    // answered with a cookie, and forgotten
  std::uint64_t strays = 0;    // datagrams of no handshake
  std::uint64_t no_room = 0;   // datagrams for which there was no room
};

struct EngineCounters {
  std::vector<ShardCounters> shards;  // by number, without one that does not answer
  CatalogCounters catalog;
  LedgerCounters ledger;
  std::optional<SiprecCounters> siprec;  // none: not configured
  HandshakeCounters handshakes;
};

class EngineStatus {
 public:
  virtual ~EngineStatus() = default;
  virtual EngineCounters counters() = 0;
  virtual EngineLife life() = 0;
  // Empty when all is well; otherwise what does not work, for /readyz.
  virtual std::vector<std::string> troubles() = 0;
};

}  // namespace assent
