#include "engine/catalog/register_entries.h"

#include <nlohmann/json.hpp>

#include "crypto/sha256.h"

namespace assent {

LedgerEntry ledger_entry_of(const NoticeRow& row) {
  const nlohmann::json body = {{"by", row.origin},
                               {"language", row.language},
                               {"notice", row.id},
                               {"text_sha256", to_hex(row.hash)},
                               {"version", row.version}};
  return {LedgerKind::notice, row.at, std::nullopt, body.dump()};
}

LedgerEntry ledger_entry_of(const PurposeRow& row) {
  const nlohmann::json what = {
      {"description", row.description},
      {"lawful_basis", row.lawful_basis},
      {"processors", row.processors_json},
      {"retention_hours", row.retention_hours ? nlohmann::json(*row.retention_hours) : nlohmann::json(nullptr)}};
  const nlohmann::json body = {{"by", row.origin},
                               {"purpose", row.id},
                               {"record_sha256", to_hex(sha256(bytes_of(what.dump())))},
                               {"version", row.version}};
  return {LedgerKind::purpose, row.at, std::nullopt, body.dump()};
}

}  // namespace assent
