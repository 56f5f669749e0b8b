// Walks the packets of a block that block_writer.h has finished. For our own bytes only: whoever reads what may be
// damaged takes reader.h. Pure; any thread.
#pragma once

#include <algorithm>
#include <cstddef>

#include "base/bytes.h"
#include "base/result.h"
#include "codecs/matroska/layout.h"

namespace assent::matroska {

// Calls `visit(payload)` for each packet of the Cluster at the beginning of the block, in order.
template <typename Visit>
void for_each_payload(ByteView block, Visit visit) {
  ASSENT_CHECK(block.size() >= kClusterHead);
  const std::size_t size = kClusterContentAt + (load_be16(&block[kClusterSizeAt]) & kSize2Mask);
  const std::size_t end = std::min(size, block.size());
  std::size_t at = kClusterHead;
  while (at + kSimpleBlockHead < end) {
    const bool long_size = block[at + 1] == kSize3Mark;
    const std::size_t content_at = at + (long_size ? 4 : 3);
    const std::size_t content = long_size ? load_be16(&block[at + 2]) : load_be16(&block[at + 1]) & kSize2Mask;
    ASSENT_CHECK(content > kSimpleBlockFields && content_at + content <= end);
    visit(block.subspan(content_at + kSimpleBlockFields, content - kSimpleBlockFields));
    at = content_at + content;
  }
}

}  // namespace assent::matroska
