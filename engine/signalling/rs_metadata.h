// Recording metadata (RFC 7865): what a session recording client (SIPREC) says of the session that it sends: who is in
// it, which streams there are, and whose voice each is.
//
// A document is complete, and then stands for all that was said before, or partial, and changes what it names.
// Identifiers are the sender's own, unique within the session. Tolerant of what SBCs send: any prefix and namespace,
// the element and attribute names of the drafts before the RFC, times that are nonsense or missing (they are not read:
// the times of a recording are its own). Pure; any thread. Errc::invalid: no XML, or of something else.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace assent {

struct RsParticipant {
  std::string id;
  std::string aor;                    // "sip:bob@biloxi.example": the first nameID's
  std::string name;                   // of the same
  std::vector<std::string> sends;     // streams
  std::vector<std::string> receives;  // likewise
  bool says_streams = false;          // the document says what they send and receive, nothing included
  bool has_left = false;              // disassociated from the session

  bool operator==(const RsParticipant&) const = default;
};

struct RsStream {
  std::string id;
  std::string label;  // of an m-line (RFC 4574)

  bool operator==(const RsStream&) const = default;
};

struct RsMetadata {
  bool is_complete = true;
  std::vector<RsParticipant> participants;  // in the order of the document
  std::vector<RsStream> streams;
  std::string sip_session;  // of the first communication session that has one (RFC 7989)

  // Those present who send the stream that is in the m-line of this label, several when their voices are mixed in it.
  std::vector<const RsParticipant*> senders_of(std::string_view label) const;
};

// Bounded besides what parse_xml bounds: 64 participants, 64 streams, and 1 KiB each of their texts, of which what is
// longer is cut off.
Result<RsMetadata> parse_rs_metadata(std::string_view xml);

// What is known after `said`, which came later.
RsMetadata updated(const RsMetadata& before, const RsMetadata& said);

}  // namespace assent
