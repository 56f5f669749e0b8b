// PartFile: a file that is downloaded over several attempts. It grows as FILE.part, of mode 0600, next to it
// FILE.part.job says what is being downloaded; it gets its name when it is whole and has the digest that it should
// have.
//
// One thread. Errors: Errc::io and such, with the path.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace assent {

class PartFile {
 public:
  // What was there of an earlier attempt stays.
  static Result<PartFile> open(const std::filesystem::path& path);

  const std::optional<std::string>& job() const { return job_; }  // that it is a part of
  Result<void> begin(const std::string& job);                     // another one, from its first byte
  std::uint64_t size_bytes() const { return size_bytes_; }
  Result<void> write(ByteView bytes);
  Result<std::string> sha256();  // of what is there, in hexadecimal
  Result<void> finish();         // replaces what has the name already
  Result<void> forget();         // removes it, and what is said of it

 private:
  struct Close {
    void operator()(std::FILE* file) const { (void)std::fclose(file); }
  };
  explicit PartFile(std::filesystem::path path) : path_(std::move(path)) {}
  Result<void> reopen(const char* mode);
  std::filesystem::path part() const { return path_.string() + ".part"; }
  std::filesystem::path job_file() const { return path_.string() + ".part.job"; }

  std::filesystem::path path_;
  std::unique_ptr<std::FILE, Close> file_;
  std::optional<std::string> job_;
  std::uint64_t size_bytes_ = 0;
};

}  // namespace assent
