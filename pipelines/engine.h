// Engine: the stages of a packet's way and their neighbours, wired as one pipeline file says.
//
// It owns every part and the order in which they come and go; it decides nothing that a part could. `start` returns
// when the engine takes calls: what the last run left in the journal has been settled or salvaged by then, and a broken
// ledger has refused the start. `begin_drain` stops new calls; whoever calls it decides how long those in progress may
// go on. `stop` is the way down: no new calls, the calls in progress ended and their consented audio stored, everything
// held wiped, each thread joined.
//
// One thread (main's).
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "base/result.h"
#include "base/time.h"
#include "engine/control/engine_life.h"
#include "pipelines/pipeline_config.h"

namespace assent {

class Engine {
 public:
  struct Options {
    std::filesystem::path state;  // made when it is missing, 0700
    // What a person should read when it happens: overload, a full disk, an erasure that failed. Any thread.
    std::function<void(const std::string&)> report = [](const std::string&) {};
  };
  // Errors say what to do: Errc::conflict (another engine has the folder or the address), Errc::exhausted (no call fits
  // the locked memory), Errc::corrupt (the ledger's chain is broken, and where), and the parts' own.
  static Result<std::unique_ptr<Engine>> start(const PipelineConfig& config, const Options& options);
  ~Engine();  // stops, if nobody has
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  Endpoint api() const;
  // What a person should read at start: where it listens, how many calls it holds and in what, what was recovered.
  const std::vector<std::string>& start_report() const;
  // And after a stop: where the ledger ends.
  const std::vector<std::string>& stop_report() const;

  // What holds now: the settings of the start, and what was reloaded since.
  const PipelineSettings& running() const;
  // Takes over what may change while calls are in progress (settings_reload.h), and says what that was. An error
  // changes nothing: a notice or a purpose is on record as something else.
  Result<Reload> reload(const PipelineConfig& config);
  void note_failed_reload();  // the file was wrong: for the metrics

  // No new calls from now on; everything else goes on.
  void begin_drain();
  std::size_t live_calls() const;  // not yet over and booked

  // Takes at most `patience` for what is under way.
  Result<void> stop(milliseconds patience);

 private:
  struct Parts;
  explicit Engine(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace assent
