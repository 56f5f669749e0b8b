// KeyRotation: replaces the root, the epoch key and every key above the leaves, so that no copy of the catalog from
// before opens what has been erased since, whatever else its owner has.
//
//   1 a new root beside the old one (RootKeyProvider), and a new epoch key under it
//   2 a successor for each tenant's key, and one for each person's, with what is sealed or found by them
//   3 the keys of legs, calls and participants wrapped under these; the old ones destroyed as they become empty
//   4 the old epoch key destroyed, the catalog's files made to forget, the old root destroyed
//
// The leaves stay: what was stored is not touched, and opens as before. It is not enough to wrap anew what hangs on the
// epoch: a tenant's key that stays the same opens, in an old copy, the key of whoever has been erased.
//
// Everything goes on meanwhile. It happens in small transactions, in a thread of its own, says in the erasure's steps
// how far it is (the target of this erasure is the old epoch key), is taken up again at start, and again after
// limits::kErasureRetry when something failed. Every step may run twice.
//
// Until step 4 is done the old copies open, and the operator's own copy of the root key must be replaced, too: what
// `status` tells is when the oldest epoch that still opens began.
//
// Any thread.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "engine/catalog/catalog_writer.h"
#include "engine/catalog/key_ring.h"
#include "engine/control/call_service.h"
#include "engine/control/erasure_steps.h"

namespace assent {

struct KeyStatus {
  std::string root;  // where it is
  KeyId root_id;
  std::vector<KeyId> epochs;                 // oldest first; two while keys are replaced
  std::uint64_t keys = 0;                    // of any kind
  std::optional<ErasureView> rotation;       // under way
  std::optional<nanoseconds> rotated_every;  // by itself
};

class KeyRotation {
 public:
  struct Parts {  // outlive it
    Catalog& catalog;
    CatalogWriter& writer;
    KeyRing& keys;
    RootKeyProvider& root;
    std::optional<nanoseconds> every;                // none: only when asked
    std::function<void(const std::string&)> report;  // what went wrong, for the log
    std::function<Now()> clock = read_clocks;
    milliseconds retry = limits::kErasureRetry;
    milliseconds look = limits::kRotationLook;  // for whether they are due
  };
  explicit KeyRotation(Parts parts);
  ~KeyRotation();  // ends after the batch it is in
  KeyRotation(const KeyRotation&) = delete;
  KeyRotation& operator=(const KeyRotation&) = delete;

  // Begins one, or gives the one that is under way.
  Result<ErasureView> rotate(const Caller& caller);
  Result<KeyStatus> status();
  // At start: goes on with what was not done.
  Result<void> resume();
  // Until nothing is under way that has not failed. For tests.
  void wait_until_idle();

 private:
  Result<std::optional<ErasureRow>> under_way();
  Result<ErasureRow> begin(const Caller& caller);
  void run();
  void rotate_when_due();
  Result<void> carry_out(ErasureRow row);
  Result<void> close(ErasureRow& row, WallTime forgotten_at);
  bool stops();

  Parts parts_;
  std::mutex asking_;  // held while one is begun: two who ask begin one
  std::mutex mutex_;   // guards what follows
  std::condition_variable changed_;
  std::optional<ErasureRow> waiting_;
  std::optional<ErasureRow> failed_;  // tried again after parts_.retry
  bool busy_ = false;
  bool stopping_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace assent
