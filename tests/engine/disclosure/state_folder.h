// A folder of a test's own, gone at its end.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>

#include "base/disk.h"
#include "catch.h"

namespace assent {

struct ExportsFolder {
  ExportsFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "assent-exports-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path = pattern;
  }
  ~ExportsFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  ExportsFolder(const ExportsFolder&) = delete;
  ExportsFolder& operator=(const ExportsFolder&) = delete;

  mutable RealDisk disk;
  std::filesystem::path path;
};

}  // namespace assent
