// A secret that stands where a pipeline file says: in a file that only its owner may read, or in a variable of the
// environment. It is handed to whoever uses it and then wiped; no message quotes it.
//
// Errors: Errc::denied (a file that others may read), Errc::invalid (too short or long), Errc::not_found, and the
// operating system's, each with whose secret it is ("webhook ivr"). Any thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "pipelines/pipeline_config.h"
#include "pipelines/section_reader.h"
#include "pipelines/state_folder.h"

namespace assent {

// Without the line's end that an editor leaves behind it. At most limits::kWebhookSecretBytesMax bytes.
Result<void> use_secret(const std::string& owner, const pipeline::SecretPlace& place, const StateFolder& state,
                        Bounds<std::size_t> bytes, const std::function<void(std::string_view)>& use);

}  // namespace assent
