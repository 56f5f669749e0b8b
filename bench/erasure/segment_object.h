// A stored segment as the engine would have made it, without an engine: the sealed message of a second of a call, and
// its row. Small, because an erasure never reads an object; whole, because who listens does.
//
// Pure but for the random ids and keys of the message; any thread.
#pragma once

#include <utility>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/message.h"
#include "crypto/secret.h"
#include "engine/catalog/catalog.h"
#include "engine/store/segment_context.h"

namespace assent::erasure {

struct LegSecret {
  const SecretKey& key;
  KeyId id;
};

struct SegmentObject {
  SegmentRow row;
  Bytes bytes;
};

// Errors: those of SegmentSealer::create.
Result<SegmentObject> seal_segment(const SegmentIdentity& identity, const LegSecret& leg, WallTime started,
                                   FrameCipher& cipher);

// Of each.
inline constexpr milliseconds kSegmentTime{1000};

}  // namespace assent::erasure
