// What the signal of a consent says of itself: the digit that was pressed, the number of a form, whatever the one who
// passes it on calls it. It may name a person, and the consent's record never changes and never goes. So the record
// has a salted hash of it in its place, "sha256:" and hex, which the ledger's hash covers; text and salt are sealed
// beside it under the participant's key (column consents | sealed_said), and can be erased. While they are there they
// prove what was said; once they are gone the hash tells nothing, since nobody can try digits or names against it
// without the salt (the same as in RFC 9901, section 4.2).
//
// The id of a consent on file, which is opaque, stands in the record as it is; so does what records say that are older
// than this.
//
// Any thread. Errors: those of the key ring; Errc::corrupt (damaged, moved, or not what the record was made of).
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/secret.h"
#include "engine/catalog/catalog_rows.h"
#include "engine/catalog/key_ring.h"

namespace assent {

// By consent; "" for one whose signal says nothing. What has been erased is missing.
using Said = std::map<ConsentId, std::string>;

// Puts it into the row, whose id stands; UTF-8. Nothing changes when it is empty.
void seal_said(const SecretKey& participant_key, std::string_view text, ConsentRow& row);

// Errc::not_found: it has been erased.
Result<std::string> open_said(const SecretKey& participant_key, const ConsentRow& row);
// None: it has been erased.
Result<std::optional<std::string>> open_said(KeyRing& keys, KeyId participant_key, const ConsentRow& row);
// Of those whose participants' keys are named.
Result<Said> open_said(KeyRing& keys, const std::map<ParticipantId, KeyId>& participant_keys,
                       std::span<const ConsentRow> consents);
std::optional<std::string> said_by(const Said& said, ConsentId consent);

}  // namespace assent
