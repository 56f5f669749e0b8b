// DisclosureArchive: the ZIP file that a person is given, with a manifest of the SHA-256 of every file in it, and where
// a recipient is named, encrypted for them on the way.
//
//     files -> ZIP -> age, for a recipient -> sink, and the SHA-256 of all of it
//
// It decides the order of nothing; whoever writes it does. The manifest comes last. It keeps some 300 bytes a file. One
// thread. Errors: those of the sink, of libarchive, and of the recipient's key.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/age_encryptor.h"
#include "crypto/sha256.h"
#include "engine/disclosure/zip_writer.h"

namespace assent {

class DisclosureArchive {
 public:
  using Sink = std::function<Result<void>(ByteView)>;

  static Result<std::unique_ptr<DisclosureArchive>> create(const std::optional<AgeRecipient>& recipient, WallTime at,
                                                           Sink sink);
  DisclosureArchive(const DisclosureArchive&) = delete;
  DisclosureArchive& operator=(const DisclosureArchive&) = delete;

  Result<void> begin(const std::string& name, Packing packing,
                     const std::optional<std::uint64_t>& size_bytes = std::nullopt);
  Result<void> write(ByteView content);
  Result<void> write(std::string_view text) { return write(bytes_of(text)); }
  Result<void> add(const std::string& name, std::string_view text);  // a whole file
  // The manifest, and the end. What the archive as it came out has for a digest.
  Result<Sha256Digest> finish();

 private:
  struct Listed {
    std::string name;
    std::uint64_t size_bytes = 0;
    Sha256Digest sha256{};
  };

  DisclosureArchive(WallTime at, Sink sink) : at_(at), sink_(std::move(sink)) {}
  Result<void> give(ByteView bytes);
  void end_file();
  std::string manifest() const;

  const WallTime at_;
  Sink sink_;
  Sha256 whole_;
  std::optional<AgeEncryptor> age_;
  std::unique_ptr<ZipWriter> zip_;
  Sha256 digest_;  // of the file being written
  bool in_file_ = false;
  std::vector<Listed> files_;
};

}  // namespace assent
