#include "engine/catalog/catalog_writer.h"

#include <pthread.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace assent {
namespace {

// The catalog's own failure, as against a booking it refuses.
bool is_trouble(const Result<void>& outcome) {
  if (outcome) return false;
  const Errc code = outcome.error().code;
  return code == Errc::io || code == Errc::corrupt || code == Errc::unavailable;
}

}  // namespace

CatalogWriter::CatalogWriter(Catalog& catalog, std::size_t capacity)
    : catalog_(catalog), capacity_(capacity), thread_([this] { run(); }) {}

CatalogWriter::~CatalogWriter() { stop(); }

void CatalogWriter::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

// ---- producers ----------------------------------------------------------------------------------------------------

Result<void> CatalogWriter::post(std::vector<Booking> bookings, Completion done) {
  const std::size_t weight = std::max<std::size_t>(bookings.size(), 1);
  return push({std::move(bookings), std::move(done), false, weight});
}

Result<void> CatalogWriter::post_forget(Completion done) { return push({{}, std::move(done), true, 1}); }

Result<void> CatalogWriter::book_and_wait(std::vector<Booking> bookings) {
  const std::size_t weight = std::max<std::size_t>(bookings.size(), 1);
  return push_and_wait({std::move(bookings), {}, false, weight});
}

Result<void> CatalogWriter::forget_and_wait() { return push_and_wait({{}, {}, true, 1}); }

Result<void> CatalogWriter::push(Submission submission) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return error(Errc::unavailable, "the catalog is shutting down");
  if (counts_.waiting + submission.weight > capacity_) {
    ++counts_.turned_away;
    return error(Errc::exhausted, "the catalog has " + std::to_string(counts_.waiting) +
                                      " bookings waiting: the disk is too slow for what is asked");
  }
  counts_.waiting += submission.weight;
  submission.posted = read_mono();
  if (!waiting_since_) waiting_since_ = submission.posted;
  waiting_.push_back(std::move(submission));
  changed_.notify_one();
  return {};
}

Result<void> CatalogWriter::push_and_wait(Submission submission) {
  ASSENT_CHECK(std::this_thread::get_id() != thread_.get_id());
  std::mutex mutex;
  std::condition_variable completed;
  std::optional<Result<void>> outcome;
  submission.done = [&](const Result<void>& result) {
    const std::lock_guard lock(mutex);
    outcome = result;
    completed.notify_one();  // under the lock: after it, the waiting frame may be gone
  };
  if (auto pushed = push(std::move(submission)); !pushed) return pushed;
  std::unique_lock lock(mutex);
  completed.wait(lock, [&] { return outcome.has_value(); });
  return *std::move(outcome);
}

void CatalogWriter::keep_lease(nanoseconds length) {
  lease_.set_length(length);
  const std::lock_guard lock(mutex_);
  keeps_lease_ = true;
  changed_.notify_one();
}

std::optional<Error> CatalogWriter::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

CatalogWriterCounts CatalogWriter::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

nanoseconds CatalogWriter::delay(MonoTime now) const {
  const std::lock_guard lock(mutex_);
  const std::optional<MonoTime> oldest = booking_since_ ? booking_since_ : waiting_since_;
  return oldest ? std::max(now - *oldest, nanoseconds(0)) : nanoseconds(0);
}

// ---- the writer ---------------------------------------------------------------------------------------------------

void CatalogWriter::run() {
  pthread_setname_np(pthread_self(), "assent-catalog");
  std::vector<Submission> group;
  for (;;) {
    bool keeps_lease = false;
    {
      std::unique_lock lock(mutex_);
      booking_since_.reset();
      wait_for_work(lock);
      if (waiting_.empty() && stopping_) return;
      keeps_lease = keeps_lease_;
      group.swap(waiting_);
      booking_since_ = std::exchange(waiting_since_, std::nullopt);
      counts_.waiting = 0;
    }
    const MonoTime now = read_mono();
    for (const Submission& submission : group) latencies_.queued.add(now - submission.posted);
    const bool books = std::any_of(group.begin(), group.end(), [](const Submission& one) { return !one.forget; });
    if (keeps_lease && !books && is_proof_due()) prove();
    book_group(group);
    forget_for(group);
    group.clear();
  }
}

// Returns with work, to stop, or when a proof is due.
void CatalogWriter::wait_for_work(std::unique_lock<std::mutex>& lock) {
  const auto has_work = [this] { return stopping_ || !waiting_.empty(); };
  while (!has_work()) {
    if (!keeps_lease_) {
      changed_.wait(lock);
    } else if (is_proof_due()) {
      return;
    } else {
      changed_.wait_for(lock, limits::kLeaseLook);
    }
  }
}

bool CatalogWriter::is_proof_due() {
  const Now now = read_clocks();
  return now.mono >= prove_from_ && lease_.is_proof_due(now);
}

void CatalogWriter::prove() {
  const std::array<Booking, 1> proof{booking::ProveLedger{}};
  const Result<void> proven = commit(proof);
  note(proven, 0, 0);
  prove_from_ = read_mono() + limits::kLeaseLook;
  const std::lock_guard lock(mutex_);
  if (proven) ++counts_.proofs;
}

Result<void> CatalogWriter::commit(std::span<const Booking> bookings) {
  const Now began = read_clocks();
  Result<void> outcome = catalog_.book(bookings);
  if (!outcome) return outcome;
  latencies_.commit.add(read_mono() - began.mono);
  if (!bookings.empty()) lease_.prove(began);  // before any completion: a shard that hears of the commit sees it proven
  return outcome;
}

void CatalogWriter::book_group(std::vector<Submission>& group) {
  std::vector<Booking> joint;
  std::vector<std::pair<Submission*, std::size_t>> members;  // and how many of the joint bookings are theirs
  for (Submission& submission : group) {
    if (submission.forget) continue;
    members.emplace_back(&submission, submission.bookings.size());
    std::move(submission.bookings.begin(), submission.bookings.end(), std::back_inserter(joint));
  }
  if (members.empty()) return;

  const Result<void> together = commit(joint);
  if (together || is_trouble(together) || members.size() == 1) {
    note(together, members.size(), joint.size());
    for (const auto& member : members) member.first->done(together);
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    ++counts_.parted_groups;
  }
  std::span<const Booking> rest(joint);
  for (const auto& [submission, size] : members) {
    const Result<void> alone = commit(rest.first(size));
    rest = rest.subspan(size);
    note(alone, 1, size);
    submission->done(alone);
  }
}

void CatalogWriter::forget_for(std::vector<Submission>& group) {
  const auto asks = [](const Submission& submission) { return submission.forget; };
  if (std::none_of(group.begin(), group.end(), asks)) return;
  const Result<void> outcome = catalog_.forget_deleted();  // once for all who ask
  if (!outcome && outcome.error().code != Errc::unavailable) {
    const std::lock_guard lock(mutex_);
    trouble_ = outcome.error();
  }
  for (Submission& submission : group) {
    if (submission.forget) submission.done(outcome);
  }
}

void CatalogWriter::note(const Result<void>& outcome, std::size_t submissions, std::size_t bookings) {
  const std::lock_guard lock(mutex_);
  counts_.submissions += submissions;
  if (outcome) {
    counts_.bookings += bookings;
    ++counts_.transactions;
    counts_.largest_group = std::max<std::uint64_t>(counts_.largest_group, submissions);
    trouble_.reset();
  } else if (is_trouble(outcome)) {
    counts_.failed += submissions;
    trouble_ = outcome.error();
  } else {
    counts_.refused += submissions;
  }
}

}  // namespace assent
