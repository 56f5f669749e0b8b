#include "engine/journal/journal_writer.h"

#include <algorithm>
#include <utility>

namespace assent {
namespace {

MonoTime retry_at(MonoTime now, int failures) {
  const int doublings = std::min(failures - 1, 10);
  return now + std::min<milliseconds>(limits::kJournalRetryMax, limits::kJournalRetryMin * (1 << doublings));
}

std::vector<SegmentId> without_duplicates(std::vector<SegmentId> segments) {
  std::sort(segments.begin(), segments.end());
  segments.erase(std::unique(segments.begin(), segments.end()), segments.end());
  return segments;
}

}  // namespace

Result<std::unique_ptr<JournalWriter>> JournalWriter::create(Disk& disk, JournalOptions options,
                                                             JournalListener listener) {
  if (options.file_bytes % limits::kPageBytes != 0 || options.file_bytes < 2 * limits::kPageBytes) {
    return error(Errc::invalid, "journal: a file must be whole pages, at least two");
  }
  std::unique_ptr<JournalWriter> writer(new JournalWriter(disk, std::move(options), std::move(listener)));
  if (auto opened = writer->open_file(); !opened) return opened.error();
  writer->publish();
  return writer;
}

JournalWriter::JournalWriter(Disk& disk, JournalOptions options, JournalListener listener)
    : disk_(disk),
      options_(std::move(options)),
      listener_(std::move(listener)),
      queue_(options_.queue_pages),
      next_file_(options_.first_file),
      next_batch_(options_.first_batch) {}

JournalWriter::~JournalWriter() = default;

MonoTime JournalWriter::step(MonoTime now) {
  take_requests();  // before the queue: what was sealed before a flush was asked for is part of it
  drain_queue(now);
  if (now >= blocked_until_ && (urgent_ || now >= next_commit_)) {
    note_outcome(commit(), now);
    const std::uint64_t written_bytes = tally_.bytes - std::exchange(bytes_at_sweep_, tally_.bytes);
    // A file that cannot be removed is told, and holds up nothing.
    auto removed = remove_dead_files(std::max(limits::kJournalBlankBytes, 2 * written_bytes));
    if (!removed && state_.healthy) state_ = {false, removed.error().what};
    next_commit_ = now + options_.commit_interval;
  }
  publish();
  return std::max(next_commit_, blocked_until_);
}

void JournalWriter::note_outcome(const Result<void>& outcome, MonoTime now) {
  if (outcome) {
    urgent_ = false;
    failures_ = 0;
    blocked_until_ = MonoTime{};
    state_ = {};
    return;
  }
  ++failures_;
  blocked_until_ = retry_at(now, failures_);
  state_ = {false, outcome.error().what};
}

void JournalWriter::publish() {
  tally_.files = closed_.size() + (current_ ? 1 : 0);
  tally_.live_pages = ledger_.live_pages();
  tally_.queued_pages = pending_.size();
  const std::lock_guard lock(mutex_);
  counters_ = tally_;
  health_ = state_;
}

// ---- writing ------------------------------------------------------------------------------------------------------

Result<void> JournalWriter::commit() {
  const MonoTime started = options_.clock();
  const std::uint64_t commits = tally_.commits;
  while (written_ < pending_.size()) {
    if (auto written = write_batch(); !written) return written;
  }
  if (auto synced = sync_current(); !synced) return synced;
  if (tally_.commits != commits) {
    latencies_.commit.add(options_.clock() - started);
  }
  return {};
}

Result<void> JournalWriter::write_batch() {
  if (!batch_) {
    if (auto room = ensure_room(); !room) return room;
    start_batch();
  }
  if (auto done = write_rest_of_batch(); !done) {
    ++tally_.write_errors;
    // No space is waited out: the same bytes will do once there is some. Anything else may be this file's fault.
    if (done.error().code != Errc::exhausted && ++write_failures_ >= limits::kJournalWriteAttempts) abandon_current();
    return done;
  }
  finish_batch();
  return {};
}

void JournalWriter::start_batch() {
  const std::uint64_t room_pages = (current_->size_bytes - current_->next_bytes) / limits::kPageBytes - 1;
  batch_ = std::make_unique<Batch>();
  Batch& batch = *batch_;
  batch.pages = static_cast<std::size_t>(
      std::min<std::uint64_t>({pending_.size() - written_, limits::kJournalBatchPages, room_pages}));
  batch.offset_bytes = current_->next_bytes;

  JournalIndex index{next_batch_, options_.shard, {}};
  for (std::size_t i = 0; i < batch.pages; ++i) {
    PendingPage& pending = pending_[written_ + i];
    pending.place = {current_->number.value,
                     static_cast<std::uint32_t>(batch.offset_bytes / limits::kPageBytes + i + 1)};
    ledger_.add(pending.page.segment(), pending.place);
    index.entries.push_back({pending.page.segment(), pending.page.seq(), pending.page.kind()});
  }
  encode_index(index, batch.index);
}

Result<void> JournalWriter::write_rest_of_batch() {
  while (batch_->done_bytes < batch_->size_bytes()) {
    std::vector<ByteView> parts;
    const std::size_t first = static_cast<std::size_t>(batch_->done_bytes / limits::kPageBytes);
    for (std::size_t i = first; i <= batch_->pages; ++i) {
      parts.push_back(i == 0 ? ByteView(batch_->index) : pending_[written_ + i - 1].page.bytes());
    }
    parts.front() = parts.front().subspan(static_cast<std::size_t>(batch_->done_bytes % limits::kPageBytes));

    current_->unsynced = true;
    auto written = current_->file->write_at(batch_->offset_bytes + batch_->done_bytes, parts);
    if (!written) return written.error();
    if (*written == 0) return error(Errc::io, "write journal: nothing was written");
    batch_->done_bytes += *written;
    if (batch_->done_bytes < batch_->size_bytes()) ++tally_.short_writes;
  }
  return {};
}

void JournalWriter::finish_batch() {
  tally_.bytes += batch_->size_bytes();
  ++tally_.batches;
  written_ += batch_->pages;
  current_->next_bytes += batch_->size_bytes();
  next_batch_ = BatchNumber(next_batch_.value + 1);
  batch_.reset();
  write_failures_ = 0;
}

Result<void> JournalWriter::retract_batch() {
  current_->unsynced = true;
  auto blanked = current_->file->blank({batch_->offset_bytes, batch_->size_bytes()});
  if (!blanked) return blanked;  // it stays as it was, and so does what was asked for
  for (std::size_t i = 0; i < batch_->pages; ++i) {
    const PendingPage& pending = pending_[written_ + i];
    ledger_.retract(pending.page.segment(), pending.place);
  }
  batch_.reset();
  return {};
}

Result<void> JournalWriter::sync_current() {
  if (!current_ || !current_->unsynced) return {};
  if (auto synced = current_->file->sync_data(); !synced) {
    ++tally_.sync_errors;
    abandon_current();
    return synced;
  }
  current_->unsynced = false;
  if (written_ != 0) report_durable();
  return {};
}

void JournalWriter::report_durable() {
  std::vector<DurablePage> durable;
  durable.reserve(written_);
  const CoarseTime now(options_.clock());
  for (std::size_t i = 0; i < written_; ++i) {
    const PendingPage& pending = pending_[i];
    durable.push_back({pending.page.segment(), pending.page.seq(), pending.page.kind(), pending.place});
    latencies_.durable.add(pending.page.times().full.until(now));
  }
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(written_));
  if (to_rescue_ != 0 && to_rescue_ <= written_) ledger_.adopt_orphans();
  to_rescue_ -= std::min(to_rescue_, written_);
  written_ = 0;
  tally_.pages += durable.size();
  ++tally_.commits;
  if (listener_.on_durable) listener_.on_durable(durable);
}

