// The engine as a process: `assent run`. main has read and checked the pipeline; this wires the parts, runs them until
// SIGTERM or SIGINT, and drains. Called once, from the main thread, before any other thread has been started.
#pragma once

#include <filesystem>

#include "pipelines/pipeline_config.h"
#include "pipelines/state_folder.h"
#include "tools/assent/exit_status.h"

namespace assent {

struct RunOptions {
  StateFolder state;                    // made when it is missing
  std::filesystem::path pipeline_file;  // for the log, and to read again on SIGHUP
  PipelineOverrides overrides;          // hold after a reload, too
};

// ExitStatus::failed after saying on the log what kept it from starting or running.
ExitStatus run_engine(const PipelineConfig& config, const RunOptions& options);

}  // namespace assent
