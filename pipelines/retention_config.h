// Reads what a pipeline file says of retention beyond the purposes themselves: times that a tenant has of its own. For
// pipeline_config.cpp; complaints go to the section's list of errors. One thread.
#pragma once

#include <string>
#include <vector>

#include "engine/catalog/retention_end.h"
#include "pipelines/pipeline_config.h"
#include "pipelines/section_reader.h"

namespace assent {

void read_retention(SectionReader&& section, RetentionRules& rules, const PurposeRegistry& registry,
                    ConfigErrors& errors);

// What a person should read at start: for which purposes recordings are kept until somebody erases them.
std::vector<std::string> retention_advice(const PipelineSettings& settings);

}  // namespace assent
