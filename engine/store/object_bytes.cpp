#include "engine/store/object_bytes.h"

#include <algorithm>

namespace assent {

Result<std::size_t> ObjectInMemory::read_at(std::uint64_t offset_bytes, ByteSpan to) {
  if (offset_bytes >= bytes_.size()) return std::size_t{0};
  const ByteView from = bytes_.subspan(static_cast<std::size_t>(offset_bytes));
  const std::size_t length = std::min(from.size(), to.size());
  std::copy_n(from.begin(), length, to.begin());
  return length;
}

}  // namespace assent
