// ReceiptTerms: what a receipt says that is the same for everyone: who processes the data, where, by which rules.
//
// It comes from the pipeline file's [controller]; the field names are those of ISO/IEC TS 27560:2023. What a purpose is
// comes from the register (catalog), in the version of its time. Values; any thread.
#pragma once

#include <optional>
#include <string>

namespace assent {

// A party to the processing (TS 27560: party section).
struct ReceiptParty {
  std::string id;
  std::string name;
  std::string address;
  std::string contact;                   // where people turn to: an e-mail address, a telephone number, a page
  std::optional<std::string> authority;  // the supervisory authority
  bool operator==(const ReceiptParty&) const = default;
};

struct ReceiptTerms {
  ReceiptParty controller;
  std::string jurisdiction;      // "DE"
  std::string storage_location;  // where recordings lie
  std::string withdrawal;        // how a consent is taken back
  std::string rights;            // what rights people have, in plain words
  bool operator==(const ReceiptTerms&) const = default;
};

}  // namespace assent
