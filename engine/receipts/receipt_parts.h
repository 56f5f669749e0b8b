// What receipts of every kind have in common: how they name things, and who publishes them. For receipts.cpp and
// erasure_receipt.cpp. Pure; any thread.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "engine/receipts/receipt_terms.h"

namespace assent {

inline std::string urn(std::string_view id) { return "urn:uuid:" + std::string(id); }
template <typename Tag>
std::string urn(const Id<Tag>& id) {
  return urn(to_text(id));
}
nlohmann::ordered_json receipt_context();
nlohmann::ordered_json party_json(const ReceiptParty& party, std::string_view type);

}  // namespace assent
