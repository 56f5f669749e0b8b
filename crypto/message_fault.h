// What can be wrong with a sealed message, with the place: for `verify`, and for whoever must tell damage from a
// missing key. Made by the message reader only. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace assent {

enum class FaultKind {
  truncated,            // the message ends inside its header, a frame or the footer
  bad_header,           // not a message, or a field that cannot be
  unknown_suite,        // another algorithm suite, or format v1
  over_limit,           // well-formed but beyond the caps of base/limits.h; nothing was allocated for it
  no_key,               // none of the message's keys is known to the caller
  key_tag,              // the named key does not open the wrapped data key: wrong key, or the header is damaged
  commitment_mismatch,  // the data key is not the one the message commits to
  header_tag,           // the header was changed
  bad_frame,            // a length no frame can have
  frame_out_of_order,   // not the sequence number that belongs here: swapped, repeated, missing
  frame_tag,            // the frame was changed, or belongs to another message
  final_missing,        // ends after a whole regular frame, without the final one
  bad_signature,        // suite 0x0578: the footer does not verify
  trailing_bytes,       // something follows the end of the message
  source_failed,        // the bytes could not be read
};
std::string_view name_of(FaultKind kind);  // "frame_tag"

struct MessageFault {
  FaultKind kind = FaultKind::bad_header;
  std::uint64_t offset = 0;  // bytes from the start of the message to where the faulty part begins
  std::uint32_t frame = 0;   // from 1; 0: in the header
  std::string what;          // one sentence
};

// no_key -> not_found; unknown_suite, over_limit -> unsupported; source_failed -> io; the rest -> corrupt.
Error to_error(const MessageFault& fault);

}  // namespace assent
