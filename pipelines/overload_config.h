// Reads what a pipeline file says of overload: how far rings shorten, what of the disk is kept back, what one tenant
// may have. For pipeline_config.cpp; complaints go to the section's list of errors. One thread.
#pragma once

#include "pipelines/pipeline_config.h"
#include "pipelines/section_reader.h"

namespace assent {

// consent.hold_floor; `hold` bounds it.
void read_hold_floor(SectionReader& section, milliseconds hold, nanoseconds& floor);
void read_overload(SectionReader&& section, pipeline::Overload& overload);
void read_quota(SectionReader&& section, QuotaSettings& quota, ConfigErrors& errors);

}  // namespace assent
