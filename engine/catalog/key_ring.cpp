#include "engine/catalog/key_ring.h"

#include <new>
#include <unordered_set>
#include <utility>

#include "crypto/wrapped_key.h"

namespace assent {
namespace {

// epoch, tenant, subject, leg: a row that leads further up is damaged, or the rows form a ring.
constexpr int kDeepest = 4;

}  // namespace

KeyRing::KeyRing(Catalog& catalog, const RootKeyProvider& root, KeyRingLimits key_limits, std::function<Now()> clock)
    : catalog_(catalog), root_(root), limits_(key_limits), clock_(std::move(clock)) {}

// ---- opening ------------------------------------------------------------------------------------------------------

Result<OpenKey> KeyRing::open(KeyId id) { return open_under(id, 1); }

Result<OpenKey> KeyRing::open_under(KeyId id, int depth) {
  if (depth > kDeepest) return error(Errc::corrupt, "the key rows above " + to_text(id) + " lead nowhere");
  for (;;) {
    if (auto key = find(id)) return OpenKey{id, std::move(key)};
    // A key evicted between the reading of its row and here must not come back: then the row is read again.
    const std::uint64_t before = evictions();
    const auto row = catalog_.key(id);
    if (!row) return row.error();
    if (!*row) return error(Errc::not_found, "the key " + to_text(id) + " has been destroyed");
    const WrappedKey& wrapped = **row;
    Result<SecretKey> key = error(Errc::corrupt, "");
    if (wrapped.kind == KeyKind::epoch) {
      key = root_.unwrap_epoch(wrapped);
    } else {
      const auto parent = open_under(wrapped.parent, depth + 1);
      if (!parent) return parent.error();
      key = unwrap_key(*parent->key, wrapped);
    }
    if (!key) return key.error();
    OpenKey opened{id, std::make_shared<const SecretKey>(*std::move(key))};
    if (keep(opened, wrapped.parent, before)) return opened;
  }
}

Result<SecretKey> KeyRing::open_copy(KeyId id) {
  const auto opened = open(id);
  if (!opened) return opened.error();
  try {
    return opened->key->duplicate();
  } catch (const std::bad_alloc&) {
    return error(Errc::exhausted, "no locked memory is left for another key");
  }
}

Result<OpenKey> KeyRing::epoch(std::vector<Booking>& bookings) {
  const auto rows = catalog_.keys_of_kind(KeyKind::epoch);
  if (!rows) return rows.error();
  if (!rows->empty()) return open(rows->back().id);  // ids sort by age
  const std::uint64_t before = evictions();
  const auto id = new_id<KeyId>(clock_().wall);
  try {
    OpenKey made{id, std::make_shared<const SecretKey>(SecretKey::random())};
    auto wrapped = root_.wrap_epoch(id, *made.key);
    if (!wrapped) return wrapped.error();
    bookings.emplace_back(booking::AddKey{*std::move(wrapped)});
    keep(made, root_.root_id(), before);
    return made;
  } catch (const std::bad_alloc&) {
    return error(Errc::exhausted, "no locked memory is left for another key");
  }
}

Result<OpenKey> KeyRing::make(KeyKind kind, const OpenKey& parent, std::vector<Booking>& bookings) {
  const std::uint64_t before = evictions();
  const auto id = new_id<KeyId>(clock_().wall);
  try {
    OpenKey made{id, std::make_shared<const SecretKey>(SecretKey::random())};
    bookings.emplace_back(booking::AddKey{wrap_key(*parent.key, parent.id, kind, id, *made.key)});
    keep(made, parent.id, before);
    return made;
  } catch (const std::bad_alloc&) {
    return error(Errc::exhausted, "no locked memory is left for another key");
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

bool KeyRing::keep(const OpenKey& key, KeyId parent, std::uint64_t evictions_before) {
  const MonoTime now = clock_().mono;
  const std::lock_guard lock(mutex_);
  if (evictions_ != evictions_before) return false;
  if (places_.contains(key.id)) return true;  // another thread opened it meanwhile
  kept_.push_front({key, parent, now});
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
  // What stays is what hangs under the root by keys that are kept and are not `id`. A key whose parent has been dropped
  // may hang below `id`: it goes, too, and opening it again asks the catalog.
  std::unordered_map<KeyId, std::vector<KeyId>> children;
  for (const Kept& kept : kept_) {
    if (kept.key.id != id) children[kept.parent].push_back(kept.key.id);
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
