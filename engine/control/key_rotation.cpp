#include "engine/control/key_rotation.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/limits.h"
#include "engine/catalog/destroyed.h"
#include "engine/catalog/erasure_record.h"
#include "engine/catalog/forget_patiently.h"
#include "engine/control/key_mover.h"

namespace assent {
namespace {

using nlohmann::json;

LedgerEntry ledger_entry(const ErasureRow& row, WallTime at, json body) {
  body["erasure"] = to_text(row.id);
  body["old_epoch"] = row.target_id;
  return {LedgerKind::rotation, at, std::nullopt, body.dump()};
}

// The old keys that a transaction destroys: it says so itself.
void add_retired(const ErasureRow& row, WallTime at, std::vector<Booking>& bookings) {
  Destroyed retired;
  for (const Booking& booking : bookings) {
    if (const auto* retire = std::get_if<booking::RetireKey>(&booking)) retired.add(retire->key);
  }
  if (retired.empty()) return;
  bookings.emplace_back(
      booking::AddLedger{ledger_entry(row, at, {{"destroyed", retired.to_json()}, {"step", "keys"}})});
}

}  // namespace

KeyRotation::KeyRotation(Parts parts) : parts_(std::move(parts)), thread_([this] { run(); }) {}

KeyRotation::~KeyRotation() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

// ---- from outside ---------------------------------------------------------------------------------------------------

Result<ErasureView> KeyRotation::rotate(const Caller& caller) {
  const std::lock_guard asking(asking_);
  auto open = under_way();
  if (!open) return open.error();
  if (*open) return view_of(**open);
  auto row = begin(caller);
  if (!row) return row.error();
  ErasureView view = view_of(*row);
  {
    const std::lock_guard lock(mutex_);
    waiting_ = *std::move(row);
  }
  changed_.notify_all();
  return view;
}

Result<std::optional<ErasureRow>> KeyRotation::under_way() {
  auto rows = parts_.catalog.unfinished_erasures();
  if (!rows) return rows.error();
  for (ErasureRow& row : *rows) {
    if (row.target_kind == kEpochKind) return std::optional(std::move(row));
  }
  return std::optional<ErasureRow>();
}

Result<ErasureRow> KeyRotation::begin(const Caller& caller) {
  const auto epochs = parts_.catalog.keys_of_kind(KeyKind::epoch);
  if (!epochs) return epochs.error();
  if (epochs->empty()) return error(Errc::conflict, "nothing has been recorded yet: there are no keys to replace");
  // Durable before anything hangs on it. When what follows fails, the next attempt takes the same one.
  if (auto added = parts_.root.add_root(); !added) return added.error();
  const WallTime now = parts_.clock().wall;
  std::vector<Booking> bookings;
  const auto epoch = parts_.keys.next_epoch(bookings);
  if (!epoch) return epoch.error();
  ErasureRow row{new_id<ErasureId>(now), std::string(kEpochKind), to_text(epochs->back().id), now, std::nullopt, "[]"};
  add_step(row, now, "new-epoch", "a new root key, and a new epoch key under it");
  if (auto noted = note_ledger_place(parts_.catalog, row); !noted) return noted.error();
  bookings.emplace_back(booking::StartErasure{row});
  bookings.emplace_back(booking::AddLedger{ledger_entry(
      row, now,
      {{"by", caller.token_id}, {"destroyed", json::object()}, {"new_epoch", to_text(epoch->id)}, {"step", "begun"}})});
  parts_.keys.set_replacing(true);
  if (auto booked = parts_.writer.book_and_wait(std::move(bookings)); !booked) return booked.error();
  return row;
}

Result<KeyStatus> KeyRotation::status() {
  KeyStatus status{parts_.root.describe(), parts_.root.root_id(), {}, 0, {}, parts_.every};
  const auto epochs = parts_.catalog.keys_of_kind(KeyKind::epoch);
  if (!epochs) return epochs.error();
  for (const WrappedKey& epoch : *epochs) status.epochs.push_back(epoch.id);
  const auto count = parts_.catalog.key_count();
  if (!count) return count.error();
  status.keys = *count;
  const auto open = under_way();
  if (!open) return open.error();
  if (*open) status.rotation = view_of(**open);
  return status;
}

Result<void> KeyRotation::resume() {
  auto open = under_way();
  if (!open) return open.error();
  if (!*open) return {};
  parts_.keys.set_replacing(true);
  {
    const std::lock_guard lock(mutex_);
    waiting_ = **std::move(open);
  }
  changed_.notify_all();
  return {};
}

void KeyRotation::wait_until_idle() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !waiting_ && !busy_; });
}

