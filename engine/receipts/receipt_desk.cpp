#include "engine/receipts/receipt_desk.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "crypto/jws.h"
#include "engine/receipts/erasure_receipt.h"
#include "engine/receipts/receipts.h"

namespace assent {

namespace {

Error no_key() { return error(Errc::conflict, "the ledger has no key to sign a receipt with"); }

}  // namespace

std::string_view name_of(ReceiptKind kind) {
  switch (kind) {
    case ReceiptKind::consent: return "consent";
    case ReceiptKind::withdrawal: return "withdrawal";
    case ReceiptKind::nothing_stored: return "nothing-stored";
  }
  return "unknown";
}

// What all receipts of one request have in common.
struct ReceiptDesk::Issuer {
  ReceiptTerms terms;
  std::vector<PurposeRow> purposes;  // the register
  std::shared_ptr<const LedgerSeal> seal;
  WallTime now;

  ReceiptIssue next() const { return {new_id<ReceiptId>(now), now}; }
  void sign(const nlohmann::ordered_json& receipt, SignedReceipt& out) const {
    out.json = receipt.dump();
    out.jws = seal->sign_receipt(out.json);
  }
};

Result<ReceiptDesk::Issuer> ReceiptDesk::issuer() const {
  auto terms = parts_.terms();
  if (!terms) {
    return error(Errc::conflict,
                 "a receipt names who is responsible, and the pipeline file does not say: add [controller] with "
                 "name, address and contact");
  }
  auto seal = parts_.seal();
  if (seal == nullptr) return no_key();
  auto purposes = parts_.catalog.purposes();
  if (!purposes) return purposes.error();
  return Issuer{*std::move(terms), *std::move(purposes), std::move(seal), parts_.clock().wall};
}

Result<void> ReceiptDesk::add_call(const Issuer& issuer, const CallRow& call, const std::optional<SubjectId>& subject,
                                   std::vector<SignedReceipt>& receipts) const {
  const auto participants = parts_.catalog.participants(call.id);
  if (!participants) return participants.error();
  const auto consents = parts_.catalog.consents(call.id);
  if (!consents) return consents.error();
  std::map<ParticipantId, SubjectId> subjects;
  for (const ParticipantRow& person : *participants) {
    if (!subject || person.subject == *subject) subjects[person.id] = person.subject;
  }

  std::map<std::pair<ParticipantId, std::string>, const ConsentRow*> latest;
  for (const ConsentRow& consent : *consents) {
    const auto person = subjects.find(consent.participant);
    if (person == subjects.end()) continue;
    const auto before = latest.find({consent.participant, consent.purpose});
    const bool given = consent.decision == "granted" || consent.decision == "denied";
    SignedReceipt receipt{
        given ? ReceiptKind::consent : ReceiptKind::withdrawal, person->second, call.id, consent.id, {}, {}};
    const ConsentRow* superseded = before == latest.end() ? nullptr : before->second;
    // What is taken back was given on the terms of its own time.
    const bool takes_back = !given && superseded != nullptr && superseded->decision == "granted";
    ReceiptSubject about{person->second, std::nullopt, std::nullopt};
    if (superseded != nullptr) about.before = superseded->id;
    about.purpose = purpose_at(issuer.purposes, consent.purpose, takes_back ? superseded->at : consent.at);
    issuer.sign(consent_receipt(issuer.terms, consent, about, issuer.next()), receipt);
    receipts.push_back(std::move(receipt));
    latest[{consent.participant, consent.purpose}] = &consent;
  }

  if (call.state == CallState::live) return {};
  const auto recording = parts_.catalog.recording_of(call.id);
  if (!recording) return recording.error();
  if (*recording) return {};
  auto legs = parts_.catalog.legs(call.id);
  if (!legs) return legs.error();
  const UnstoredCall unstored{call, *std::move(legs), *participants, *consents};
  for (const auto& [participant, person] : subjects) {
    SignedReceipt receipt{ReceiptKind::nothing_stored, person, call.id, std::nullopt, {}, {}};
    issuer.sign(nothing_stored_receipt(issuer.terms, unstored, person, issuer.next()), receipt);
    receipts.push_back(std::move(receipt));
  }
  return {};
}

Result<std::vector<SignedReceipt>> ReceiptDesk::of_call(CallId id) const {
  const auto call = parts_.catalog.call(id);
  if (!call) return call.error();
  if (!*call) return error(Errc::not_found, "there is no such call");
  const auto made = issuer();
  if (!made) return made.error();
  std::vector<SignedReceipt> receipts;
  if (auto added = add_call(*made, **call, std::nullopt, receipts); !added) return added.error();
  return receipts;
}

Result<std::vector<SignedReceipt>> ReceiptDesk::of_subject(SubjectId id) const {
  const auto subject = parts_.catalog.subject(id);
  if (!subject) return subject.error();
  if (!*subject) return error(Errc::not_found, "there is no such person");
  const auto calls = parts_.catalog.calls_of(id);
  if (!calls) return calls.error();
  const auto made = issuer();
  if (!made) return made.error();
  std::vector<SignedReceipt> receipts;
  for (const CallRow& call : *calls) {
    if (auto added = add_call(*made, call, id, receipts); !added) return added.error();
  }
  return receipts;
}

Result<SignedErasureReceipt> ReceiptDesk::of_erasure(ErasureId id) const {
  const auto row = parts_.catalog.erasure(id);
  if (!row) return row.error();
  if (!*row) return error(Errc::not_found, "there is no erasure with this id");
  if (!(*row)->done) return error(Errc::conflict, "the erasure is not done");
  const auto record = erasure_record(parts_.catalog, **row);
  if (!record) return record.error();
  if (!*record) {
    return error(Errc::conflict, "an older engine began this erasure, and did not note what it destroyed");
  }
  const auto seal = parts_.seal();
  if (seal == nullptr) return no_key();
  SignedErasureReceipt receipt{receipt_id_of(id), erasure_receipt(parts_.terms(), **record).dump(), {}};
  receipt.jws = seal->sign_receipt(receipt.json);
  return receipt;
}

Result<std::string> ReceiptDesk::key_set() const {
  const auto seal = parts_.seal();
  if (seal == nullptr) return no_key();
  const auto started = parts_.ledger_keys();
  if (!started) return started.error();
  std::string keys = jwk_json(seal->public_key(), to_text(seal->key()));
  for (auto one = started->rbegin(); one != started->rend(); ++one) {
    if (one->key != seal->key()) keys += "," + jwk_json(one->public_key, to_text(one->key));
  }
  return R"({"keys":[)" + keys + "]}";
}

}  // namespace assent
