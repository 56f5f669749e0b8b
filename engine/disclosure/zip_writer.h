// ZipWriter: a ZIP file (APPNOTE 6.3, with ZIP64 where it is needed) written from front to back into a sink, entry by
// entry, by libarchive, which nothing else here sees.
//
// It holds no entry, only what the directory at the end says of each, some 150 bytes. Entries have the mode 0600. One
// thread. Errors: those of the sink; Errc::io when libarchive refuses.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace assent {

enum class Packing {
  stored,    // as it is: audio
  deflated,  // text
};

struct ZipEntry {
  std::string name;  // ASCII, with slashes between folders
  WallTime modified;
  Packing packing = Packing::deflated;
  std::optional<std::uint64_t> size_bytes;  // where it is known
};

class ZipWriter {
 public:
  using Sink = std::function<Result<void>(ByteView)>;
  static Result<std::unique_ptr<ZipWriter>> create(Sink sink);
  ~ZipWriter();
  ZipWriter(const ZipWriter&) = delete;
  ZipWriter& operator=(const ZipWriter&) = delete;

  Result<void> begin(const ZipEntry& entry);  // ends the one before
  Result<void> write(ByteView content);
  Result<void> finish();  // once

 private:
  struct Impl;
  explicit ZipWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace assent
