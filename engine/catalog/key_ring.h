// KeyRing: the keys in use. It opens a key by walking up the tree that the catalog stores,
//
//     root provider -> epoch -> tenant -> subject -> leg
//                                      -> call
//
// makes new keys, and keeps opened ones at hand for a while.
//
// A new key is durable before it is used: making one appends the booking that stores it, and the caller books that in
// the same transaction as the row which needs it. Until that has succeeded nothing may be sealed under it.
//
// A destroyed key must not live on here: after DestroyKey has been booked, the one who booked it calls `evict`, which
// drops the key and everything below it at once. Handles that others hold stay valid until they let go; withdrawing
// what is in use is theirs to do.
//
// Any thread. Errors of `open`: Errc::not_found (the key or one above it has been destroyed, or never was),
// Errc::corrupt (a row is damaged, or the root is another one), Errc::exhausted (no locked memory left), and the
// catalog's and the provider's own. Kept: at most `limits.count` keys, each until it has not been asked for during
// `limits.idle`.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "base/limits.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/key_provider.h"
#include "crypto/secret.h"
#include "engine/catalog/catalog.h"

namespace assent {

// An opened key and its name. Copies share the key; its memory is wiped when the last one goes.
struct OpenKey {
  KeyId id;
  std::shared_ptr<const SecretKey> key;
};

struct KeyRingLimits {
  std::size_t count = limits::kCachedKeys;
  nanoseconds idle = limits::kCachedKeyAge;
};

class KeyRing {
 public:
  // Borrows both, which outlive it. The clock is a parameter so that tests run in virtual time.
  KeyRing(Catalog& catalog, const RootKeyProvider& root, KeyRingLimits key_limits = {},
          std::function<Now()> clock = read_clocks);

  Result<OpenKey> open(KeyId id);
  // A second owner of the key, for who must outlive its eviction: a reader in the middle of a segment.
  Result<SecretKey> open_copy(KeyId id);

  // The newest epoch key; made when there is none. For start-up: two callers at once would make two.
  Result<OpenKey> epoch(std::vector<Booking>& bookings);
  // A new key under `parent`, which may itself be one that is not booked yet (book its row first).
  Result<OpenKey> make(KeyKind kind, const OpenKey& parent, std::vector<Booking>& bookings);

  void evict(KeyId id);
  void drop_idle();  // every `open` does it, too; call it now and then so that an idle engine forgets
  std::size_t kept() const;

 private:
  struct Kept {
    OpenKey key;
    KeyId parent;
    MonoTime used;
  };

  Result<OpenKey> open_under(KeyId id, int depth);
  std::shared_ptr<const SecretKey> find(KeyId id);
  bool keep(const OpenKey& key, KeyId parent, std::uint64_t evictions);
  void drop_idle_locked(MonoTime now);
  std::uint64_t evictions() const;

  Catalog& catalog_;
  const RootKeyProvider& root_;
  const KeyRingLimits limits_;
  const std::function<Now()> clock_;

  mutable std::mutex mutex_;  // guards what follows; never held while the catalog or the provider is asked
  std::list<Kept> kept_;      // last used first
  std::unordered_map<KeyId, std::list<Kept>::iterator> places_;
  std::uint64_t evictions_ = 0;
};

}  // namespace assent