void JournalWriter::abandon_current() {
  const std::size_t unsynced = written_ + (batch_ ? batch_->pages : 0);
  std::vector<SegmentId> segments;
  for (std::size_t i = 0; i < unsynced; ++i) {
    const PendingPage& pending = pending_[i];
    ledger_.orphan(pending.page.segment(), pending.place);
    segments.push_back(pending.page.segment());
  }
  // A batch that was begun may stand in the abandoned file: its number is not given to another one.
  if (batch_) {
    next_batch_ = BatchNumber(next_batch_.value + 1);
    current_->next_bytes += batch_->size_bytes();
  }
  batch_.reset();
  written_ = 0;
  write_failures_ = 0;
  to_rescue_ = std::max(to_rescue_, unsynced);
  close_current(true);
  ++tally_.abandoned_files;
  if (!segments.empty() && listener_.on_quarantine) listener_.on_quarantine(without_duplicates(std::move(segments)));
}

// ---- files --------------------------------------------------------------------------------------------------------

std::filesystem::path JournalWriter::path_of(JournalFileNumber number) const {
  return options_.folder / to_text(JournalFileName{options_.shard, number});
}

Result<void> JournalWriter::ensure_room() {
  if (current_ && current_->next_bytes + 2 * limits::kPageBytes <= current_->size_bytes) return {};
  if (current_) {
    // Before the next file has a byte: a later batch must not survive a power loss that takes an earlier one.
    if (auto synced = sync_current(); !synced) return synced;
    close_current(false);
  }
  return open_file();
}

