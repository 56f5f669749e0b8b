// LegKeys: how the store comes by the key a segment is sealed under, by the key name in the segment's header.
#pragma once

#include <functional>
#include <optional>

#include "base/ids.h"
#include "crypto/message_reader.h"

namespace assent {

// Errc::not_found: the key has been destroyed or never was; other errors: it could not be had now. Any thread.
using LegKeys = std::function<Result<SecretKey>(KeyId id)>;

// The id of the leg key that a message's header names; nothing when it names none of ours.
std::optional<KeyId> leg_key_id_of(const MessageHeader& header);

struct OpenedHeader {
  FrameOpener opener;
  SecretKey leg_key;
  KeyId leg_key_id;
};

// Opens the header at the beginning of `message` with the leg key it names. Errc::not_found: the key has been
// destroyed; Errc::corrupt: the header does not verify, or names none of our keys; others: the key could not be had
// now.
Result<OpenedHeader> open_header(ByteView message, const LegKeys& keys);

}  // namespace assent
