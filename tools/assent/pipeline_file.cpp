#include "tools/assent/pipeline_file.h"

#include "tools/assent/small_file.h"

namespace assent {

Result<LoadedPipeline> read_pipeline_file(const std::filesystem::path& path, const PipelineOverrides& overrides) {
  const auto text = read_small_file(path);
  if (!text) return text.error();
  return load_pipeline(*text, overrides);
}

}  // namespace assent