Result<std::uint64_t> JournalWriter::next_file_bytes() {
  const auto space = disk_.space(options_.folder);
  if (!space) return space.error();
  const std::uint64_t free = space->free_bytes - std::min(space->free_bytes, limits::kDiskFloorBytes);
  if (free / 2 >= options_.file_bytes) return options_.file_bytes;
  const std::uint64_t size = free / 2 / limits::kPageBytes * limits::kPageBytes;
  if (size >= limits::kJournalFileBytesMin) return size;
  return error(Errc::exhausted, "the disk is full: " + std::to_string(space->free_bytes >> 20) +
                                    " MiB are free, too few for another journal file: make room");
}

Result<void> JournalWriter::open_file() {
  const auto size_bytes = next_file_bytes();
  if (!size_bytes) return size_bytes.error();
  const std::filesystem::path path = path_of(next_file_);
  auto file = disk_.create(path);
  if (!file && file.error().code != Errc::conflict) return file.error();
  next_file_ = JournalFileNumber(next_file_.value + 1);
  if (!file) return file.error();

  auto ready = (*file)->allocate(*size_bytes);
  if (ready) ready = disk_.sync_folder(options_.folder);
  if (!ready) {
    // The next attempt makes another one; an empty file that cannot be removed harms nothing.
    static_cast<void>(disk_.remove(path));
    return ready;
  }
  current_.emplace(File{JournalFileNumber(next_file_.value - 1), std::move(*file), *size_bytes, 0, false});
  return {};
}

void JournalWriter::close_current(bool sync_failed) {
  closed_.push_back({current_->number, current_->next_bytes, sync_failed});
  current_.reset();
}

Result<void> JournalWriter::remove_dead_files(std::uint64_t budget_bytes) {
  bool removed = false;
  for (auto closed = closed_.begin(); closed != closed_.end() && budget_bytes != 0;) {
    if (ledger_.is_needed(closed->number)) {
      ++closed;
      continue;
    }
    const auto blank = blank_dead_file(*closed, budget_bytes);
    if (!blank) return blank.error();
    if (!*blank) break;
    if (auto gone = disk_.remove(path_of(closed->number)); !gone && gone.error().code != Errc::not_found) return gone;
    ledger_.forget_file(closed->number);
    closed = closed_.erase(closed);
    removed = true;
  }
  return removed ? disk_.sync_folder(options_.folder) : Result<void>();
}

// True: nothing is left in it. A file whose sync has failed before, on a disk that may never take another byte of it,
// is not kept for that.
Result<bool> JournalWriter::blank_dead_file(ClosedFile& closed, std::uint64_t& budget_bytes) {
  const auto blank = [&]() -> Result<bool> {
    if (!closed.file) {
      auto file = disk_.open(path_of(closed.number), FileAccess::read_write);
      if (!file && file.error().code == Errc::not_found) return true;  // removed before, and its folder not synced
      if (!file) return file.error();
      closed.file = *std::move(file);
    }
    const std::uint64_t bytes = std::min(budget_bytes, closed.used_bytes - closed.blank_bytes);
    // From the end, so that a scan after a crash believes what is left, and does not miss what is gone.
    const FileExtent extent{closed.used_bytes - closed.blank_bytes - bytes, bytes};
    if (auto done = closed.file->blank(extent); !done) return done.error();
    closed.file->start_writing();
    closed.blank_bytes += bytes;
    budget_bytes -= bytes;
    if (closed.blank_bytes < closed.used_bytes) return false;
    if (auto synced = closed.file->sync_data(); !synced) {
      closed.blank_bytes = 0;
      ++tally_.sync_errors;
      return synced.error();
    }
    return true;
  };
  auto blanked = blank();
  if (!blanked || *blanked) closed.file.reset();
  return !blanked && closed.sync_failed ? Result<bool>(true) : blanked;
}

Result<void> JournalWriter::remove_unneeded_files() {
  take_requests();
  if (auto synced = sync_current(); !synced) return synced;
  if (current_ && pending_.empty() && !ledger_.is_needed(current_->number)) close_current(false);
  auto removed = remove_dead_files(UINT64_MAX);
  publish();
  return removed;
}

}  // namespace assent
