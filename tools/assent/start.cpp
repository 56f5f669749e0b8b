// assent run: reads the pipeline, refuses a wrong one with all its errors, and hands it to the engine.
#include <ostream>

#include "tools/assent/commands.h"
#include "tools/assent/pipeline_file.h"
#include "tools/assent/run.h"

namespace assent {

ExitStatus perform(const RunArguments& arguments, Console& console) {
  const auto loaded = read_pipeline_file(arguments.pipeline, arguments.overrides);
  if (!loaded) return fail(console, loaded.error());
  if (!*loaded) {
    for (const auto& each : loaded->error()) console.err << to_text(each, arguments.pipeline.string()) << "\n";
    return fail(console, "the engine does not start on a pipeline with errors");
  }
  return run_engine(**loaded, {StateFolder(arguments.state), arguments.pipeline, arguments.overrides});
}

}  // namespace assent
