// Reading a small text file whole: a pipeline, a token. Any thread.
#pragma once

#include <filesystem>
#include <string>

#include "base/limits.h"
#include "base/result.h"

namespace assent {

// Errc::not_found; Errc::io; Errc::invalid when the file is larger than `most_bytes` or a folder.
Result<std::string> read_small_file(const std::filesystem::path& path, std::size_t most_bytes = limits::kConfigBytes);

}  // namespace assent
