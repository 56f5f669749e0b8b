// ReceiptDesk: makes the receipts for what is on record, and signs them.
//
// A receipt is a JWS with the key that signs the ledger's checkpoints (ledger_seal.h): its `kid` names the ledger_key
// record that holds the public part, which stays on the ledger for ever, also after the key has been replaced. The two
// uses cannot be taken for each other: what a checkpoint signs begins with "assent ", a JWS has no space.
//
// It decides which receipts a call or a person gets: one for each consent record, and for a call that is over and left
// nothing, one for each of its participants. What a purpose is, and who receives it, is told as it was on record when
// the consent was given, also on the receipt for its withdrawal. Nothing is stored of a receipt; making it again gives
// another id and time. An erasure gets one when it is done (erasure_receipt.h), the same each time; when the ledger has
// another key by then, that one signs, and what the old one signed stays good. Any thread. Errors: Errc::not_found (no
// such call or person), Errc::conflict (the pipeline file says nothing of the controller, whom a receipt for a consent
// must name; the ledger has no key; the erasure is not done, or was begun by an engine that noted too little), and the
// catalog's.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/catalog/catalog.h"
#include "engine/catalog/ledger_seal.h"
#include "engine/receipts/receipt_terms.h"

namespace assent {

enum class ReceiptKind { consent, withdrawal, nothing_stored };
std::string_view name_of(ReceiptKind kind);

struct SignedReceipt {
  ReceiptKind kind = ReceiptKind::consent;
  SubjectId subject;
  CallId call;
  std::optional<ConsentId> consent;  // not of a nothing-stored receipt
  std::string json;                  // JSON-LD: the JWS's payload
  std::string jws;
};

struct SignedErasureReceipt {
  ReceiptId id;
  std::string json;
  std::string jws;
};

class ReceiptDesk {
 public:
  struct Parts {
    Catalog& catalog;  // outlives the desk
    std::function<std::shared_ptr<const LedgerSeal>()> seal;
    std::function<std::optional<ReceiptTerms>()> terms;                // as they are now
    std::function<Result<std::vector<LedgerKeyStart>>()> ledger_keys;  // all that ever signed, oldest first
    std::function<Now()> clock = read_clocks;
  };
  explicit ReceiptDesk(Parts parts) : parts_(std::move(parts)) {}

  Result<std::vector<SignedReceipt>> of_call(CallId id) const;
  Result<std::vector<SignedReceipt>> of_subject(SubjectId id) const;
  Result<SignedErasureReceipt> of_erasure(ErasureId id) const;
  // The JWK Set (RFC 7517 section 5): the key that signs now, then those before it, for receipts of their time.
  Result<std::string> key_set() const;

 private:
  struct Issuer;
  Result<Issuer> issuer() const;
  // Of one person only, when `subject` says whom.
  Result<void> add_call(const Issuer& issuer, const CallRow& call, const std::optional<SubjectId>& subject,
                        std::vector<SignedReceipt>& receipts) const;

  Parts parts_;
};

}  // namespace assent
