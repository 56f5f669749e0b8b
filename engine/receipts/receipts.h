// Receipts: what a person can be given about a consent of theirs, or about a call that left nothing.
//
// JSON-LD with terms of the W3C Data Privacy Vocabulary 2 (dpv), after its guide for ISO/IEC TS 27560:2023: a receipt
// that holds the whole consent record. Members that the vocabulary has no term for are "assent:".
//
//   consent receipt         a consent record whose state is given or refused
//   withdrawal receipt      one whose state is withdrawn or expired
//   nothing-stored receipt  a call over which nothing was kept: its legs, times, and by which rule they were wiped
//
// People are named by their opaque subject id, nobody else's is in it. Pure functions, any thread.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "engine/catalog/catalog.h"
#include "engine/receipts/receipt_terms.h"

namespace assent {

// A receipt's id and when it was made.
struct ReceiptIssue {
  ReceiptId id;
  WallTime at;
};

struct ReceiptSubject {
  SubjectId person;
  std::optional<ConsentId> before;  // what this record supersedes: the person's last one for that purpose in that call
  std::optional<PurposeRow> purpose;  // as it was on record; none: it never was
};
nlohmann::ordered_json consent_receipt(const ReceiptTerms& terms, const ConsentRow& consent,
                                       const ReceiptSubject& subject, const ReceiptIssue& issue);

// The newest version of a purpose that was on record at a time; the oldest one for a time before there was any.
// `register_rows` is oldest first.
std::optional<PurposeRow> purpose_at(std::span<const PurposeRow> register_rows, std::string_view id, WallTime at);

// What is known of a call that is over and has no recording.
struct UnstoredCall {
  CallRow call;
  std::vector<LegRow> legs;
  std::vector<ParticipantRow> participants;
  std::vector<ConsentRow> consents;  // oldest first
};
// For one of its participants: their own legs.
nlohmann::ordered_json nothing_stored_receipt(const ReceiptTerms& terms, const UnstoredCall& call, SubjectId subject,
                                              const ReceiptIssue& issue);

}  // namespace assent
