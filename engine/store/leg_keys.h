// LegKeys: how the store comes by the key a segment is sealed under, by the key name in the segment's header.
#pragma once

#include <functional>

#include "base/ids.h"
#include "crypto/message_reader.h"

namespace assent {

// Errc::not_found: the key has been destroyed or never was; other errors: it could not be had now.
using LegKeys = std::function<Result<SecretKey>(KeyId id)>;

// The id of the leg key that a message's header names; nothing when it names none of ours.
std::optional<KeyId> leg_key_id_of(const MessageHeader& header);

// Opens a message's header with the leg key it names. The Error tells a missing key (Errc::not_found) from damage
// (Errc::corrupt) and from a key that could not be had now.
Result<FrameOpener> open_header(ByteView message, const LegKeys& keys);

}  // namespace assent
