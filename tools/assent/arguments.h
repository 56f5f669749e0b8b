// Arguments: the command line, checked, as one value for each command.
//
// What exists here is well-formed: ids are ids, addresses are addresses, and what excludes each other is not there
// together. Whether files, calls or recordings exist is for the command to find out. Pure but for help, version and
// complaints, which go to the streams given. One thread.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/endpoint.h"
#include "base/ids.h"
#include "base/time.h"
#include "engine/catalog/catalog.h"
#include "pipelines/pipeline_config.h"
#include "tools/assent/exit_status.h"

namespace assent {

enum class Output { text, json };

// How to reach an engine: what is not given is taken from ASSENT_TOKEN and the state folder.
struct EngineReach {
  std::optional<Endpoint> api;
  std::optional<std::string> token;
  std::optional<std::filesystem::path> state;
};

// A state folder that the command itself opens.
struct StateReach {
  std::filesystem::path folder;
  std::optional<std::filesystem::path> root_key;   // when it does not lie in the folder
  std::optional<std::filesystem::path> keys_from;  // the state folder whose keys open it: it is a copy from before
};

struct RunArguments {
  std::filesystem::path pipeline;
  std::filesystem::path state;
  PipelineOverrides overrides;
};

struct CheckArguments {
  std::filesystem::path pipeline;
  std::optional<std::filesystem::path> state;
  PipelineOverrides overrides;
  Output output = Output::text;
};

struct CallsArguments {
  EngineReach engine;
  std::optional<CallId> call;
  Output output = Output::text;
};

struct TopArguments {
  EngineReach engine;
  milliseconds interval{1000};
  enum class Frames { live, once } frames = Frames::live;
  Output output = Output::text;
};
// Faster than people read, and a scrape asks every shard; slower than a minute is no view.
inline constexpr milliseconds kTopIntervalMin(100);
inline constexpr milliseconds kTopIntervalMax(60000);

struct ConsentArguments {
  EngineReach engine;
  CallId call;
  std::optional<std::string> participant;  // none: everybody's withdrawal
  std::string decision;                    // granted | denied | withdrawn
  std::vector<std::string> purposes;
  Output output = Output::text;
};

struct WithdrawArguments {
  EngineReach engine;
  std::string subject;  // the person's id, or the caller's reference
  std::optional<std::string> tenant;
  std::vector<std::string> purposes;  // none: all
  std::string signal = "api";
  std::string value = "command line";
  Output output = Output::text;
};

struct EraseArguments {
  EngineReach engine;
  std::string subject;  // the person's id, or the caller's reference; empty: the account
  std::optional<std::string> tenant;
  std::string account;  // a tenant's name or id
  enum class Confirm { ask, given } confirm = Confirm::ask;
  std::optional<std::filesystem::path> receipt;  // where its JWS is kept
  Output output = Output::text;
};

struct DiscloseArguments {
  EngineReach engine;
  std::string subject;  // the person's id, or the caller's reference
  std::optional<std::string> tenant;
  std::filesystem::path out;
  std::optional<std::string> recipient;                                    // "age1..."
  enum class Afterwards { remove, keep } afterwards = Afterwards::remove;  // of the export, on the engine's side
  Output output = Output::text;
};

struct KeysArguments {
  enum class Act { status, rotate } act = Act::status;
  EngineReach engine;
  Output output = Output::text;
};

struct ProcessorsArguments {
  enum class Act { list, retry, waive } act = Act::list;
  EngineReach engine;
  std::string name;                  // retry, waive
  std::string reason;                // waive
  std::optional<ErasureId> erasure;  // waive: this one only
  Output output = Output::text;
};

struct HoldArguments {
  enum class Act { list, place, release } act = Act::list;
  EngineReach engine;
  enum class Which { standing, ended } which = Which::standing;  // list
  HoldTarget on = HoldTarget::recording;                         // place; so is the rest
  std::string target;                                            // an id; a person's reference, a tenant's name
  std::optional<std::string> tenant;                             // where a reference is looked up
  std::string reason;                                            // and release
  std::optional<WallTime> until;
  HoldId hold;  // release
  Output output = Output::text;
};

struct NoticeArgument {
  std::string id;
  std::string version;
  std::string language;  // empty: the only one that there is
};

struct StandingArguments {
  enum class Act { list, add, withdraw } act = Act::list;
  EngineReach engine;
  std::string subject;
  std::optional<std::string> tenant;
  StandingId consent;                 // withdraw
  std::vector<std::string> purposes;  // add; so is the rest
  std::optional<WallTime> from;
  std::optional<WallTime> until;
  std::optional<NoticeArgument> notice;
  std::optional<std::string> evidence;
  Output output = Output::text;
};

struct NoticesArguments {
  enum class Act { list, add } act = Act::list;
  EngineReach engine;
  std::optional<std::string> id;
  std::optional<std::string> version;
  std::optional<std::string> language;
  std::string text;  // add: this, or what the file holds
  std::optional<std::filesystem::path> file;
  Output output = Output::text;
};

struct PurposesArguments {
  enum class Act { list, add } act = Act::list;
  EngineReach engine;
  std::string id;  // add; so is the rest
  std::string version = "1";
  std::string description;
  std::string lawful_basis = "consent";
  std::optional<std::int64_t> retention_hours;
  std::vector<std::string> processors;
  Output output = Output::text;
};

struct PauseArguments {
  enum class Turn { pause, resume } turn = Turn::pause;
  EngineReach engine;
  CallId call;
  std::string reason;
  Output output = Output::text;
};

struct EndArguments {
  EngineReach engine;
  CallId call;
  Output output = Output::text;
};

struct RecordingsArguments {
  EngineReach engine;
  std::optional<std::string> subject;
  std::optional<std::string> tenant;
  std::optional<std::string> state;
  std::optional<WallTime> from;
  std::optional<WallTime> to;
  Output output = Output::text;
};

struct ShowArguments {
  EngineReach engine;
  RecordingId recording;
  std::optional<std::string> purpose;       // with what notes say, and what the call was like: a use of them
  std::optional<std::string> wave_purpose;  // draw the waveform, which is a use of the audio
  Output output = Output::text;
};

enum class ExportFormat { wav, ogg, mka };
std::string_view name_of(ExportFormat format);

struct ExportArguments {
  EngineReach engine;
  std::optional<std::filesystem::path> root_key;
  RecordingId recording;
  std::string purpose;
  ExportFormat format = ExportFormat::wav;
  std::vector<std::string> legs;
  std::filesystem::path out;  // "-": standard output
};

struct ExportKeysArguments {
  EngineReach engine;
  StateReach state;
  RecordingId recording;
  std::string purpose;
  Output output = Output::text;
};

struct VerifyArguments {
  std::vector<std::string> what;  // recording ids and segment files; empty: the whole state folder
  std::optional<StateReach> state;
  Output output = Output::text;
};

struct DeleteArguments {
  EngineReach engine;
  RecordingId recording;
  enum class Confirm { ask, given } confirm = Confirm::ask;
  std::optional<std::filesystem::path> receipt;  // as above
  Output output = Output::text;
};

struct SalvageArguments {
  StateReach state;
  Output output = Output::text;
};

struct LedgerArguments {
  enum class Act { show, verify, export_records, rotate_key } act = Act::show;
  EngineReach engine;
  std::optional<std::filesystem::path> root_key;  // for acts that open the state folder themselves
  std::optional<CallId> call;                     // show: of this call only
  std::optional<LedgerHead> expect_head;          // verify: was noted elsewhere
  std::filesystem::path out = "-";                // export; "-": standard output
  Output output = Output::text;
};

struct VersionArguments {
  Output output = Output::text;
};

using Arguments =
    std::variant<RunArguments, CheckArguments, CallsArguments, ConsentArguments, WithdrawArguments, EraseArguments,
                 DiscloseArguments, StandingArguments, NoticesArguments, PurposesArguments, PauseArguments,
                 TopArguments, EndArguments, RecordingsArguments, ShowArguments, ExportArguments, ExportKeysArguments,
                 VerifyArguments, DeleteArguments, SalvageArguments, LedgerArguments, KeysArguments,
                 ProcessorsArguments, HoldArguments, VersionArguments>;

// The exit status when there is nothing to do: help was asked for and printed, or the command line is wrong.
std::variant<Arguments, ExitStatus> parse_arguments(int argc, const char* const* argv, std::ostream& out,
                                                    std::ostream& err);

}  // namespace assent
