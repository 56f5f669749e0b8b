// PipelineConfig: the settings of one pipeline file, checked.
//
// load_pipeline is the only maker: a PipelineConfig that exists has every value in its range (base/limits.h), every
// name declared, and room for what it promises. What a setting means to a newcomer stands in embedded.toml; what is
// left out of a file has the value given here, so an empty file is a pipeline. Nothing here opens, binds or reserves
// anything: the machine is asked by capacity_plan.h, the wiring is tools/assent/run.cpp.
//
// A file that is wrong gets all of its errors at once, each with its line and column and what is allowed there; a key
// nobody knows is one of them. TOML 1.0 that does not parse gives the one error where the parser gave up. Pure; any
// thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/address_range.h"
#include "base/cpu.h"
#include "base/endpoint.h"
#include "base/limits.h"
#include "base/result.h"
#include "base/secure_arena.h"
#include "base/time.h"
#include "engine/calls/call_quota.h"
#include "engine/calls/consent_rules.h"
#include "engine/catalog/retention_end.h"
#include "engine/consent/call_consent.h"
#include "engine/consent/purpose_set.h"
#include "engine/ingest/datagram_source.h"
#include "engine/ingest/inband_dtmf.h"
#include "engine/ingest/port_range.h"
#include "engine/processors/delivery_queue.h"
#include "engine/receipts/receipt_terms.h"
#include "engine/signalling/sip/sip_message.h"
#include "engine/signalling/siprec_sessions.h"
#include "pipelines/config_error.h"

namespace assent {

// The sections of the file, each named for its [section].
namespace pipeline {

struct Listen {
  Endpoint api = *parse_endpoint("127.0.0.1:8090");       // port 0: any free one
  Endpoint rtp_address = *parse_address("127.0.0.1", 0);  // what legs bind to
  std::optional<Endpoint> rtp_advertise;                  // told to senders; else rtp_address
  PortSpan rtp_ports{20000, 29999};                       // a pair for each leg, RTP on the even one
  std::optional<Endpoint> rtpengine_keys;                 // where rtpengine tells of keys (its dtmf-log-dest)
};

struct Capacity {
  std::size_t calls = limits::kCallsDefault;
  std::size_t legs_per_call = 2;  // what the arithmetic of memory and ports assumes; single calls may have more
};

struct Threads {
  std::size_t shards = 1;       // each with a part of the calls, ports and memory, and a journal of its own
  std::vector<Cpu> pin_shards;  // one a shard, no two the same; or none: not pinned
};

enum class Sockets {
  automatic,  // steered where the machine permits it, else per leg
  steered,    // one a shard, to which the kernel steers all ports (engine/ingest/port_steering.h)
  per_leg,    // one a port
};

struct Media {
  milliseconds reorder_window = limits::kReorderWindowDefault;
  RtcpPort rtcp = RtcpPort::next;
  Sockets sockets = Sockets::automatic;
  milliseconds sweep = limits::kSweepInterval;
  milliseconds idle_timeout = limits::kIdleCallDefault;
  InbandUse inband_dtmf = InbandUse::off;
};

struct Consent {
  ConsentSettings gate;                        // as each call's gate takes it; asks for every purpose of the file
  PurposeSet default_purposes;                 // of a grant that names none
  ConsentRules rules;                          // `every` is what the gate has
  milliseconds lease = limits::kLeaseDefault;  // how long gates stay open when the record cannot be written
};

struct PurposeText {
  std::string id;
  std::string description;
  std::optional<std::chrono::hours> retention;  // put on record; recordings erase themselves by what stands there
  std::string lawful_basis = "consent";
  std::string version = "1";            // of all of this; what is on record under it never changes
  std::vector<std::string> processors;  // who receives it
  bool operator==(const PurposeText&) const = default;
};

struct Notice {
  std::string id;
  std::string version;
  std::string language;  // RFC 5646: "en", "de-CH"
  std::string text;      // what was played or shown, word for word
  bool operator==(const Notice&) const = default;
};

// Who is responsible for the recordings, as receipts say it.
struct Controller {
  ReceiptParty party;
  std::string jurisdiction;
  std::string storage_location = "on the controller's own machines";
  std::string withdrawal =
      "at any time and at no cost: during a call by saying so, afterwards by writing to the contact";
  std::string rights =
      "access, rectification, erasure, restriction and portability of your data, and a complaint to a supervisory "
      "authority";
  bool operator==(const Controller&) const = default;
};

struct SecretPlace {
  enum class Kind { file, environment } kind = Kind::file;
  std::string where;  // a path, relative to the state folder unless it begins with '/'; or a variable's name
  bool operator==(const SecretPlace&) const = default;
};

struct Webhook {
  std::string name;
  SecretPlace secret;
  std::optional<SecretPlace> previous;  // still good, while the sender changes to the other
  std::optional<std::string> tenant;    // whose calls alone it may decide about
  milliseconds window = limits::kWebhookWindowDefault;
  bool operator==(const Webhook&) const = default;
};

// Who is told of consents and erasures.
struct Processor {
  std::string name;
  std::string url;
  std::string host;                   // of it
  std::vector<std::string> purposes;  // it is fed by
  SecretPlace secret;
  std::optional<SecretPlace> previous;  // both sign, while it changes to the other
  DeliveryLimits limits;
  milliseconds window = limits::kWebhookWindowDefault;  // how old a confirmation may be
  bool operator==(const Processor&) const = default;
};

// A trunk whose recording sessions are taken (engine/signalling/sip/sip_admission.h).
struct SiprecTrunk {
  std::string name;
  std::vector<AddressRange> from;
  std::vector<std::string> tls_names;
  std::string user;
  std::string digest_username;
  std::optional<SecretPlace> secret;  // of the digest
  std::string tenant;
  std::optional<std::string> policy;
  std::optional<Notice> notice;
  std::vector<std::string> agents;
  std::size_t max_sessions = limits::kSipSessions;
  bool takes_unmarked = false;
  assent::SiprecTrunk::MediaFrom media_from = assent::SiprecTrunk::MediaFrom::named_address;
  bool operator==(const SiprecTrunk&) const = default;
};

// Where recording sessions are set up by SIP. No listeners: nowhere.
struct Siprec {
  struct Listener {
    SipTransport transport = SipTransport::udp;
    Endpoint endpoint;
    bool asks_for_certificate = false;
    bool operator==(const Listener&) const = default;
  };
  std::vector<Listener> listen;
  std::optional<Endpoint> advertise;                // told to others; else what is listened on, or where RTP is sent to
  std::string certificate, key, authorities;        // paths, relative to the state folder unless they begin with '/'
  std::string realm = "assent";                     // of digests
  std::size_t max_sessions = limits::kSipSessions;  // of all trunks
  milliseconds session_expires = limits::kSessionExpiresDefault;
  milliseconds min_session_expires = limits::kSessionExpiresMin;
  std::vector<SiprecTrunk> trunks;
  bool operator==(const Siprec&) const = default;
};

struct Seal {
  milliseconds max_delay = limits::kMaxDelayDefault;
  std::size_t workers = 1;  // threads, which all shards share
  milliseconds segment_time = limits::kSegmentTimeDefault;
};

struct Journal {
  milliseconds commit_interval = limits::kCommitInterval;
  std::uint64_t file_bytes = limits::kJournalFileBytes;
  std::size_t sealed_pages = limits::kSealedPagesDefault;  // of all shards
};

struct Ledger {
  milliseconds checkpoint_interval = limits::kCheckpointInterval;
  std::size_t checkpoint_records = limits::kCheckpointRecords;
};

struct Overload {
  nanoseconds hold_floor = limits::kHoldFloorDefault;  // consent.hold_floor; a shorter hold stays
  std::optional<std::uint64_t> disk_reserve_bytes;     // else reckoned from the calls and the disk
};

struct Store {
  enum class Kind { files } kind = Kind::files;
};

struct Keys {
  enum class Provider { file, pkcs11 } provider = Provider::file;
  std::string path = "root.key";  // relative to the state folder unless it begins with '/'
  std::string module;             // of a token, as what follows
  std::string token;
  std::string label = "assent-root";
  std::string pin_file;                // as `path`
  std::optional<milliseconds> rotate;  // how old they get before they are replaced
};

struct Memory {
  ArenaBacking backing = ArenaBacking::secret_memory;  // falls back to locked memory where the kernel has none
};

struct Shutdown {
  milliseconds drain = limits::kDrainDefault;          // how long calls in progress may go on after SIGTERM
  enum class Calls { keep, end } calls = Calls::keep;  // what becomes of those that are left then
};

struct Log {
  enum class Level { trace, debug, info, warn, error } level = Level::info;
  enum class Format { automatic, json, text } format = Format::automatic;  // automatic: JSON unless a terminal
};

}  // namespace pipeline

struct PipelineSettings {
  explicit PipelineSettings(PurposeRegistry registry) : purposes(std::move(registry)) {}

