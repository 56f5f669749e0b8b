// assent-fill: makes a state folder as a long-running engine would have left it, with many recordings of one person and
// a few of others, so that what takes long with many recordings can be measured without recording them.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "bench/erasure/finished_calls.h"
#include "bench/load/progress_bar.h"
#include "crypto/file_root_key.h"
#include "crypto/sha256.h"
#include "engine/catalog/sqlite_catalog.h"
#include "pipelines/engine_ledger.h"
#include "pipelines/state_folder.h"

namespace assent::erasure {
namespace {

constexpr const char* kFooter =
    "Example: assent-fill bench/erasure/erasure.toml --state /tmp/filled --subject customer-7 --calls 5000 "
    "--segments 100000\n"
    "The pipeline file says under which policy the calls were. The folder must not be there. Exit status: 0 done, 1 "
    "not, "
    "2 the\n"
    "command line is wrong.\n";
constexpr const char* kAgent = "agent-1";

struct Arguments {
  std::string pipeline;
  std::filesystem::path state;
  std::string subject = "customer-7";
  std::size_t calls = 5;
  std::size_t segments = 100;
  std::size_t others = 5;
  bool as_json = false;
};

struct Filled {
  std::vector<std::string> theirs;  // ids of recordings
  std::vector<std::string> others;
};

Result<PipelineSettings> read_pipeline(const std::string& path) {
  std::ifstream file(path);
  if (!file) return error(Errc::not_found, path + " cannot be read");
  std::ostringstream text;
  text << file.rdbuf();
  const auto loaded = load_pipeline(text.str());
  if (!loaded) return error(Errc::invalid, path + ": `assent check` says what is wrong with it");
  return loaded->settings();
}

// As many of all as there are calls before the last of them, so that their sum is the whole.
std::size_t share(std::size_t of, std::size_t number, std::size_t count) {
  return of * (number + 1) / count - of * number / count;
}

Result<Filled> add_calls(const Arguments& arguments, FinishedCalls& calls) {
  Filled filled;
  load::ProgressBar progress;
  for (std::size_t i = 0; i < arguments.calls; ++i) {
    const auto made = calls.add({arguments.subject, kAgent}, share(arguments.segments, i, arguments.calls));
    if (!made) return made.error();
    filled.theirs.push_back(to_text(*made));
    // The others' lie among them, as they would.
    for (std::size_t more = share(arguments.others, i, arguments.calls); more > 0; --more) {
      const auto other = calls.add({"other-" + std::to_string(filled.others.size()), kAgent}, 2);
      if (!other) return other.error();
      filled.others.push_back(to_text(*other));
    }
    progress.show("filling", {i + 1, arguments.calls});
  }
  if (auto finished = calls.finish(); !finished) return finished.error();
  return filled;
}

Result<Filled> fill(const Arguments& arguments) {
  const auto settings = read_pipeline(arguments.pipeline);
  if (!settings) return settings.error();
  const StateFolder state(arguments.state);
  RealDisk disk;
  if (auto made = disk.make_folder(state.root()); !made) return made.error();
  if (auto made = disk.make_folder(state.segments()); !made) return made.error();
  auto catalog = SqliteCatalog::open(state.root());
  if (!catalog) return catalog.error();
  const auto root = FileRootKey::create(state.root_key(settings->keys.path));
  if (!root) return root.error();
  KeyRing keys(**catalog, *root);
  CatalogWriter writer(**catalog);
  const auto begun = begin_ledger({**catalog, keys, writer, state.root(), settings->ledger});
  if (!begun) return begun.error();

  const auto calls_in_all = static_cast<std::int64_t>(arguments.calls + arguments.others);
  FinishedCalls calls({**catalog,
                       writer,
                       keys,
                       disk,
                       settings->purposes,
                       {settings->consent.gate, settings->consent.default_purposes, settings->consent.rules, {}},
                       state.segments(),
                       read_clocks().wall - FinishedCalls::kBetweenCalls * calls_in_all});
  auto filled = add_calls(arguments, calls);
  if (!filled) return filled.error();
  if (const auto ended = end_ledger(**catalog, writer); !ended) return ended.error();
  return filled;
}

int run(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("assent-fill makes a state folder with many recordings of one person, without recording them.");
  app.footer(kFooter);
  app.add_option("pipeline", arguments.pipeline, "the pipeline file of the engine that is to run on it")->required();
  app.add_option("--state", arguments.state, "the folder to make")->required();
  app.add_option("--subject", arguments.subject, "reference of the person")->capture_default_str();
  app.add_option("--calls", arguments.calls, "calls of the person, each with an agent")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  app.add_option("--segments", arguments.segments, "segments in all of them")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
  app.add_option("--others", arguments.others, "calls of other people with that agent, of two segments each")
      ->check(CLI::Range(0, 10'000))
      ->capture_default_str();
  app.add_flag("--json", arguments.as_json, "print the recordings' ids");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& fault) {
    return app.exit(fault) == 0 ? 0 : 2;
  }
  const auto filled = fill(arguments);
  if (!filled) {
    std::cerr << "assent-fill: " << filled.error().what << '\n';
    return 1;
  }
  if (arguments.as_json) {
    std::cout << nlohmann::json{{"recordings", filled->theirs}, {"others", filled->others}} << '\n';
  } else {
    std::cout << filled->theirs.size() << " recordings with " << arguments.segments << " segments of "
              << arguments.subject << ", " << filled->others.size() << " of others\n";
  }
  return 0;
}

}  // namespace
}  // namespace assent::erasure

int main(int argc, char** argv) { return assent::erasure::run(argc, argv); }
