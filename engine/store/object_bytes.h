// ObjectBytes: an object of the store as something with a size that can be read anywhere, any number of times: what is
// to be stored (so that an upload can be repeated and compared) and what is stored. One thread at a time.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"

namespace assent {

class ObjectBytes {
 public:
  virtual ~ObjectBytes() = default;
  virtual std::uint64_t size_bytes() const = 0;
  // Fills as much of `to` as there is from `offset_bytes` on: all of it, except at the object's end.
  virtual Result<std::size_t> read_at(std::uint64_t offset_bytes, ByteSpan to) = 0;
};

// Bytes in memory; borrows them.
class ObjectInMemory final : public ObjectBytes {
 public:
  explicit ObjectInMemory(ByteView bytes) : bytes_(bytes) {}
  std::uint64_t size_bytes() const override { return bytes_.size(); }
  Result<std::size_t> read_at(std::uint64_t offset_bytes, ByteSpan to) override;

 private:
  ByteView bytes_;
};

}  // namespace assent
