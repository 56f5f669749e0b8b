// A call as a vCon: draft-ietf-vcon-vcon-core-03 (1 July 2026), syntax version "0.4.0", unsigned form, with the consent
// attachment of draft-howe-vcon-consent-00 (21 July 2025).
//
//   parties      every participant in their order, then the organisation that recorded. The person with what is known
//                of them, others with their role alone ("role" is the contact centre extension's, "CC")
//   dialog       0 is the call itself, a recording-set of everybody; then one recording for each file, inline
//   attachments  consent (one for each of the person's places in the call), receipts, notes, metrics, accesses,
//                recipients, and what is not there any more; all of them are about dialog 0
//   analysis     none: nothing is analysed here
//
// An attachment's `party` is who distributes it: the organisation, except for the consent attachment, where that draft
// has the consenting person there.
//
// What is not in the core schema is named in `extensions`, and nothing of it is critical. The draft's own JSON schema
// is compared with what comes out by a test.
//
// The audio is not held here: the text comes in pieces, and between them the caller writes each file in base64url.
// Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "engine/disclosure/disclosed.h"

namespace assent {

struct VconPiece {
  std::string text;
  const DisclosedAudio* audio = nullptr;  // whose Ogg follows the text, in base64url without padding; null at the end
};

// The audio pointed to lies in `call`. `uuid` is the vCon's own.
std::vector<VconPiece> vcon_of(const DisclosedCall& call, const std::string& uuid, WallTime at);

}  // namespace assent
