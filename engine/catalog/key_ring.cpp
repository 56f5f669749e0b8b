#include "engine/catalog/key_ring.h"

#include <algorithm>
#include <new>
#include <unordered_set>
#include <utility>

#include "crypto/wrapped_key.h"

namespace assent {
namespace {

// epoch, tenant, subject, leg: a row that leads further up is damaged, or the rows form a ring.
constexpr int kDeepest = 4;

Error no_memory() { return error(Errc::exhausted, "no locked memory is left for another key"); }

SecretKey wrapping_key(const OpenKey& parent, std::span<const OpenKey> guards) {
  SecretKey key = parent.key->duplicate();
  for (const OpenKey& guard : guards) key = combine(key, *guard.key);
  return key;
}

}  // namespace

WrappedKey wrap_under(const OpenKey& parent, std::span<const OpenKey> guards, KeyKind kind, const OpenKey& key) {
  WrappedKey row = wrap_key(wrapping_key(parent, guards), parent.id, kind, key.id, *key.key);
  for (const OpenKey& guard : guards) row.guards.push_back(guard.id);
  return row;
}

KeyRing::KeyRing(Catalog& catalog, const RootKeyProvider& root, KeyRingLimits key_limits, std::function<Now()> clock)
    : catalog_(catalog), root_(root), limits_(key_limits), clock_(std::move(clock)) {}

// ---- opening ------------------------------------------------------------------------------------------------------

Result<OpenKey> KeyRing::open(KeyId id) { return open_under(id, 1); }

Result<OpenKey> KeyRing::open_unbooked(KeyId id) {
  if (auto key = find(id)) return OpenKey{id, std::move(key)};
  return error(Errc::conflict, "the new key " + to_text(id) + " was dropped while others were replaced: start again");
}

Result<OpenKey> KeyRing::open_under(KeyId id, int depth) {
  if (depth > kDeepest) return error(Errc::corrupt, "the key rows above " + to_text(id) + " lead nowhere");
  for (;;) {
    if (auto key = find(id)) return OpenKey{id, std::move(key)};
    // A key evicted between the reading of its row and here must not come back: then the row is read again.
    const std::uint64_t before = evictions();
    const auto row = catalog_.key(id);
    if (!row) return row.error();
    if (!*row) return error(Errc::not_found, "the key " + to_text(id) + " has been destroyed");
    auto key = unwrap(**row, depth);
    if (!key) {
      // What was read may be of before it was wrapped anew.
      const auto again = catalog_.key(id);
      if (again && *again && (*again)->wrapped != (*row)->wrapped) continue;
      return key.error();
    }
    OpenKey opened{id, std::make_shared<const SecretKey>(*std::move(key))};
    if (keep(opened, **row, before)) return opened;
  }
}

Result<SecretKey> KeyRing::unwrap(const WrappedKey& wrapped, int depth) {
  if (wrapped.kind == KeyKind::epoch) return root_.unwrap_epoch(wrapped);
  const auto parent = open_under(wrapped.parent, depth + 1);
  if (!parent) return parent.error();
  std::vector<OpenKey> guards;
  for (const KeyId id : wrapped.guards) {
    auto guard = open_under(id, depth + 1);
    if (!guard) return guard.error();
    guards.push_back(*std::move(guard));
  }
  try {
    return unwrap_key(wrapping_key(*parent, guards), wrapped);
  } catch (const std::bad_alloc&) {
    return no_memory();
  }
}

Result<OpenKey> KeyRing::open_newest(KeyId id) {
  const auto successor = catalog_.successor(id);
  if (!successor) return successor.error();
  return open(successor->value_or(id));
}

Result<SecretKey> KeyRing::open_copy(KeyId id) {
  const auto opened = open(id);
  if (!opened) return opened.error();
  try {
    return opened->key->duplicate();
  } catch (const std::bad_alloc&) {
    return no_memory();
  }
}

Result<OpenKey> KeyRing::epoch(std::vector<Booking>& bookings) {
  const auto rows = catalog_.keys_of_kind(KeyKind::epoch);
  if (!rows) return rows.error();
  if (!rows->empty()) return open(rows->back().id);  // ids sort by age
  auto made = draw_epoch(clock_().wall);
  if (!made) return made.error();
  bookings.emplace_back(booking::AddKey{made->second});
  return made->first;
}

Result<OpenKey> KeyRing::next_epoch(std::vector<Booking>& bookings) {
  const auto rows = catalog_.keys_of_kind(KeyKind::epoch);
  if (!rows) return rows.error();
  if (rows->empty()) return error(Errc::not_found, "there is no epoch key yet");
  // Later than the old one by its id, too, though the clock may have been set back.
  auto made = draw_epoch(std::max(clock_().wall, made_at(rows->back().id) + milliseconds(1)));
  if (!made) return made.error();
  booking::ReplaceEpochKey replace{{}, std::move(made->second)};
  for (const WrappedKey& row : *rows) replace.old.push_back(row.id);
  bookings.emplace_back(std::move(replace));
  return std::move(made->first);
}

Result<std::pair<OpenKey, WrappedKey>> KeyRing::draw_epoch(WallTime now) {
  const std::uint64_t before = evictions();
  const auto id = new_id<KeyId>(now);
  try {
    OpenKey made{id, std::make_shared<const SecretKey>(SecretKey::random())};
    auto wrapped = root_.wrap_epoch(id, *made.key);
    if (!wrapped) return wrapped.error();
    keep(made, *wrapped, before);
    return std::pair(made, *std::move(wrapped));
  } catch (const std::bad_alloc&) {
    return no_memory();
  }
}

Result<OpenKey> KeyRing::make(KeyKind kind, const OpenKey& parent, std::vector<Booking>& bookings,
                              std::span<const OpenKey> guards) {
  auto made = draw(kind, parent, guards);
  if (!made) return made.error();
  bookings.emplace_back(booking::AddKey{std::move(made->second)});
  return std::move(made->first);
}

Result<std::pair<OpenKey, WrappedKey>> KeyRing::draw(KeyKind kind, const OpenKey& parent,
                                                     std::span<const OpenKey> guards) {
  const std::uint64_t before = evictions();
  const auto id = new_id<KeyId>(clock_().wall);
  try {
    OpenKey made{id, std::make_shared<const SecretKey>(SecretKey::random())};
    WrappedKey row = wrap_under(parent, guards, kind, made);
    keep(made, row, before);
    return std::pair(std::move(made), std::move(row));
  } catch (const std::bad_alloc&) {
    return no_memory();
  }
}

// ---- the keys at hand ---------------------------------------------------------------------------------------------

std::shared_ptr<const SecretKey> KeyRing::find(KeyId id) {
  const MonoTime now = clock_().mono;
  const std::lock_guard lock(mutex_);
  drop_idle_locked(now);
  const auto place = places_.find(id);
  if (place == places_.end()) return nullptr;
  place->second->used = now;
  kept_.splice(kept_.begin(), kept_, place->second);
  return kept_.front().key.key;
}

bool KeyRing::keep(const OpenKey& key, const WrappedKey& row, std::uint64_t evictions_before) {
  const MonoTime now = clock_().mono;
  const std::lock_guard lock(mutex_);
  if (evictions_ != evictions_before) return false;
  if (places_.contains(key.id)) return true;  // another thread opened it meanwhile
  kept_.push_front({key, row.parent, row.guards, now});
  places_.emplace(key.id, kept_.begin());
  if (kept_.size() > limits_.count) {
    places_.erase(kept_.back().key.id);
    kept_.pop_back();
  }
  return true;
}

void KeyRing::evict(KeyId id) {
  const std::lock_guard lock(mutex_);
  ++evictions_;
  if (replacing_) {
    places_.clear();
    kept_.clear();
    return;
  }
  // What stays is what hangs under the root by keys that are kept and are not `id`. A key whose parent has been dropped
  // may hang below `id`: it goes, too, and opening it again asks the catalog.
  std::unordered_map<KeyId, std::vector<KeyId>> children;
  for (const Kept& kept : kept_) {
    const bool is_guarded = std::find(kept.guards.begin(), kept.guards.end(), id) != kept.guards.end();
    if (kept.key.id != id && !is_guarded) children[kept.parent].push_back(kept.key.id);
  }
  std::unordered_set<KeyId> stays;
  std::vector<KeyId> below{root_.root_id()};
  while (!below.empty()) {
    const KeyId parent = below.back();
    below.pop_back();
    for (const KeyId& child : children[parent]) {
      if (stays.insert(child).second) below.push_back(child);
    }
  }
  for (auto at = kept_.begin(); at != kept_.end();) {
    if (stays.contains(at->key.id)) {
      ++at;
      continue;
    }
    places_.erase(at->key.id);
    at = kept_.erase(at);
  }
}

void KeyRing::set_replacing(bool replacing) {
  const std::lock_guard lock(mutex_);
  replacing_ = replacing;
}

void KeyRing::drop(KeyId id) {
  const std::lock_guard lock(mutex_);
  ++evictions_;
  const auto place = places_.find(id);
  if (place == places_.end()) return;
  kept_.erase(place->second);
  places_.erase(place);
}

void KeyRing::drop_idle() {
  const MonoTime now = clock_().mono;
  const std::lock_guard lock(mutex_);
  drop_idle_locked(now);
}

void KeyRing::drop_idle_locked(MonoTime now) {
  while (!kept_.empty() && now - kept_.back().used > limits_.idle) {
    places_.erase(kept_.back().key.id);
    kept_.pop_back();
  }
}

std::size_t KeyRing::kept() const {
  const std::lock_guard lock(mutex_);
  return kept_.size();
}

std::uint64_t KeyRing::evictions() const {
  const std::lock_guard lock(mutex_);
  return evictions_;
}

}  // namespace assent
