// Reads [[processors]]: who is told of consents and erasures, where, and how patiently. For pipeline_config.cpp;
// complaints go to the list. One thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipelines/pipeline_config.h"
#include "pipelines/section_reader.h"

namespace assent {

std::vector<pipeline::Processor> read_processors(SectionReader& document, const PurposeRegistry& purposes,
                                                 ConfigErrors& errors);

// The host of an address that a processor may have: https, or http to this machine, where nobody listens in between;
// without a user, a fragment, spaces or control characters. Nothing for any other.
std::optional<std::string> processor_host(std::string_view url);

}  // namespace assent
