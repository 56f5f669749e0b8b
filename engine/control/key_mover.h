// KeyMover: gives every key below old epoch keys a successor, or wraps it anew under one, and destroys the old ones
// (key_rotation.h). It finds by what the catalog says where it stopped.
//
// What others book while it works is never overwritten: each change names what was read, and is prepared again when the
// catalog says something else by then. An old key is destroyed in the transaction that moves the last that hangs on it.
// What does not open because a key above it has been destroyed stays as it is; whoever destroyed that one sees to it.
//
// One thread. Errors are the catalog's, the key ring's, and what `on_batch` says.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "engine/catalog/catalog_writer.h"
#include "engine/catalog/key_ring.h"

namespace assent {

class KeyMover {
 public:
  struct Parts {
    Catalog& catalog;
    CatalogWriter& writer;
    KeyRing& keys;
    // Before each transaction, with how many keys have been moved when it is booked: adds what is booked with it, or
    // says why to stop.
    std::function<Result<void>(std::uint64_t moved, std::vector<Booking>& bookings)> on_batch;
  };
  explicit KeyMover(Parts parts) : parts_(std::move(parts)) {}

  // Everything below each epoch key that has a successor, and these keys.
  Result<void> move_all();

 private:
  using Prepare = std::function<Result<void>(std::vector<Booking>& bookings)>;

  Result<void> replace_tenant_keys(KeyId old_epoch);
  Result<void> replace_subject_keys(KeyId old_tenant);
  Result<void> replace_subject_keys(std::span<const WrappedKey> batch, const OpenKey& tenant);
  Result<void> give_participants_keys(KeyId subject_key);
  Result<void> replace_subject_key(KeyId old, const OpenKey& tenant, std::vector<Booking>& bookings);
  Result<void> move_from_all(KeyKind kind);
  Result<std::size_t> move_most_from(KeyId old_parent);
  Result<void> move_rest_from(std::span<const KeyId> old_parents);
  Result<std::vector<WrappedKey>> all_under(KeyId parent);
  Result<void> rewrap(const WrappedKey& row, std::vector<Booking>& bookings);
  Result<void> book(const Prepare& prepare);

  Parts parts_;
  std::uint64_t moved_ = 0;
};

}  // namespace assent
