// A ledger in memory, chained and sealed as the catalog does it, for tests that change it afterwards.
#pragma once

#include <memory>
#include <vector>

#include "catalog_rows.h"
#include "engine/catalog/ledger.h"
#include "engine/catalog/ledger_check.h"
#include "engine/catalog/ledger_seal.h"

namespace assent::test {

inline LedgerSeal new_seal() { return LedgerSeal(new_id<KeyId>(at_ms(0)), SecretKey::random()); }

struct SealedLedger {
  std::shared_ptr<const LedgerSeal> key = std::make_shared<LedgerSeal>(new_seal());
  const LedgerSeal& seal = *key;  // a copy has the same
  std::vector<LedgerRow> rows;
  KeptHead kept;

  // `count` records; the first is the key, and every `every`th after it a checkpoint.
  explicit SealedLedger(std::size_t count, std::size_t every = 100) {
    LedgerHead head;
    std::uint64_t checkpoint_seq = 0;
    while (rows.size() < count) {
      const WallTime at = at_ms(static_cast<std::int64_t>(rows.size()));
      LedgerEntry entry{LedgerKind::access, at, CallId{},
                        R"({"purpose":"quality","what":)" + std::to_string(rows.size()) + "}"};
      entry.call->bytes[15] = static_cast<std::uint8_t>(rows.size());
      if (rows.size() % 3 == 0) entry = {LedgerKind::engine_start, at, {}, "{}"};
      if (rows.empty()) entry = {LedgerKind::ledger_key, at, {}, key_start_json(seal.start(seal, head))};
      if (rows.size() % every == every - 1) {
        entry = {LedgerKind::checkpoint, at, {}, checkpoint_json(seal.sign(head, at))};
        checkpoint_seq = rows.size() + 1;
      }
      append(entry, head);
    }
    kept = seal.keep(head, checkpoint_seq);
  }

  void append(const LedgerEntry& entry, LedgerHead& head) {
    const auto row = next_ledger_row(head, entry);
    REQUIRE_OK(row);
    rows.push_back(*row);
    head = head_of(*row);
  }

  // Chains the records anew from the one at `index` on, as somebody would who has no key.
  void rechain(std::size_t index) {
    Sha256Digest before{};
    if (index > 0) before = head_of(rows[index - 1]).hash;
    std::string input;
    for (; index < rows.size(); ++index) {
      rows[index].seq = index + 1;
      ledger_hash_input(before, rows[index], input);
      before = sha256(bytes_of(input));
      rows[index].hash.assign(before.begin(), before.end());
    }
  }

  Result<LedgerReport> check(const std::optional<LedgerHead>& noted = {}) const {
    return check_with(&seal, kept, noted);
  }
  Result<LedgerReport> check_with(const LedgerSeal* by, const std::optional<KeptHead>& end,
                                  const std::optional<LedgerHead>& noted = {}) const {
    LedgerCheck checking(noted);
    for (const LedgerRow& row : rows) {
      if (auto next = checking.next(row); !next) return next.error();
    }
    return checking.finish(end, by);
  }
};

// What is wrong, or "".
inline std::string fault_of(const Result<LedgerReport>& report) {
  if (report) return "";
  CHECK(report.error().code == Errc::corrupt);
  return report.error().what;
}

}  // namespace assent::test
