// Reading and checking a pipeline file from the disk. One thread.
#pragma once

#include <filesystem>
#include <variant>
#include <vector>

#include "base/result.h"
#include "pipelines/pipeline_config.h"

namespace assent {

// The Error is of the disk; a file that can be read and is wrong is a LoadedPipeline with its errors.
Result<LoadedPipeline> read_pipeline_file(const std::filesystem::path& path, const PipelineOverrides& overrides);

}  // namespace assent
