// A small file that is read whole: a key, a secret. What may be read, and what it is called, is for the caller to say.
//
// One owner; any thread.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "base/result.h"

namespace assent {

// Closes the descriptor, if it is one.
class OpenFile {
 public:
  explicit OpenFile(int descriptor) : fd(descriptor) {}
  ~OpenFile();
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  const int fd;  // negative: it could not be opened
};

// Up to its end, or as much as there is room for; how many bytes. Errors say `doing`, "read root key /x".
Result<std::size_t> read_whole(const OpenFile& file, std::span<char> to, const std::string& doing);

}  // namespace assent
