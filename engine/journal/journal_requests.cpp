// What other threads ask of the JournalWriter: flush, release, and punching out an erased segment.
#include <algorithm>
#include <utility>

#include "engine/journal/journal_writer.h"

namespace assent {
namespace {

// Neighbouring pages of one file as one extent. The places are sorted.
std::vector<FileExtent> extents_of(std::span<const JournalPlace> places) {
  std::vector<FileExtent> extents;
  for (const JournalPlace& place : places) {
    if (!extents.empty() && extents.back().offset_bytes + extents.back().size_bytes == place.offset_bytes()) {
      extents.back().size_bytes += limits::kPageBytes;
    } else {
      extents.push_back({place.offset_bytes(), limits::kPageBytes});
    }
  }
  return extents;
}

Result<void> blank_all(DiskFile& file, std::span<const FileExtent> extents) {
  for (const FileExtent& extent : extents) {
    if (auto blanked = file.blank(extent); !blanked) return blanked;
  }
  return {};
}

}  // namespace

void JournalWriter::flush() {
  {
    const std::lock_guard lock(mutex_);
    requests_.flush = true;
  }
  wake_.notify();
}

void JournalWriter::release(SegmentId segment) {
  // No wake: nothing waits for the space.
  const std::lock_guard lock(mutex_);
  requests_.releases.push_back(segment);
}

void JournalWriter::punch(SegmentId segment, PunchDone done) {
  {
    const std::lock_guard lock(mutex_);
    requests_.punches.push_back({segment, std::move(done)});
  }
  wake_.notify();
}

JournalCounters JournalWriter::counters() const {
  const std::lock_guard lock(mutex_);
  JournalCounters counters = counters_;
  counters.queued_pages += queue_.waiting_pages();
  return counters;
}

JournalHealth JournalWriter::health() const {
  const std::lock_guard lock(mutex_);
  return health_;
}

void JournalWriter::drain_queue(MonoTime now) {
  while (auto page = queue_.pop()) {
    const PageTimes times = page->times();
    latencies_.sealed.add(times.full.until(times.sealed));
    latencies_.taken.add(times.sealed.until(now));
    if (erased_.contains(page->segment())) {
      ++tally_.dropped_pages;
    } else {
      pending_.push_back({std::move(*page), {}});
    }
  }
}

void JournalWriter::take_requests() {
  Requests requests;
  {
    const std::lock_guard lock(mutex_);
    std::swap(requests, requests_);
  }
  urgent_ = urgent_ || requests.flush;
  for (const SegmentId& segment : requests.releases) ledger_.release(segment);
  for (PunchRequest& request : requests.punches) {
    const Result<void> punched = punch_now(request.segment);
    if (request.done) request.done(punched);
  }
}

Result<void> JournalWriter::punch_now(SegmentId segment) {
  erased_.insert(segment);
  if (batch_) {
    // The batch may stand half written in the file and must not be written again with this segment in it.
    const auto first = pending_.begin() + static_cast<std::ptrdiff_t>(written_);
    const auto last = first + static_cast<std::ptrdiff_t>(batch_->pages);
    const bool affected = std::any_of(first, last, [&](const auto& p) { return p.page.segment() == segment; });
    if (affected) {
      if (auto retracted = retract_batch(); !retracted) return retracted;
    }
  }
  drop_pending(segment);
  const std::vector<JournalPlace> places = ledger_.places(segment);
  if (auto punched = punch_places(places); !punched) return punched;
  tally_.punched_pages += places.size();
  ledger_.forget_segment(segment);
  return {};  // files that nobody needs any more go after the next commit
}

void JournalWriter::drop_pending(SegmentId segment) {
  std::deque<PendingPage> kept;
  std::size_t written = 0;
  std::size_t to_rescue = 0;
  for (std::size_t i = 0; i < pending_.size(); ++i) {
    if (pending_[i].page.segment() == segment) {
      ++tally_.dropped_pages;
      continue;
    }
    kept.push_back(std::move(pending_[i]));
    if (i < written_) ++written;
    if (i < to_rescue_) ++to_rescue;
  }
  if (to_rescue_ != 0 && to_rescue == 0) ledger_.adopt_orphans();
  pending_ = std::move(kept);
  written_ = written;
  to_rescue_ = to_rescue;
}

Result<void> JournalWriter::punch_places(const std::vector<JournalPlace>& places) {
  auto first = places.begin();
  while (first != places.end()) {
    const auto last = std::find_if(first, places.end(), [&](const auto& place) { return place.file != first->file; });
    const std::vector<FileExtent> extents = extents_of({first, last});
    Result<void> punched;
    if (current_ && current_->number.value == first->file) {
      current_->unsynced = true;
      punched = blank_all(*current_->file, extents);
    } else {
      const auto closed = std::find_if(closed_.begin(), closed_.end(),
                                       [&](const auto& file) { return file.number.value == first->file; });
      ASSENT_CHECK(closed != closed_.end());
      punched = punch_closed(*closed, extents);
    }
    if (!punched) return punched;
    first = last;
  }
  return sync_current();
}

Result<void> JournalWriter::punch_closed(ClosedFile& closed, std::span<const FileExtent> extents) {
  auto file = disk_.open(path_of(closed.number), FileAccess::read_write);
  if (!file) return file.error();
  if (auto blanked = blank_all(**file, extents); !blanked) return blanked;
  if (closed.sync_failed) {
    return error(Errc::io, "punch " + path_of(closed.number).string() +
                               ": a sync of this file has failed before, so none can be relied on; ask again when the "
                               "file is gone");
  }
  if (auto synced = (*file)->sync_data(); !synced) {
    closed.sync_failed = true;
    ++tally_.sync_errors;
    return synced;
  }
  return {};
}

}  // namespace assent
