// Opens the webhooks of a pipeline file, or others who share secrets with us in the same way (`kind`: processors):
// reads their secrets from where the file says they are. The secrets go into the memory for keys; what they were read
// into is wiped, and no message quotes them.
//
// Errors: Errc::denied (a file that others may read), Errc::invalid (too short or long; two webhooks with one secret: a
// message to one would be good for the other), Errc::not_found, and the operating system's. Any thread.
#pragma once

#include <vector>

#include "engine/control/webhook_sources.h"
#include "pipelines/pipeline_config.h"
#include "pipelines/state_folder.h"

namespace assent {

Result<std::vector<WebhookSource>> open_webhooks(const std::vector<pipeline::Webhook>& webhooks,
                                                 const StateFolder& state, const std::string& kind = "webhook");

}  // namespace assent
