#include "pipelines/engine_ledger.h"

#include <utility>

#include "engine/catalog/ledger.h"
#include "engine/catalog/ledger_keys.h"

namespace assent {
namespace {

Error refused(const Error& broken, const std::filesystem::path& state) {
  const std::string folder = state.string();
  return error(broken.code,
               broken.what + ". Nothing is recorded on a broken ledger. Keep a copy of " + folder +
                   " as it is; then put back a copy of its catalog.db from before, or begin a new state folder. "
                   "`assent ledger verify --state " +
                   folder + "` says this again");
}

std::string entries(std::uint64_t count) { return std::to_string(count) + (count == 1 ? " record" : " records"); }

}  // namespace

Result<std::vector<std::string>> begin_ledger(const LedgerParts& parts) {
  auto seal = open_ledger_seal(parts.catalog, parts.keys);
  if (!seal) return seal.error();
  parts.catalog.seal_ledger({*seal, parts.settings.checkpoint_records});
  const MonoTime began = read_mono();
  const auto verified = parts.catalog.verify_ledger();
  if (!verified)
    return verified.error().code == Errc::corrupt ? refused(verified.error(), parts.state) : verified.error();
  if (*seal == nullptr && verified->public_key) {
    return refused(error(Errc::corrupt, "the ledger breaks at record " + std::to_string(verified->head.seq) +
                                            ": its end cannot be checked, because the key that seals it is gone"),
                   parts.state);
  }
  parts.catalog.count_from(*verified);

  std::vector<std::string> report;
  const WallTime now = read_clocks().wall;
  std::vector<Booking> bookings;
  const auto epoch = parts.keys.epoch(bookings);
  if (!epoch) return epoch.error();
  if (*seal == nullptr) {
    seal = start_ledger_key(parts.keys, *epoch, nullptr, now, bookings);
    if (!seal) return seal.error();
    if (verified->head.seq != 0) {
      report.push_back("ledger: " + entries(verified->head.seq) + " from before it had a key are taken as they are");
    }
  }
  bookings.emplace_back(booking::AddLedger{{LedgerKind::engine_start, now, std::nullopt, "{}"}});
  if (auto booked = parts.writer.book_and_wait(std::move(bookings)); !booked) return booked.error();
  const auto took_ms = std::chrono::duration_cast<milliseconds>(read_mono() - began).count();
  report.push_back("ledger: " + entries(verified->head.seq) + ", chain whole, " +
                   std::to_string(verified->checkpoints) + " checkpoints; read in " + std::to_string(took_ms) +
                   " ms; public key " + to_hex((*seal)->public_key()));
  return report;
}

Result<std::string> end_ledger(SqliteCatalog& catalog, CatalogWriter& writer) {
  const WallTime now = read_clocks().wall;
  auto booked = writer.book_and_wait(
      {booking::AddLedger{{LedgerKind::engine_stop, now, std::nullopt, "{}"}}, booking::AddCheckpoint{now}});
  if (!booked) return booked.error();
  const auto kept = catalog.kept_head();
  if (!kept) return kept.error();
  ASSENT_CHECK(kept->has_value());  // the checkpoint has just been signed
  return "the ledger ends at " + to_text((*kept)->head) +
         "; noted elsewhere, `assent ledger verify --expect-head` shows whether an older one was put in its place";
}

CheckpointClock::CheckpointClock(CatalogWriter& writer, milliseconds interval,
                                 std::function<void(const std::string&)> report)
    : writer_(writer),
      interval_(interval),
      report_(std::move(report)),
      due_(read_mono() + interval),
      thread_("checkpoints", wake_, [this](MonoTime now) { return look(now); }) {}

MonoTime CheckpointClock::look(MonoTime now) {
  if (now < due_) return due_;
  due_ = now + interval_;
  // The answer may come when this clock has gone.
  const auto posted = writer_.post({booking::AddCheckpoint{read_clocks().wall}}, [report = report_](const auto& done) {
    if (!done) report("the ledger could not be signed: " + done.error().what);
  });
  if (!posted) report_("the ledger could not be signed: " + posted.error().what);
  return due_;
}

}  // namespace assent
