// PinFile: the user PIN of a token, in a file of one line that nobody but the user the engine runs as can reach. It is
// read for each login, and kept no longer than that.
//
// A token counts wrong PINs and locks itself after a few: so one that it has refused is not read again until the file
// has been written. What is compared is the file's change time.
//
// One thread. Errors say what to do: Errc::denied for a wrong mode, owner or file type, and for what was refused
// before; Errc::invalid for a wrong shape; Errc::io.
#pragma once

#include <ctime>
#include <filesystem>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/secret_buffer.h"

namespace assent {

class Pin {
 public:
  ByteSpan reveal() const { return buffer_.reveal().first(size_); }

 private:
  friend class PinFile;
  Pin(SecretBuffer buffer, std::size_t size, std::timespec changed)
      : buffer_(std::move(buffer)), size_(size), changed_(changed) {}

  SecretBuffer buffer_;
  std::size_t size_;
  std::timespec changed_;
};

class PinFile {
 public:
  explicit PinFile(std::filesystem::path path);

  Result<Pin> read() const;
  void note_refused(const Pin& pin) { refused_ = pin.changed_; }

 private:
  std::filesystem::path path_;
  std::optional<std::timespec> refused_;  // the change time of the file whose PIN was refused
};

}  // namespace assent
