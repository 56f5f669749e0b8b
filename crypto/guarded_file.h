// A small file with a secret in it: it is used only when nobody but the user the engine runs as can reach it, since who
// else has read it cannot be known. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace assent {

// `name` is what errors call it, "root key /x"; `if_copied` what to do when others may have read it. Errc::denied for a
// wrong mode, owner or file type, Errc::io.
Result<void> check_guarded(int fd, const std::string& name, std::string_view if_copied);

}  // namespace assent
