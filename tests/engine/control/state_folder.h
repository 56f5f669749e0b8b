// A folder of a test's own, gone at its end.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>

#include "base/disk.h"
#include "catch.h"

namespace assent {

struct StateFolder {
  StateFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "assent-control-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path = pattern;
  }
  ~StateFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  StateFolder(const StateFolder&) = delete;
  StateFolder& operator=(const StateFolder&) = delete;

  mutable RealDisk disk;
  std::filesystem::path path;
};

}  // namespace assent
