// Asking before something is destroyed, and telling afterwards what was. One thread.
#pragma once

#include <string>

#include "base/result.h"
#include "tools/assent/console.h"
#include "tools/assent/json_fields.h"

namespace assent {

// Whether a person at a terminal typed "yes"; `what` completes "Destroy ... for good?". The error says that nothing was
// done (`done`: "deleted", "erased") and why.
Result<void> ask_to_destroy(const std::string& what, const std::string& done, Console& console);

// An erasure's steps, one a line.
void print_steps(const Json& erasure, Console& console);

}  // namespace assent