  pipeline::Listen listen;
  pipeline::Capacity capacity;
  pipeline::Threads threads;
  pipeline::Media media;
  PurposeRegistry purposes;                          // a file without any has "quality"
  std::vector<pipeline::PurposeText> purpose_texts;  // in the registry's order
  pipeline::Consent consent;
  RetentionRules retention;
  std::optional<pipeline::Notice> notice;  // unless a call names another
  std::vector<pipeline::Notice> notices;   // others that a call may name
  std::optional<pipeline::Controller> controller;
  std::vector<pipeline::Webhook> webhooks;
  std::vector<pipeline::Processor> processors;
  pipeline::Siprec siprec;
  pipeline::Seal seal;
  pipeline::Journal journal;
  pipeline::Ledger ledger;
  pipeline::Overload overload;
  QuotaSettings quota;
  pipeline::Store store;
  pipeline::Keys keys;
  pipeline::Memory memory;
  pipeline::Shutdown shutdown;
  pipeline::Log log;
};

// What the command line puts in place of the file's values, before they are checked together.
struct PipelineOverrides {
  std::optional<Endpoint> api;
  std::optional<PortSpan> rtp_ports;
  std::optional<milliseconds> drain;
};

class PipelineConfig;
using LoadedPipeline = Result<PipelineConfig, std::vector<ConfigError>>;

class PipelineConfig {
 public:
  const PipelineSettings& settings() const { return settings_; }
  const PipelineSettings* operator->() const { return &settings_; }

 private:
  friend LoadedPipeline load_pipeline(std::string_view text, const PipelineOverrides& overrides);
  explicit PipelineConfig(PipelineSettings settings) : settings_(std::move(settings)) {}

  PipelineSettings settings_;
};

// Errors are ordered by place, and there is at least one. Of overrides only what they do to the whole is checked here:
// that a port range holds the calls.
LoadedPipeline load_pipeline(std::string_view text, const PipelineOverrides& overrides = {});

// Pairs of an even port and the odd one above it: as many legs at once.
std::size_t port_pairs(PortSpan ports);

std::string_view name_of(pipeline::Log::Level level);

}  // namespace assent
