// CatalogWriter: the one thread that books. Submissions come from any thread; the writer takes all that wait, books
// them as one transaction (one fsync), and completes each. So commits group by themselves: the slower the disk, the
// larger the group.
//
// A submission is all or nothing, and they take effect in the order they were posted. When the joint transaction is
// refused because of what is in it, each submission is booked alone, so that a bad one fails nobody else. When the
// catalog itself fails (Errc::io, corrupt, unavailable), all of the group fail.
//
// It keeps the ledger's lease, too: every commit proves that the ledger can be written, and when there is nothing to
// commit for a part of the lease, one of ProveLedger does.
//
// Producers: any thread, through a mutex that is held for a push or a swap and never during I/O. Consumer: the writer's
// thread, on which every completion runs; a completion may post but must not wait for the writer.
// Bound: `capacity` bookings waiting; beyond it a post is refused with Errc::exhausted.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "base/latency_histogram.h"
#include "base/limits.h"
#include "base/result.h"
#include "engine/catalog/catalog.h"
#include "engine/catalog/ledger_lease.h"

namespace assent {

// Counters only go up, except `waiting`.
struct CatalogWriterCounts {
  std::uint64_t submissions = 0;    // completed, well or not
  std::uint64_t bookings = 0;       // durable
  std::uint64_t transactions = 0;   // committed
  std::uint64_t proofs = 0;         // of these, for the lease alone
  std::uint64_t parted_groups = 0;  // refused jointly and then booked one by one
  std::uint64_t refused = 0;        // submissions that failed because of what they held
  std::uint64_t failed = 0;         // submissions that failed because the catalog did
  std::uint64_t turned_away = 0;    // posts beyond the capacity
  std::uint64_t largest_group = 0;  // submissions in one transaction, at most so far
  std::uint64_t waiting = 0;        // bookings in the queue now
};

// Written by the writer's thread.
struct CatalogLatencies {
  LatencyHistogram queued;  // of a submission, from the post until the writer takes it
  LatencyHistogram commit;  // of a transaction
};

class CatalogWriter {
 public:
  using Completion = std::function<void(const Result<void>&)>;

  explicit CatalogWriter(Catalog& catalog, std::size_t capacity = limits::kCatalogQueue);
  ~CatalogWriter();  // stops
  CatalogWriter(const CatalogWriter&) = delete;
  CatalogWriter& operator=(const CatalogWriter&) = delete;

  // Never waits for the disk. On success `done` is called exactly once, with what became of the submission. On an error
  // (Errc::exhausted: the queue is full; Errc::unavailable: stopped) it is not called.
  Result<void> post(std::vector<Booking> bookings, Completion done);
  // Catalog::forget_deleted, after everything posted before has been booked.
  Result<void> post_forget(Completion done);

  // The same, and waits. Not on the writer's thread.
  Result<void> book_and_wait(std::vector<Booking> bookings);
  Result<void> forget_and_wait();

  // From now on the ledger is proven to be writable before the lease runs out, if it is. Again: another length.
  void keep_lease(nanoseconds length);
  LedgerLease& lease() { return lease_; }
  const LedgerLease& lease() const { return lease_; }

  // What is wrong with the catalog, for /readyz: set by a commit that failed, cleared by one that succeeds.
  std::optional<Error> trouble() const;
  CatalogWriterCounts counts() const;
  // How long the oldest booking that is not durable has waited; nothing when none waits.
  nanoseconds delay(MonoTime now) const;
  std::size_t capacity() const { return capacity_; }
  const CatalogLatencies& latencies() const { return latencies_; }

  // Refuses further posts, books and completes what waits, ends the thread. May be called twice.
  void stop();

 private:
  struct Submission {
    std::vector<Booking> bookings;
    Completion done;
    bool forget = false;
    std::size_t weight = 0;  // of the capacity
    MonoTime posted{};
  };

  Result<void> push(Submission submission);
  Result<void> push_and_wait(Submission submission);
  void run();
  void wait_for_work(std::unique_lock<std::mutex>& lock);
  bool is_proof_due();
  void prove();
  Result<void> commit(std::span<const Booking> bookings);
  void book_group(std::vector<Submission>& group);
  void forget_for(std::vector<Submission>& group);
  void note(const Result<void>& outcome, std::size_t submissions, std::size_t bookings);

  Catalog& catalog_;
  const std::size_t capacity_;
  CatalogLatencies latencies_;
  LedgerLease lease_;
  MonoTime prove_from_ = MonoTime::min();  // not sooner: a proof that fails is not tried again at once; writer's thread

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::vector<Submission> waiting_;
  std::optional<MonoTime> waiting_since_;  // the first of them
  std::optional<MonoTime> booking_since_;  // the first of the group that is being booked
  std::optional<Error> trouble_;
  CatalogWriterCounts counts_;
  bool keeps_lease_ = false;
  bool stopping_ = false;

  std::thread thread_;  // last: it uses all of the above
};

}  // namespace assent
