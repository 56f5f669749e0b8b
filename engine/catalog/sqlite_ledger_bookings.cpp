// The ledger's part of a transaction: records chained to the last one, checkpoints, and the kept head.

#include <algorithm>

#include "engine/catalog/sqlite_bookings.h"

namespace assent {
namespace {

template <std::size_t n>
bool copy_to(const Bytes& from, std::array<std::uint8_t, n>& to) {
  if (from.size() != n) return false;
  std::copy(from.begin(), from.end(), to.begin());
  return true;
}

}  // namespace

Result<std::optional<KeptHead>> read_kept_head(SqliteDatabase& database) {
  auto row = database.use("SELECT seq, hash, checkpoint, mac FROM ledger_head WHERE n = 1");
  if (!row) return row.error();
  const auto found = row->step();
  if (!found) return found.error();
  if (!*found) return std::optional<KeptHead>();
  KeptHead kept;
  Bytes hash;
  Bytes mac;
  if (auto read = row->read(kept.head.seq, hash, kept.checkpoint_seq, mac); !read) return read.error();
  if (!copy_to(hash, kept.head.hash) || !copy_to(mac, kept.mac)) {
    return error(Errc::corrupt, "catalog: what was kept of the ledger's end is damaged");
  }
  return std::optional(kept);
}

// Where the chain ends, and whether it may be extended there.
Result<void> SqliteBookings::find_head() {
  if (head_) return {};
  LedgerHead head;
  {
    auto last = database_.use("SELECT seq, hash FROM ledger ORDER BY seq DESC LIMIT 1");
    if (!last) return last.error();
    const auto found = last->step();
    if (!found) return found.error();
    if (*found) {
      Bytes hash;
      if (auto read = last->read(head.seq, hash); !read) return read;
      if (!copy_to(hash, head.hash)) return error(Errc::corrupt, "catalog: the ledger's last hash is damaged");
    }
  }
  const auto kept = read_kept_head(database_);
  if (!kept) return kept.error();
  if (*kept && sealing_.seal == nullptr) {
    return error(Errc::unsupported, "catalog: the ledger is sealed, and nothing is added to it without its key");
  }
  if (sealing_.seal != nullptr && (!*kept || !sealing_.seal->is_ours(**kept) || (*kept)->head != head)) {
    return error(Errc::corrupt, "catalog: the ledger does not end at record " + std::to_string(head.seq) +
                                    " as it was written: nothing more is added to it");
  }
  if (*kept) checkpoint_seq_ = (*kept)->checkpoint_seq;
  head_ = head;
  return {};
}

Result<void> SqliteBookings::append_record(const LedgerEntry& entry) {
  const auto row = next_ledger_row(*head_, entry);
  if (!row) return row.error();
  head_ = head_of(*row);
  appended_ = true;
  return database_.run("INSERT INTO ledger (seq, at, kind, call, body, hash) VALUES (?, ?, ?, ?, ?, ?)", row->seq,
                       row->at, row->kind, row->call, row->body_json, row->hash);
}

Result<void> SqliteBookings::append_ledger(const LedgerEntry& entry) {
  if (auto found = find_head(); !found) return found;
  if (auto appended = append_record(entry); !appended) return appended;
  const bool is_due = head_->seq - checkpoint_seq_ >= sealing_.checkpoint_records;
  return sealing_.seal != nullptr && is_due ? append_checkpoint(entry.at) : Result<void>();
}

Result<void> SqliteBookings::append_checkpoint(WallTime at) {
  const auto checkpoint = sealing_.seal->sign(*head_, at);
  checkpoint_seq_ = head_->seq + 1;
  checkpoint_at_ = at;
  return append_record({LedgerKind::checkpoint, at, std::nullopt, checkpoint_json(checkpoint)});
}

Result<void> SqliteBookings::finish() {
  if (sealing_.seal == nullptr) return {};
  if (auto found = find_head(); !found) return found;
  const KeptHead kept = sealing_.seal->keep(*head_, checkpoint_seq_);
  // Taken out and put back: SQLite does not write a page on which an update changes nothing, and a commit that writes
  // nothing proves nothing.
  if (auto taken_out = database_.run("DELETE FROM ledger_head WHERE n = 1"); !taken_out) return taken_out;
  return database_.run("INSERT INTO ledger_head (n, seq, hash, checkpoint, mac) VALUES (1, ?, ?, ?, ?)", kept.head.seq,
                       ByteView(kept.head.hash), kept.checkpoint_seq, ByteView(kept.mac));
}

Result<void> SqliteBookings::put(const booking::AddLedger& add) { return append_ledger(add.entry); }

Result<void> SqliteBookings::put(const booking::StartLedgerKey& start) {
  if (auto known = require_key(start.seal->key()); !known) return known;
  if (auto found = find_head(); !found) return found;
  const LedgerSeal& signer = sealing_.seal != nullptr ? *sealing_.seal : *start.seal;
  const std::string body = key_start_json(signer.start(*start.seal, *head_));
  sealing_.seal = start.seal;
  return append_record({LedgerKind::ledger_key, start.at, std::nullopt, body});
}

Result<void> SqliteBookings::put(const booking::AddCheckpoint& add) {
  if (sealing_.seal == nullptr) return error(Errc::unsupported, "catalog: the ledger has no key to sign with");
  if (auto found = find_head(); !found) return found;
  return checkpoint_seq_ == head_->seq ? Result<void>() : append_checkpoint(add.at);
}

}  // namespace assent
