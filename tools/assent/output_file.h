// OutputFile: where exported audio and a receipt go: a file of mode 0600 that appears under its name only when it is
// whole, or standard output. One thread. Errors: Errc::io and such, with the path.
#pragma once

#include <cstdio>
#include <filesystem>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace assent {

class OutputFile {
 public:
  // "-" is standard output. An existing file is replaced at the end.
  static Result<OutputFile> create(const std::filesystem::path& path);
  // Never replaces one. Errc::conflict: it exists, now or at the end.
  static Result<OutputFile> create_new(const std::filesystem::path& path);
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();  // removes what was not finished

  Result<void> write(ByteView bytes);
  Result<void> finish();

 private:
  OutputFile(std::filesystem::path path, std::filesystem::path beside, std::FILE* file)
      : path_(std::move(path)), beside_(std::move(beside)), file_(file) {}
  bool is_standard_output() const { return beside_.empty(); }

  std::filesystem::path path_;
  std::filesystem::path beside_;  // written here; empty for standard output
  std::FILE* file_;               // null once finished or moved from
  enum class Existing { replace, keep } existing_ = Existing::replace;
};

}  // namespace assent
