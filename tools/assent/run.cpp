#include "tools/assent/run.h"

#include <malloc.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <csignal>
#include <ctime>
#include <memory>

#include "base/disk.h"
#include "base/limits.h"
#include "base/secure_arena.h"
#include "pipelines/engine.h"
#include "pipelines/gst/start.h"
#include "pipelines/quantity.h"
#include "tools/assent/engine_file.h"
#include "tools/assent/pipeline_file.h"
#include "tools/assent/root_key_file.h"
#include "tools/assent/service_manager.h"

namespace assent {
namespace {

constexpr milliseconds kDrainPoll(50);

// glibc gives threads heaps of their own, up to eight a core, so that they need not wait for each other. Here no thread
// that is in a hurry asks for memory, and what one thread took another gives back: with one heap a call takes an eighth
// less. Before the first thread.
void share_one_heap() { mallopt(M_ARENA_MAX, 1); }

spdlog::level::level_enum level_of(pipeline::Log::Level level) {
  switch (level) {
    case pipeline::Log::Level::trace: return spdlog::level::trace;
    case pipeline::Log::Level::debug: return spdlog::level::debug;
    case pipeline::Log::Level::info: return spdlog::level::info;
    case pipeline::Log::Level::warn: return spdlog::level::warn;
    case pipeline::Log::Level::error: return spdlog::level::err;
  }
  return spdlog::level::info;
}

// To stderr: lines for people on a terminal, one JSON object a line otherwise.
std::shared_ptr<spdlog::logger> make_log(const pipeline::Log& settings) {
  auto log = std::make_shared<spdlog::logger>("assent", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  const bool json = settings.format == pipeline::Log::Format::json ||
                    (settings.format == pipeline::Log::Format::automatic && isatty(STDERR_FILENO) == 0);
  log->set_pattern(json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":"%v"})" : "%H:%M:%S.%e %l %v",
                   json ? spdlog::pattern_time_type::utc : spdlog::pattern_time_type::local);
  log->set_level(level_of(settings.level));
  log->flush_on(spdlog::level::trace);
  return log;
}

// A message inside a JSON line: quotes and control characters would break the line.
std::string plain(std::string text) {
  for (char& c : text) {
    if (c == '"' || c == '\\') c = '\'';
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  return text;
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// The engine between its start and its end: it waits for signals, and does what they ask.
class Service {
 public:
  Service(Engine& engine, const RunOptions& options, const sigset_t& signals, spdlog::logger& log)
      : engine_(engine), options_(options), signals_(signals), log_(log) {}

  void serve();  // until SIGTERM or SIGINT
  // Until no call is left, the drain's time has passed, or another SIGTERM or SIGINT came.
  void drain();

 private:
  void reload();
  std::string in_progress(std::size_t calls) const {
    return std::to_string(calls) + (calls == 1 ? " call" : " calls") + " in progress";
  }

  Engine& engine_;
  const RunOptions& options_;
  const sigset_t& signals_;
  spdlog::logger& log_;
  ServiceManager manager_;
};

void Service::serve() {
  manager_.ready();
  for (;;) {
    int signal = 0;
    if (sigwait(&signals_, &signal) != 0) return;
    if (signal != SIGHUP) return;
    manager_.reloading(read_mono());
    reload();
    manager_.ready();
  }
}

// A file with an error changes nothing.
void Service::reload() {
  const auto loaded = read_pipeline_file(options_.pipeline_file, options_.overrides);
  if (!loaded || !*loaded) {
    engine_.note_failed_reload();
    if (!loaded) return log_.error("not reloaded: {}", plain(loaded.error().what));
    for (const auto& each : loaded->error()) {
      log_.error("not reloaded: {}", plain(to_text(each, options_.pipeline_file.string())));
    }
    return;
  }
  const Result<Reload> reloaded = engine_.reload(**loaded);
  if (!reloaded) return log_.error("not reloaded: {}", plain(reloaded.error().what));
  const Reload& done = *reloaded;
  log_.set_level(level_of(engine_.running().log.level));
  if (!done.at_next_start.empty()) log_.warn("takes effect at the next start only: {}", listed(done.at_next_start));
  log_.info("reloaded: {}", done.changed.empty() ? "nothing changes" : listed(done.changed));
}

void Service::drain() {
  const milliseconds at_most = engine_.running().shutdown.drain;
  manager_.stopping(at_most + limits::kStoreAtStop);
  engine_.begin_drain();
  const MonoTime deadline = read_mono() + at_most;
  std::size_t calls = engine_.live_calls();
  if (calls != 0 && at_most != 0ms) {
    log_.info("stopping: no new calls; {} may go on for {}; SIGTERM again stops at once", in_progress(calls),
              duration_text(at_most));
  }
  while (calls != 0 && read_mono() < deadline) {
    manager_.status("draining: " + in_progress(calls));
    const timespec poll{0, std::chrono::nanoseconds(kDrainPoll).count()};
    const int signal = sigtimedwait(&signals_, nullptr, &poll);
    if (signal == SIGTERM || signal == SIGINT) break;
    if (signal == SIGHUP) log_.warn("not reloaded: the engine is being stopped");
    calls = engine_.live_calls();
  }
  const bool keep = engine_.running().shutdown.calls == pipeline::Shutdown::Calls::keep;
  if (calls != 0) log_.warn("stopping: calls that {}: {}", keep ? "go on at the next start" : "are ended now", calls);
  log_.info("stopping: what was consented to is being stored");
  manager_.status("storing what was consented to");
}

}  // namespace

ExitStatus run_engine(const PipelineConfig& config, const RunOptions& options) {
  share_one_heap();
  const auto log = make_log(config->log);
  if (auto forbidden = forbid_core_dumps(); !forbidden) {
    log->error("{}", plain(forbidden.error().what));
    return ExitStatus::failed;
  }
  // Blocked before any thread is there, so that every thread inherits it and sigwait alone sees them.
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  // Before there are keys: it may look through its plugins in a child process.
  if (auto started = gst::start_gstreamer(); !started) {
    log->error("{}", plain(started.error().what));
    return ExitStatus::failed;
  }
  auto engine =
      Engine::start(config, {options.state.root(), [log](const std::string& line) { log->warn("{}", plain(line)); }});
  if (!engine) {
    log->error("{}", plain(engine.error().what));
    return ExitStatus::failed;
  }
  for (const std::string& line : (*engine)->start_report()) log->info("{}", plain(line));

  RealDisk disk;
  const EngineFile found{(*engine)->api(), getpid()};
  if (auto written = write_engine_file(disk, options.state, found); !written) {
    log->warn("{}", plain(written.error().what));
  }
  if (auto written = write_root_key_file(disk, options.state, config->keys); !written) {
    log->warn("{}", plain(written.error().what));
  }
  Service service(**engine, options, signals, *log);
  service.serve();
  service.drain();
  const auto stopped = (*engine)->stop(limits::kStoreAtStop);
  remove_engine_file(disk, options.state);
  if (!stopped) {
    log->error("{}", plain(stopped.error().what));
    return ExitStatus::failed;
  }
  for (const std::string& line : (*engine)->stop_report()) log->info("{}", plain(line));
  log->info("stopped");
  return ExitStatus::ok;
}

}  // namespace assent
