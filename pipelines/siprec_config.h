// Reads [siprec] and [[siprec.trunks]]: where recording sessions are set up by SIP, and by whom. The secrets
// themselves, certificates and keys are read at the start (siprec_wiring.h). For pipeline_config.cpp; complaints go to
// the list. One thread.
#pragma once

#include "pipelines/pipeline_config.h"
#include "pipelines/section_reader.h"

namespace assent {

// `settings` has the notices that trunks may name.
pipeline::Siprec read_siprec(SectionReader&& section, const PipelineSettings& settings, ConfigErrors& errors);

// "udp:192.0.2.1:5060", as the file has it.
std::string to_text(const pipeline::Siprec::Listener& listener);

// For `assent check`: where it listens, and how each trunk is known. Empty: it is not configured.
std::vector<std::string> siprec_summary(const pipeline::Siprec& siprec);

}  // namespace assent
