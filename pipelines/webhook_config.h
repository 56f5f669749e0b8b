// Reads [[webhooks]]: who may tell of decisions by signing them, and where their secrets are. The secrets themselves
// are read at the start and on SIGHUP (webhook_secrets.h). For pipeline_config.cpp; complaints go to the list. One
// thread.
#pragma once

#include "pipelines/pipeline_config.h"
#include "pipelines/section_reader.h"

namespace assent {

// The two keys that say where one secret is; one of them may be there.
std::optional<pipeline::SecretPlace> take_secret_place(SectionReader& section, std::string_view file_key,
                                                       std::string_view env_key);

std::vector<pipeline::Webhook> read_webhooks(SectionReader& document, ConfigErrors& errors);

}  // namespace assent
