#include "engine/receipts/receipt_parts.h"

#include <nlohmann/json.hpp>

namespace assent {

using Json = nlohmann::ordered_json;

Json receipt_context() {
  return {{"dpv", "https://w3id.org/dpv#"},
          {"pd", "https://w3id.org/dpv/pd#"},
          {"dct", "http://purl.org/dc/terms/"},
          {"assent", "urn:assent:receipt#"}};
}

Json party_json(const ReceiptParty& party, std::string_view type) {
  Json json = {{"@type", type},
               {"dct:identifier", party.id},
               {"dpv:hasName", party.name},
               {"dpv:hasAddress", party.address},
               {"dpv:hasContact", party.contact}};
  if (party.authority) json["dpv:hasAuthority"] = *party.authority;
  return json;
}

}  // namespace assent
