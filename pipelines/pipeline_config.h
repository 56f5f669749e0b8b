// PipelineConfig: the settings of one pipeline file, checked.
//
// load_pipeline is the only maker: a PipelineConfig that exists has every value in its range (base/limits.h), every name
// declared, and room for what it promises. What a setting means to a newcomer stands in embedded.toml; what is left out of
// a file has the value given here, so an empty file is a pipeline. Nothing here opens, binds or reserves anything: the
// machine is asked by capacity_plan.h, the wiring is tools/assent/run.cpp.
//
// A file that is wrong gets all of its errors at once, each with its line and column and what is allowed there; a key
// nobody knows is one of them. TOML 1.0 that does not parse gives the one error where the parser gave up. Pure; any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/endpoint.h"
#include "base/limits.h"
#include "base/secure_arena.h"
#include "base/time.h"

namespace assent {

// UDP ports, both ends included. A leg takes two of them, RTP on the even one, or one when RTCP is muxed.
struct PortRange {
  std::uint16_t low = 20000;
  std::uint16_t high = 29999;
  constexpr bool operator==(const PortRange&) const = default;
  constexpr std::size_t count() const { return std::size_t{high} - low + 1; }
};

struct ListenSettings {
  Endpoint api = *parse_endpoint("127.0.0.1:8090");                     // port 0: any free one
  Endpoint rtp_address = *parse_address("127.0.0.1", 0);                // what legs bind to
  std::optional<Endpoint> rtp_advertise;                                // told to senders; else rtp_address
  PortRange rtp_ports;
};

struct CapacitySettings {
  std::size_t calls = limits::kCallsDefault;
  std::size_t legs_per_call = 2;  // what the arithmetic of memory and ports assumes; single calls may have more
};

struct MediaSettings {
  milliseconds reorder_window = limits::kReorderWindowDefault;
  enum class Rtcp { next_port, muxed } rtcp = Rtcp::next_port;
  milliseconds sweep = limits::kSweepInterval;
  milliseconds idle_timeout = limits::kIdleCallDefault;
};

// What a DTMF digit of a participant means.
struct DigitMeaning {
  enum class Act { grant, deny, withdraw, pause, resume } act = Act::grant;
  std::vector<std::string> purposes;  // of a grant: never empty; of a denial or withdrawal: empty is all
};
struct DigitSetting {
  char digit = '1';  // 0-9 * # A-D
  DigitMeaning meaning;
};

struct ConsentSettings {
  enum class Policy { all_party, per_party, one_party } policy = Policy::all_party;
  enum class OnWithdraw { keep, erase } on_withdraw = OnWithdraw::keep;
  milliseconds hold = limits::kHoldDefault;
  milliseconds deadline = limits::kDeadlineDefault;
  std::optional<milliseconds> preroll;  // held audio an opt-in keeps; nothing given: all of it; 0: none
  std::vector<std::string> default_purposes = {"quality"};
  std::vector<DigitSetting> digits;     // each digit at most once, in the order of the file
};

struct PurposeSetting {
  std::string id;  // a-z 0-9 - ; at most 64
  std::string description;
  std::optional<std::chrono::hours> retention;  // for the record; deleting by it is not done yet
  std::string lawful_basis = "consent";
};

struct NoticeSettings {
  std::string id;
  std::string version;
  std::string language;  // RFC 5646: "en", "de-CH"
  std::string text;      // what was played or shown, word for word
};

struct SealSettings {
  milliseconds max_delay = limits::kMaxDelayDefault;
  std::size_t workers = 1;
  milliseconds segment_time = limits::kSegmentTimeDefault;
};

struct JournalSettings {
  milliseconds commit_interval = limits::kCommitInterval;
  std::uint64_t file_bytes = limits::kJournalFileBytes;
  std::size_t sealed_pages = limits::kSealedPagesDefault;
};

struct StoreSettings {
  enum class Kind { files } kind = Kind::files;
};

struct KeySettings {
  enum class Provider { file } provider = Provider::file;
  std::string path = "root.key";  // relative to the state folder unless it begins with '/'
};

struct MemorySettings {
  ArenaBacking backing = ArenaBacking::secret_memory;  // falls back to locked memory where the kernel has none
};

struct LogSettings {
  enum class Level { trace, debug, info, warn, error } level = Level::info;
  enum class Format { automatic, json, text } format = Format::automatic;  // automatic: JSON unless a terminal
};

struct PipelineSettings {
  ListenSettings listen;
  CapacitySettings capacity;
  MediaSettings media;
  ConsentSettings consent;
  std::vector<PurposeSetting> purposes;  // never empty once loaded: a file without any has "quality"
  std::optional<NoticeSettings> notice;
  SealSettings seal;
  JournalSettings journal;
  StoreSettings store;
  KeySettings keys;
  MemorySettings memory;
  LogSettings log;
};

// One thing that is wrong, and where: line and column from 1, in the file's own counting.
struct ConfigError {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  std::string what;     // "consent.hold: \"10m\" is too long"
  std::string allowed;  // "1s to 5min"; empty when `what` says it all
  bool operator==(const ConfigError&) const = default;
};
// "embedded.toml:12:8: consent.hold: \"10m\" is too long; allowed: 1s to 5min"
std::string to_text(const ConfigError& error, std::string_view file_name);

// What the command line puts in place of the file's values, before they are checked together.
struct PipelineOverrides {
  std::optional<Endpoint> api;
  std::optional<PortRange> rtp_ports;
};

class PipelineConfig {
 public:
  const PipelineSettings& settings() const { return settings_; }
  const PipelineSettings* operator->() const { return &settings_; }

 private:
  friend std::variant<PipelineConfig, std::vector<ConfigError>> load_pipeline(std::string_view, std::string_view,
                                                                              const PipelineOverrides&);
  explicit PipelineConfig(PipelineSettings settings) : settings_(std::move(settings)) {}

  PipelineSettings settings_;
};

using LoadedPipeline = std::variant<PipelineConfig, std::vector<ConfigError>>;

// `file_name` stands only in the parser's own messages. Errors are ordered by line, then column.
LoadedPipeline load_pipeline(std::string_view text, std::string_view file_name,
                             const PipelineOverrides& overrides = {});

// The words of the file for a value, as the API and the ledger use them too.
std::string_view name_of(ConsentSettings::Policy policy);          // "all-party" ...
std::string_view name_of(ConsentSettings::OnWithdraw on_withdraw);
std::string_view name_of(DigitMeaning::Act act);                   // "granted" | "denied" | "withdrawn" | "pause" | "resume"
std::string_view name_of(LogSettings::Level level);

}  // namespace assent
