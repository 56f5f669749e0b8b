// The payloads of a Matroska stream (RFC 9559), found without the code that wrote them.
//
// Reads what any reader must: elements by their own length, Segments of unknown size, and the SimpleBlocks of Clusters,
// unlaced. Errc::corrupt where the bytes are no such stream. Pure; any thread.
#pragma once

#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace assent::load {

struct MatroskaBlock {
  milliseconds at{};  // since the stream's beginning
  ByteView payload;   // points into the stream
};

Result<std::vector<MatroskaBlock>> matroska_blocks(ByteView stream);

}  // namespace assent::load
