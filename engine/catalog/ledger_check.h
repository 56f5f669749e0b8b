// LedgerCheck: reads a ledger from its first record to its last and says whether it is whole, or where it breaks.
//
// It takes the records in order, then what is known of the end: the kept head (ledger_seal.h), and whoever has the key.
// A record that was changed, added, moved or is missing is found at its place, a rewritten part at the checkpoint that
// follows it, a missing end at the first record that is missing. Without the key, checkpoints are still checked, by the
// public keys that the ledger itself holds: compare `LedgerReport::public_key` with the one you noted.
//
// Pure: no clock, no file. A value: a copy goes on by itself. One thread at a time. Errors: Errc::corrupt, always "the
// ledger breaks at record N: why"; after one, the object is of no further use.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/catalog/ledger_seal.h"

namespace assent {

Error ledger_breaks_at(std::uint64_t seq, std::string_view why);

class LedgerCheck {
 public:
  // `noted`: a head of this ledger that was kept elsewhere; it must be in the chain.
  explicit LedgerCheck(const std::optional<LedgerHead>& noted = std::nullopt) : noted_(noted) {}

  Result<void> next(const LedgerRow& row);
  // No more records. `seal` may be null: then the end is not proven.
  Result<LedgerReport> finish(const std::optional<KeptHead>& kept, const LedgerSeal* seal) const;

  const LedgerHead& head() const { return report_.head; }

 private:
  Result<void> check_key_start(const LedgerRow& row);
  Result<void> check_checkpoint(const LedgerRow& row);
  Result<void> check_end(const KeptHead& kept) const;

  std::optional<LedgerHead> noted_;
  LedgerReport report_;
  std::string input_;  // what is hashed; kept for its memory
};

}  // namespace assent
