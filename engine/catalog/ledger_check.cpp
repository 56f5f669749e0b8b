#include "engine/catalog/ledger_check.h"

#include <algorithm>

#include "engine/catalog/canonical_json.h"
#include "engine/catalog/ledger.h"

namespace assent {
namespace {

// Names of kinds are such; with others the hashed text could be read in two ways.
bool is_kind(std::string_view kind) {
  return !kind.empty() &&
         std::all_of(kind.begin(), kind.end(), [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
}

std::string number(std::uint64_t seq) { return std::to_string(seq); }

}  // namespace

Error ledger_breaks_at(std::uint64_t seq, std::string_view why) {
  return error(Errc::corrupt, "the ledger breaks at record " + number(seq) + ": " + std::string(why));
}

Result<void> LedgerCheck::next(const LedgerRow& row) {
  const std::uint64_t expected = report_.head.seq + 1;
  if (row.seq > expected) return ledger_breaks_at(expected, "the record is missing");
  if (row.seq < expected) return ledger_breaks_at(row.seq, "the record is out of order");
  if (!is_kind(row.kind)) return ledger_breaks_at(row.seq, "its kind is none");
  if (!is_canonical_object(row.body_json)) return ledger_breaks_at(row.seq, "its body is not canonical JSON");
  ledger_hash_input(report_.head.hash, row, input_);
  const Sha256Digest hash = sha256(bytes_of(input_));
  if (!std::equal(hash.begin(), hash.end(), row.hash.begin(), row.hash.end())) {
    return ledger_breaks_at(row.seq, "its hash does not match it and the record before");
  }
  if (row.kind == name_of(LedgerKind::ledger_key)) {
    if (auto started = check_key_start(row); !started) return started;
  } else if (row.kind == name_of(LedgerKind::checkpoint)) {
    if (auto signed_well = check_checkpoint(row); !signed_well) return signed_well;
  }
  report_.head = {row.seq, hash};
  if (noted_ && noted_->seq == row.seq && noted_->hash != hash) {
    return ledger_breaks_at(row.seq,
                            "it is not the one whose hash was noted: this record, or one before it, was rewritten");
  }
  return {};
}

Result<void> LedgerCheck::check_key_start(const LedgerRow& row) {
  const auto start = parse_key_start(row.body_json);
  if (!start) return ledger_breaks_at(row.seq, "it does not say which key it begins");
  if (!verify_key_start(*start, report_.head, report_.public_key.value_or(start->public_key))) {
    return ledger_breaks_at(row.seq, "the key that it begins is not signed by the key before");
  }
  report_.key = start->key;
  report_.public_key = start->public_key;
  return {};
}

Result<void> LedgerCheck::check_checkpoint(const LedgerRow& row) {
  const auto checkpoint = parse_checkpoint(row.body_json);
  if (!checkpoint) return ledger_breaks_at(row.seq, "it does not say what it signs");
  if (checkpoint->head != report_.head || checkpoint->at != row.at) {
    return ledger_breaks_at(row.seq,
                            "the checkpoint signs another record than the one before it: something after record " +
                                number(report_.last_checkpoint.value_or(0)) + " was rewritten");
  }
  if (!report_.public_key || checkpoint->key != report_.key || !verify_checkpoint(*checkpoint, *report_.public_key)) {
    return ledger_breaks_at(row.seq, "the checkpoint's signature is not by the ledger's key: something after record " +
                                         number(report_.last_checkpoint.value_or(0)) + " was rewritten");
  }
  ++report_.checkpoints;
  report_.last_checkpoint = row.seq;
  report_.last_checkpoint_at = row.at;
  return {};
}

// Where the chain ends, against where it was last written.
Result<void> LedgerCheck::check_end(const KeptHead& kept) const {
  const std::uint64_t last = report_.head.seq;
  if (kept.head.seq > last) {
    return ledger_breaks_at(last + 1, "it is missing, and so is all up to record " + number(kept.head.seq) +
                                          ", the last that was written: the end has been cut off");
  }
  if (kept.head.seq < last) {
    return ledger_breaks_at(kept.head.seq + 1, "nobody with the ledger's key wrote it: record " +
                                                   number(kept.head.seq) + " is the last that was");
  }
  if (kept.head != report_.head) {
    return ledger_breaks_at(last, "it is not what was written there: this record, or one after record " +
                                      number(report_.last_checkpoint.value_or(0)) + ", was rewritten");
  }
  if (kept.checkpoint_seq != report_.last_checkpoint.value_or(0)) {
    return ledger_breaks_at(last, "its last checkpoint is record " + number(report_.last_checkpoint.value_or(0)) +
                                      ", and was record " + number(kept.checkpoint_seq));
  }
  return {};
}

Result<LedgerReport> LedgerCheck::finish(const std::optional<KeptHead>& kept, const LedgerSeal* seal) const {
  const std::uint64_t last = report_.head.seq;
  // Before the rest: a kept head that is not ours can tell nothing.
  if (kept && seal != nullptr && !seal->is_ours(*kept)) {
    return ledger_breaks_at(last, "what was kept of its end, " + number(kept->head.seq) +
                                      " records, is not authentic: it was changed, or belongs to another key");
  }
  if (kept) {
    if (auto ended = check_end(*kept); !ended) return ended.error();
  } else if (seal != nullptr || report_.public_key) {
    return ledger_breaks_at(last, "what was kept of its end is missing");
  }
  if (noted_ && noted_->seq > last) {
    return ledger_breaks_at(last + 1, "it is missing, and so is all up to record " + number(noted_->seq) +
                                          ", which was noted: the end has been cut off");
  }
  if (seal != nullptr && report_.public_key != seal->public_key()) {
    return ledger_breaks_at(last, "the key that its records name is not the one that seals it");
  }
  LedgerReport report = report_;
  if (seal != nullptr) report.end = LedgerReport::End::proven;
  return report;
}

}  // namespace assent
