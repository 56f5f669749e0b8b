#include "tools/assent/run.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "base/disk.h"
#include "base/secure_arena.h"
#include "pipelines/engine.h"
#include "pipelines/gst/start.h"
#include "tools/assent/engine_file.h"
#include "tools/assent/pipeline_file.h"

namespace assent {
namespace {

// systemd's default TimeoutStopSec is 90 s; what is not stored by then stays in the journal and is stored at the next
// start.
constexpr std::chrono::seconds kDrainTime(60);

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

// Tells a service manager of Type=notify; without one there is nobody to tell (sd_notify(3)).
void notify_service_manager(const char* state) {
  const char* path = std::getenv("NOTIFY_SOCKET");
  sockaddr_un to{};
  if (path == nullptr || std::strlen(path) >= sizeof to.sun_path) return;
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, path, std::strlen(path));
  if (to.sun_path[0] == '@') to.sun_path[0] = '\0';
  (void)sendto(fd, state, std::strlen(state), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&to),
               static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + std::strlen(path)));
  close(fd);
}

void check_again(const RunOptions& options, spdlog::logger& log) {
  const auto loaded = read_pipeline_file(options.pipeline_file, options.overrides);
  if (!loaded) return log.error("{}", plain(loaded.error().what));
  if (*loaded) return log.info("the pipeline file is right; what changed in it takes effect at the next start");
  for (const auto& each : loaded->error()) log.error("{}", plain(to_text(each, options.pipeline_file.string())));
}

// Until SIGTERM or SIGINT.
void serve(const sigset_t& signals, const RunOptions& options, spdlog::logger& log) {
  for (;;) {
    int signal = 0;
    if (sigwait(&signals, &signal) != 0) return;
    if (signal != SIGHUP) {
      log.info("stopping: no new calls; what was consented to is being stored");
      return;
    }
    check_again(options, log);
  }
}

}  // namespace

ExitStatus run_engine(const PipelineConfig& config, const RunOptions& options) {
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
  const EngineFile found{(*engine)->api(), getpid(), options.state.root_key(config->keys.path)};
  if (auto written = write_engine_file(disk, options.state, found); !written) {
    log->warn("{}", plain(written.error().what));
  }
  notify_service_manager("READY=1");
  serve(signals, options, *log);
  notify_service_manager("STOPPING=1");
  const auto stopped = (*engine)->stop(kDrainTime);
  remove_engine_file(disk, options.state);
  if (!stopped) {
    log->error("{}", plain(stopped.error().what));
    return ExitStatus::failed;
  }
  log->info("stopped");
  return ExitStatus::ok;
}

}  // namespace assent
