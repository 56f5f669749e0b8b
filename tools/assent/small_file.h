// A small text file, read or replaced whole: a pipeline, a token. Any thread.
#pragma once

#include <filesystem>
#include <string>

#include "base/disk.h"
#include "base/limits.h"
#include "base/result.h"

namespace assent {

// Errc::not_found; Errc::io; Errc::invalid when the file is larger than `most_bytes` or a folder.
Result<std::string> read_small_file(const std::filesystem::path& path, std::size_t most_bytes = limits::kConfigBytes);

// Whole, or as it was, whatever happens; mode 0600.
Result<void> replace_small_file(Disk& disk, const std::filesystem::path& place, const std::string& text);

}  // namespace assent
