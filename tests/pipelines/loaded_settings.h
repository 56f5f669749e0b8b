// A pipeline file's text as settings, for tests of what is made of them.
#pragma once

#include <string>
#include <string_view>

#include "catch.h"
#include "pipelines/pipeline_config.h"

namespace assent {

// The errors of a text, one a line, as `assent check` prints them for a file called "p.toml".
inline std::string errors_of(std::string_view text, const PipelineOverrides& overrides = {}) {
  const auto loaded = load_pipeline(text, overrides);
  std::string lines;
  if (loaded) return lines;
  CHECK(!loaded.error().empty());
  for (const auto& error : loaded.error()) lines += (lines.empty() ? "" : "\n") + to_text(error, "p.toml");
  return lines;
}

inline PipelineSettings settings_of(std::string_view text) {
  auto loaded = load_pipeline(text);
  INFO(errors_of(text));
  REQUIRE(loaded);
  return loaded->settings();
}

}  // namespace assent
