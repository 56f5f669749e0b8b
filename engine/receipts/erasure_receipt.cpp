#include "engine/receipts/erasure_receipt.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "crypto/sha256.h"
#include "engine/receipts/receipt_parts.h"

namespace assent {
namespace {

using Json = nlohmann::ordered_json;

// "assent:calls" and so on.
Json destroyed(const DestroyedTotals& totals) {
  Json json = Json::object();
  for (const auto kind : {DestroyedKind::person, DestroyedKind::call, DestroyedKind::recording, DestroyedKind::leg,
                          DestroyedKind::participant, DestroyedKind::key}) {
    const DestroyedTotal& total = totals[static_cast<std::size_t>(kind)];
    Json one = {{"assent:count", total.count}, {"assent:sha256", to_hex(total.sha256)}};
    if (total.ids) {
      Json ids = Json::array();
      for (const std::string& id : *total.ids) ids.push_back(urn(id));
      one["assent:ids"] = std::move(ids);
    }
    json["assent:" + std::string(plural_name_of(kind))] = std::move(one);
  }
  return json;
}

}  // namespace

ReceiptId receipt_id_of(ErasureId erasure) {
  const Sha256Digest digest = sha256(bytes_of("assent erasure receipt " + to_text(erasure)));
  ReceiptId id;
  std::copy_n(digest.begin(), id.bytes.size(), id.bytes.begin());
  id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0f) | 0x80);
  id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3f) | 0x80);
  return id;
}

Json erasure_receipt(const std::optional<ReceiptTerms>& terms, const ErasureRecord& record) {
  const ReceiptId id = receipt_id_of(record.id);
  Json json = {{"@context", receipt_context()},
               {"@id", urn(id)},
               {"@type", "assent:ErasureReceipt"},
               {"dct:identifier", to_text(id)},
               {"dct:created", to_rfc3339(record.done)}};
  if (terms) json["dct:publisher"] = party_json(terms->controller, "dpv:DataController");
  json["assent:erasure"] = urn(record.id);
  json["assent:target"] = {{"@id", urn(record.target_id)}, {"assent:kind", record.target_kind}};
  json["assent:requested"] = to_rfc3339(record.requested);
  json["assent:requestedBy"] = record.by;
  json["assent:done"] = to_rfc3339(record.done);
  Json steps = Json::array();
  for (const auto& [step, at] : record.steps) steps.push_back({{"assent:step", step}, {"assent:at", to_rfc3339(at)}});
  json["assent:steps"] = std::move(steps);
  json["assent:destroyed"] = destroyed(record.destroyed);
  json["assent:objectsRemoved"] = record.objects;
  Json confirmed = Json::array();
  for (const ErasureConfirmation& one : record.confirmed) {
    confirmed.push_back({{"assent:by", one.by}, {"assent:at", to_rfc3339(one.at)}});
  }
  json["assent:confirmed"] = std::move(confirmed);
  Json processors = Json::array();
  for (const ProcessorConfirmation& one : record.processors) {
    Json told = {{"assent:name", one.name}};
    if (one.waived.empty()) {
      told["assent:confirmed"] = to_rfc3339(one.at);
    } else {
      told["assent:waived"] = to_rfc3339(one.at);
      told["assent:reason"] = one.waived;
    }
    processors.push_back(std::move(told));
  }
  json["assent:processors"] = std::move(processors);
  json["assent:ledger"] = {
      {"assent:from", record.from_seq}, {"assent:record", record.seq}, {"assent:hash", to_hex(record.hash)}};
  return json;
}

}  // namespace assent
