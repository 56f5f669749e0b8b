// Waiting for an erasure that the engine carries out, with progress.
#pragma once

#include <string>

#include "base/result.h"
#include "tools/assent/api_client.h"
#include "tools/assent/console.h"
#include "tools/assent/json_fields.h"

namespace assent {

// All is destroyed here, and only processors have not confirmed.
bool waits_for_processors(const Json& erasure);
// Which, and why.
void print_open_processors(const Json& erasure, Console& console);

// `erasure` as the API gave it when it began; comes back as it is when it is done, or when it has waited for processors
// for ten seconds.
Result<Json> when_done(ApiClient& engine, Json erasure, const std::string& doing, Console& console);

// It waits for a legal hold, and nothing of it has happened.
bool is_held(const Json& erasure);
Error still_held(const Json& erasure);  // says so, by which hold and until when

}  // namespace assent
