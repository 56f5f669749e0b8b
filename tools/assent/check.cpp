// assent check: every error of a pipeline file; and when it has none, what it needs of this machine and what it gets.
#include <sys/statvfs.h>

#include <nlohmann/json.hpp>
#include <ostream>

#include "pipelines/capacity_plan.h"
#include "pipelines/quantity.h"
#include "pipelines/retention_config.h"
#include "pipelines/root_key.h"
#include "pipelines/siprec_config.h"
#include "pipelines/siprec_wiring.h"
#include "pipelines/state_folder.h"
#include "pipelines/webhook_secrets.h"
#include "tools/assent/commands.h"
#include "tools/assent/pipeline_file.h"

namespace assent {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kJournalFilesAtLeast = 2;  // a shard: one being written, one that waits to be settled

// What is wrong with a state folder, a sentence each. A folder that is not there yet is made by the first run.
std::vector<std::string> troubles_of(const PipelineSettings& settings, const std::filesystem::path& folder) {
  std::vector<std::string> troubles;
  std::error_code ignored;
  if (!std::filesystem::exists(folder, ignored)) return troubles;
  if (!std::filesystem::is_directory(folder, ignored)) return {folder.string() + " is not a folder"};

  // Where there is none yet, the first run makes it.
  if (const auto key = open_root_key(root_key_place(settings.keys, StateFolder(folder)), RootKeyUse::existing);
      !key && key.error().code != Errc::not_found) {
    troubles.push_back(key.error().what);
  }
  if (const auto webhooks = open_webhooks(settings.webhooks, StateFolder(folder)); !webhooks) {
    troubles.push_back(webhooks.error().what);
  }
  if (const auto trunks = open_trunks(settings.siprec, StateFolder(folder)); !trunks) {
    troubles.push_back(trunks.error().what);
  }
  struct statvfs disk {};
  const std::uint64_t wanted = settings.threads.shards * kJournalFilesAtLeast * settings.journal.file_bytes;
  if (statvfs(folder.c_str(), &disk) == 0 && std::uint64_t{disk.f_bavail} * disk.f_frsize < wanted) {
    troubles.push_back(folder.string() + " has " + size_text(std::uint64_t{disk.f_bavail} * disk.f_frsize) +
                       " free, and the journal alone preallocates " + size_text(wanted) +
                       ": make room, or lower journal.file_size" +
                       (settings.threads.shards == 1 ? "" : " or threads.shards"));
  }
  return troubles;
}

Json json_of(const CapacityPlan& plan) {
  return {{"calls", plan.calls_wanted},
          {"calls_that_fit", plan.calls_that_fit},
          {"leg_bytes", plan.leg_bytes},
          {"locked_bytes", plan.locked_bytes},
          {"arena_bytes", plan.arena_bytes},
          {"open_files", plan.open_files},
          {"ports", plan.ports},
          {"steered", plan.steered},
          {"sockets", plan.sockets},
          {"srtp", plan.srtp},
          {"stall_ms", plan.stall.count()},
          {"advice", plan.advice}};
}

void print_plan(const CheckArguments& arguments, const PipelineSettings& settings, const CapacityPlan& plan,
                std::ostream& out) {
  out << arguments.pipeline.string() << ": no errors\n"
      << "  calls   " << plan.calls_wanted << " at once, of " << settings.capacity.legs_per_call << " legs (G.711, "
      << duration_text(std::chrono::floor<milliseconds>(settings.consent.gate.hold)) << " held)\n"
      << "  memory  " << size_text(plan.locked_bytes) << " locked, " << size_text(plan.leg_bytes) << " a leg\n"
      << "  files   " << plan.open_files << " open at once\n"
      << "  ports   " << plan.ports << " of " << to_text(settings.listen.rtp_ports) << "\n"
      << "  sockets " << plan.sockets << "\n"
      << "  SRTP    " << plan.srtp << "\n"
      << "  here    " << plan.calls_that_fit << " of " << plan.calls_wanted << " calls fit\n";
  out << "  stall   of the disk: " << plan.stall.count() / 1000
      << " s before audio is lost, with consent for every leg (consent.lease of "
      << duration_text(settings.consent.lease) << ", sealed_pages for " << plan.stall_in_pages.count() / 1000
      << " s, then each leg's own memory)\n";
  for (const auto& advice : plan.advice) out << "          " << advice << "\n";
  for (const auto& line : siprec_summary(settings.siprec)) out << "  siprec  " << line << "\n";
  for (const auto& advice : retention_advice(settings)) out << "  keeps   " << advice << "\n";
}

ExitStatus report_errors(const CheckArguments& arguments, const std::vector<ConfigError>& errors, Console& console) {
  if (arguments.output == Output::text) {
    for (const auto& each : errors) console.out << to_text(each, arguments.pipeline.string()) << "\n";
    return ExitStatus::failed;
  }
  Json list = Json::array();
  for (const auto& each : errors) {
    list.push_back(
        {{"line", each.place.line}, {"column", each.place.column}, {"what", each.what}, {"allowed", each.allowed}});
  }
  console.out << Json{{"file", arguments.pipeline.string()}, {"errors", list}}.dump(2) << "\n";
  return ExitStatus::failed;
}

}  // namespace

ExitStatus perform(const CheckArguments& arguments, Console& console) {
  const auto loaded = read_pipeline_file(arguments.pipeline, arguments.overrides);
  if (!loaded) return fail(console, loaded.error());
  if (!*loaded) return report_errors(arguments, loaded->error(), console);

  const PipelineSettings& settings = (*loaded)->settings();
  const CapacityPlan plan = plan_capacity(settings, this_machine());
  const auto troubles = arguments.state ? troubles_of(settings, *arguments.state) : std::vector<std::string>{};
  if (arguments.output == Output::json) {
    console.out << Json{{"file", arguments.pipeline.string()},
                        {"errors", Json::array()},
                        {"capacity", json_of(plan)},
                        {"state", troubles}}
                       .dump(2)
                << "\n";
  } else {
    print_plan(arguments, settings, plan, console.out);
    for (const auto& trouble : troubles) console.out << "  state   " << trouble << "\n";
  }
  return troubles.empty() ? ExitStatus::ok : ExitStatus::failed;
}

}  // namespace assent