// ---- the thread -----------------------------------------------------------------------------------------------------

void KeyRotation::run() {
  std::unique_lock lock(mutex_);
  const auto has_work = [this] { return stopping_ || waiting_; };
  for (;;) {
    const bool called = changed_.wait_for(lock, failed_ ? parts_.retry : parts_.look, has_work);
    if (stopping_) return;
    if (!called && failed_) waiting_ = std::exchange(failed_, std::nullopt);
    if (!waiting_) {
      lock.unlock();
      rotate_when_due();
      lock.lock();
      continue;
    }
    ErasureRow row = *std::exchange(waiting_, std::nullopt);
    busy_ = true;
    lock.unlock();
    const auto done = carry_out(row);
    if (!done && !stops()) {
      parts_.report("the keys' rotation " + to_text(row.id) + " is not done, and is tried again: " + done.error().what);
    }
    lock.lock();
    busy_ = false;
    if (!done) failed_ = std::move(row);
    changed_.notify_all();
  }
}

void KeyRotation::rotate_when_due() {
  if (!parts_.every) return;
  const auto epochs = parts_.catalog.keys_of_kind(KeyKind::epoch);
  if (!epochs || epochs->empty() || made_at(epochs->front().id) + *parts_.every > parts_.clock().wall) return;
  if (const auto begun = rotate({"schedule"}); !begun) {
    parts_.report("the keys are due to be replaced, and could not be: " + begun.error().what);
  }
}

bool KeyRotation::stops() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

Result<void> KeyRotation::carry_out(ErasureRow row) {
  const auto all = parts_.catalog.key_count();
  if (!all) return all.error();
  KeyMover mover({parts_.catalog, parts_.writer, parts_.keys,
                  [&](std::uint64_t moved, std::vector<Booking>& bookings) -> Result<void> {
                    if (stops()) return error(Errc::unavailable, "the engine stops");
                    set_step(row, parts_.clock().wall, "keys",
                             std::to_string(moved) + " of " + std::to_string(*all) + " keys replaced or wrapped anew");
                    bookings.emplace_back(booking::UpdateErasure{row.id, row.steps_json, std::nullopt});
                    add_retired(row, parts_.clock().wall, bookings);
                    return {};
                  }});
  if (auto moved = mover.move_all(); !moved) return moved;
  if (auto forgotten = forget_patiently(parts_.writer); !forgotten) return forgotten;
  const auto left = parts_.catalog.keys_of_kind(KeyKind::epoch);
  if (!left) return left.error();
  if (left->size() != 1) return error(Errc::corrupt, "an old epoch key is still in the catalog");
  const WallTime forgotten_at = parts_.clock().wall;
  if (auto dropped = parts_.root.drop_old_roots(); !dropped) return dropped;
  return close(row, forgotten_at);
}

Result<void> KeyRotation::close(ErasureRow& row, WallTime forgotten_at) {
  const WallTime now = parts_.clock().wall;
  add_step(row, now, "done", "the old epoch key and the old root key are destroyed");
  row.done = now;
  std::vector<Booking> bookings;
  const ErasureClosing closing{row, std::nullopt, {{"catalog", forgotten_at}, {"root", now}}, 0, parts_.root.root_id()};
  if (auto ended = close_erasure(parts_.catalog, closing, bookings); !ended) return ended.error();
  if (auto booked = parts_.writer.book_and_wait(std::move(bookings)); !booked) return booked;
  parts_.keys.set_replacing(false);
  return {};
}

}  // namespace assent
