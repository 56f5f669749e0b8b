// Reads what a pipeline file says of who is responsible ([controller]), for receipts. For pipeline_config.cpp;
// complaints go to the section's list of errors. One thread.
#pragma once

#include <optional>

#include "pipelines/pipeline_config.h"
#include "pipelines/section_reader.h"

namespace assent {

std::optional<pipeline::Controller> read_controller(SectionReader&& section);

// What every receipt says, from the whole file; none when the file says nothing of the controller.
std::optional<ReceiptTerms> receipt_terms(const PipelineSettings& settings);

}  // namespace assent
