// An erasure's receipt, for people: which one it is, and its JWS kept in a file. One thread.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"
#include "tools/assent/json_fields.h"
#include "tools/assent/output_file.h"

namespace assent {

class ReceiptFile {
 public:
  // Before anything is erased, so that it is not done without the receipt that was asked for. Without a path it keeps
  // nothing. Errc::conflict: there is a file of this name.
  static Result<ReceiptFile> create(const std::optional<std::filesystem::path>& path);

  // Of an erasure that is done, as the API gives it. Errc::not_found: it has no receipt, and why.
  Result<void> keep(const Json& erasure);

 private:
  explicit ReceiptFile(std::optional<OutputFile> file) : file_(std::move(file)) {}
  std::optional<OutputFile> file_;
};

// "receipt 0192f0c1-..."; or that there is none, and why.
std::string receipt_text(const Json& erasure);

}  // namespace assent
