// Reads what a pipeline file says of consent: purposes, notices, policies, digits, and what tenants have of their own.
// For pipeline_config.cpp; complaints go to the section's list of errors. One thread.
#pragma once

#include "pipelines/pipeline_config.h"
#include "pipelines/section_reader.h"

namespace assent {

std::vector<pipeline::PurposeText> read_purposes(SectionReader& document, ConfigErrors& errors);
std::optional<pipeline::Notice> read_notice(SectionReader&& section);
std::vector<pipeline::Notice> read_notices(SectionReader& document, ConfigErrors& errors);
void read_consent(SectionReader&& section, pipeline::Consent& consent, nanoseconds& hold_floor,
                  const PurposeRegistry& registry, ConfigErrors& errors);

}  // namespace assent
