// KeyRing: the keys in use. It opens a key by walking up the tree that the catalog stores,
//
//     root provider -> epoch -> tenant -> subject -> leg, participant, disclosure
//                                      -> call
//
// makes new keys, and keeps opened ones at hand for a while. A leg's or a call's key may have guards besides its parent
// (crypto/wrapped_key.h): opening it opens all of them.
//
// A new key is durable before it is used: making one appends the booking that stores it, and the caller books that in
// the same transaction as the row which needs it. Until that has succeeded nothing may be sealed under it.
//
// A destroyed key must not live on here: after DestroyKey has been booked, the one who booked it calls `evict`, which
// drops the key and everything below it at once. Handles that others hold stay valid until they let go; withdrawing
// what is in use is theirs to do.
//
// Keys are replaced while they are in use (engine/control/key_rotation.h). So a key, when it has been asked for by the
// id that its owner's row names, may be another by the time that something made under it is booked: then booking gives
// Errc::conflict, and whoever asked starts again from the row.
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
#include <span>
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

// The row of a key: wrapped under its parent and its guards, all of which must open for it to open.
// Throws std::bad_alloc when no locked memory is left, as SecretKey does.
WrappedKey wrap_under(const OpenKey& parent, std::span<const OpenKey> guards, KeyKind kind, const OpenKey& key);

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
  // One that has been made and not booked yet, which is nowhere but here. Errc::conflict: an eviction, of whatever, has
  // dropped it; then nothing can be booked that needs it, and whoever made it starts again.
  Result<OpenKey> open_unbooked(KeyId id);
  // The key's successor where it has one: while keys are replaced, a row may name one that nothing is wrapped under any
  // more.
  Result<OpenKey> open_newest(KeyId id);
  // A second owner of the key, for who must outlive its eviction: a reader in the middle of a segment.
  Result<SecretKey> open_copy(KeyId id);

  // The newest epoch key; made when there is none. For start-up: two callers at once would make two.
  Result<OpenKey> epoch(std::vector<Booking>& bookings);
  // A new epoch key in place of all there are, under the provider's newest root. Errc::not_found: there is none.
  Result<OpenKey> next_epoch(std::vector<Booking>& bookings);
  // A new key under `parent`, which may itself be one that is not booked yet (book its row first); likewise its guards.
  Result<OpenKey> make(KeyKind kind, const OpenKey& parent, std::vector<Booking>& bookings,
                       std::span<const OpenKey> guards = {});
  // The same, for whoever books its row in another way.
  Result<std::pair<OpenKey, WrappedKey>> draw(KeyKind kind, const OpenKey& parent,
                                              std::span<const OpenKey> guards = {});

  void evict(KeyId id);
  // While keys are replaced, what hangs under what is about to change: then an eviction drops all there are.
  void set_replacing(bool replacing);
  // Forgets one key and not what hangs under it, which has been wrapped anew.
  void drop(KeyId id);
  void drop_idle();  // every `open` does it, too; call it now and then so that an idle engine forgets
  std::size_t kept() const;

 private:
  struct Kept {
    OpenKey key;
    KeyId parent;
    std::vector<KeyId> guards;
    MonoTime used;
  };

  Result<OpenKey> open_under(KeyId id, int depth);
  Result<std::pair<OpenKey, WrappedKey>> draw_epoch(WallTime now);
  Result<SecretKey> unwrap(const WrappedKey& wrapped, int depth);
  std::shared_ptr<const SecretKey> find(KeyId id);
  bool keep(const OpenKey& key, const WrappedKey& row, std::uint64_t evictions);
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
  bool replacing_ = false;
};

}  // namespace assent
