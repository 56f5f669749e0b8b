// SettingsReload: what a pipeline file that is read again changes in a running engine, and what waits for its next
// start.
//
//   at once         log.level, shutdown, consent.lease, retention.tenants, webhooks (and their secrets are read again,
//   whether these changed or not) for new calls   consent.*, notice; calls in progress keep theirs at the start
//   everything else: what ports, threads, memory and files were made from cannot change under calls
//
// Two of the second kind have a bound. What a ring may hold was locked at the start, so consent.hold may become shorter
// than it was then, not longer. And consent settings name purposes by the places they have in the registry, so while
// the purposes of the file differ from those that the engine runs with, consent.* waits, too.
//
// Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "pipelines/pipeline_config.h"

namespace assent {

struct SettingsReload {
  PipelineSettings running;                // what holds from now on
  std::vector<std::string> changed;        // "consent.hold", ...: differ from before, and hold from now on
  std::vector<std::string> at_next_start;  // differ from what the engine runs with, and do not
};

// `started`: what the engine was started with, and has memory for; `running`: what holds now.
SettingsReload reload_settings(const PipelineSettings& started, const PipelineSettings& running,
                               const PipelineSettings& read);

}  // namespace assent
