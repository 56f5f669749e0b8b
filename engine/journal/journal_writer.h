// JournalWriter: makes the sealed pages of one shard durable, in large batches, with one sync per commit interval.
//
//   SealedPageQueue -> pending (in memory) -> batches in the current file -> one fdatasync -> on_durable
//
// It owns the shard's journal files and keeps every page in memory until it is synced. It decides
//  - when to commit: each commit interval, or at once when `flush` was asked for; what came in the meantime goes along;
//  - a write that fails or is short is repeated with the same bytes, after a growing pause. No space: for as long as it
//    takes, meanwhile unhealthy. Another error: limits::kJournalWriteAttempts times, then the file is abandoned;
//  - a sync that fails is never repeated on that file. The file is abandoned (kept, not written again), the segments
//    with pages since its last good sync are reported to on_quarantine, and those pages, which are still in memory, are
//    written to a new file: the same ciphertext, under new batch numbers;
//  - a file whose pages are all released is written over with zeros and removed: what it held has been stored, and an
//    erasure of that could not reach blocks that the file system has been given back. This goes in portions, after
//    commits (limits::kJournalBlankBytes, or twice what they wrote): no commit waits for a whole file;
//  - a new one is created rather than the old one used again: new space reads as zeros, so no stale batch or ciphertext
//    can be taken for a page of the new file;
//  - on a disk that is nearly full a file is smaller: it takes at most half of what is free above the catalog's part
//    (limits::kDiskFloorBytes), because the store needs room for what makes journal files dead;
//  - it writes through the page cache (measured in bench/micro/journal_bench): O_DIRECT would save 0.6 us of CPU a
//    page, and cost the settler, which reads every page again within the minute, a random read from the disk.
//
// It need not know what a segment is, or what its pages hold.
//
// `step` is called by one thread (a StepThread, or a test). release, punch, flush, the queue and the reports are for
// any thread. Callbacks run inside `step`. Spec: formats/segment.md "The journal"; DESIGN invariants 4, 5, 8.
#pragma once

#include <array>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/latency_histogram.h"
#include "base/recent_set.h"
#include "base/step_thread.h"
#include "base/time.h"
#include "engine/journal/journal_ledger.h"
#include "engine/journal/sealed_page_queue.h"

namespace assent {

struct JournalOptions {
  std::filesystem::path folder;  // exists
  ShardId shard;
  JournalFileNumber first_file{1};  // what the scan says comes next
  BatchNumber first_batch{1};
  std::uint64_t file_bytes = limits::kJournalFileBytes;  // whole pages, at least two
  milliseconds commit_interval = limits::kCommitInterval;
  std::size_t queue_pages = limits::kSealedPagesDefault;
  std::function<MonoTime()> clock = read_mono;  // for measuring latency only
};

// What the journal reports; called on its thread.
struct JournalListener {
  std::function<void(std::span<const DurablePage>)> on_durable;
  std::function<void(std::span<const SegmentId>)> on_quarantine;  // before on_durable of the pages written again
};

struct JournalCounters {
  std::uint64_t pages = 0;  // durable data pages
  std::uint64_t batches = 0;
  std::uint64_t commits = 0;
  std::uint64_t bytes = 0;  // written, index pages too
  std::uint64_t write_errors = 0;
  std::uint64_t short_writes = 0;
  std::uint64_t sync_errors = 0;
  std::uint64_t abandoned_files = 0;
  std::uint64_t punched_pages = 0;
  std::uint64_t dropped_pages = 0;  // of erased segments, before they were written
  std::uint64_t files = 0;          // there now
  std::uint64_t live_pages = 0;     // in them, not released
  std::uint64_t queued_pages = 0;   // sealed and not yet durable
};

// Of each page, when the journal has it and when it is durable; and of each commit. Written by the journal's thread.
struct JournalLatencies {
  LatencyHistogram sealed;   // from going into the seal queue, full, to ciphertext; sealing itself takes a microsecond
  LatencyHistogram taken;    // from ciphertext to the journal's hands: by design up to a commit interval
  LatencyHistogram durable;  // from going into the seal queue, full, to synced
  LatencyHistogram commit;   // writing and syncing, of a commit that made pages durable
};

struct JournalHealth {
  bool healthy = true;
  std::string why;  // of the last failure, while it lasts
};

class JournalWriter {
 public:
  // Creates the first file, so that a disk that cannot be written shows at start. The disk outlives the writer.
  static Result<std::unique_ptr<JournalWriter>> create(Disk& disk, JournalOptions options, JournalListener listener);
  ~JournalWriter();  // stepped no more; pages that are not durable are given up
  JournalWriter(const JournalWriter&) = delete;
  JournalWriter& operator=(const JournalWriter&) = delete;

  SealedPageQueue& queue() { return queue_; }
  WakeSignal& wake() { return wake_; }
  const std::filesystem::path& folder() const { return options_.folder; }
  ShardId shard() const { return options_.shard; }

  // Does what is due at `now`; returns when it wants to be stepped again.
  MonoTime step(MonoTime now);

  void flush();                     // commit what has been sealed so far without waiting for the interval
  void release(SegmentId segment);  // it is stored and booked
  // Erasure: no page of the segment, released or not, stays in the journal, and none that comes later gets in. `done`
  // is called on the journal's thread when that is durable; an error says that ciphertext may still lie there.
  using PunchDone = std::function<void(Result<void>)>;
  void punch(SegmentId segment, PunchDone done);

  // Removes every file that is no longer needed, the current one too; for the end, after the last step.
  Result<void> remove_unneeded_files();

  JournalCounters counters() const;
  const JournalLatencies& latencies() const { return latencies_; }
  JournalHealth health() const;

 private:
  struct File {
    JournalFileNumber number;
    std::unique_ptr<DiskFile> file;
    std::uint64_t size_bytes = 0;
    std::uint64_t next_bytes = 0;  // where the next batch begins
    bool unsynced = false;
  };
  struct ClosedFile {
    JournalFileNumber number;
    std::uint64_t used_bytes = 0;         // what was written lies below
    bool sync_failed = false;             // what it holds is as it was before, or not: no later sync can tell
    std::uint64_t blank_bytes = 0;        // so many of them have been written over
    std::unique_ptr<DiskFile> file = {};  // while that is under way
  };
  struct PendingPage {
    SealedPage page;
    JournalPlace place;  // once it is part of a batch
  };
  struct Batch {
    Page index{};
    std::size_t pages = 0;  // of pending_, from written_ on
    std::uint64_t offset_bytes = 0;
    std::uint64_t done_bytes = 0;
    std::uint64_t size_bytes() const { return (pages + 1) * limits::kPageBytes; }
  };
  struct PunchRequest {
    SegmentId segment;
    PunchDone done;
  };
  struct Requests {
    bool flush = false;
    std::vector<SegmentId> releases;
    std::vector<PunchRequest> punches;
  };

  JournalWriter(Disk& disk, JournalOptions options, JournalListener listener);

  // Requests.
  void drain_queue(MonoTime now);
  void take_requests();
  Result<void> punch_now(SegmentId segment);
  Result<void> punch_places(const std::vector<JournalPlace>& places);
  Result<void> punch_closed(ClosedFile& closed, std::span<const FileExtent> extents);
  void drop_pending(SegmentId segment);

  // Writing.
  Result<void> commit();
  Result<void> write_batch();
  Result<void> write_rest_of_batch();
  void start_batch();
  void finish_batch();
  Result<void> retract_batch();  // it is not to be written as it is
  Result<void> sync_current();
  void report_durable();
  void abandon_current();

  // Files.
  Result<void> ensure_room();
  Result<void> open_file();
  Result<std::uint64_t> next_file_bytes();
  void close_current(bool sync_failed);
  // Of dead files at most so many bytes are written over; those that this completes are removed.
  Result<void> remove_dead_files(std::uint64_t budget_bytes);
  Result<bool> blank_dead_file(ClosedFile& closed, std::uint64_t& budget_bytes);
  std::filesystem::path path_of(JournalFileNumber number) const;

  void note_outcome(const Result<void>& outcome, MonoTime now);
  void publish();

  Disk& disk_;
  const JournalOptions options_;
  const JournalListener listener_;
  SealedPageQueue queue_;
  WakeSignal wake_;

  // Journal thread only.
  std::deque<PendingPage> pending_;  // the first written_ are in the current file, and not synced
  std::size_t written_ = 0;
  std::size_t to_rescue_ = 0;  // the first so many of pending_ also lie, unsynced, in abandoned files
  std::optional<File> current_;
  std::unique_ptr<Batch> batch_;  // being written; repeated with the same bytes until all of it is there
  std::vector<ClosedFile> closed_;
  std::uint64_t bytes_at_sweep_ = 0;  // of the tally, when dead files were last dealt with
  JournalLedger ledger_;
  JournalFileNumber next_file_;
  BatchNumber next_batch_;
  MonoTime next_commit_{};
  MonoTime blocked_until_{};
  int failures_ = 0;        // in a row, of any kind
  int write_failures_ = 0;  // in a row, on the current file, other than no space
  bool urgent_ = false;
  RecentSet<SegmentId> erased_{limits::kJournalErasedSegments};
  JournalCounters tally_;
  JournalLatencies latencies_;
  JournalHealth state_;

  mutable std::mutex mutex_;  // guards the three below
  Requests requests_;
  JournalCounters counters_;
  JournalHealth health_;
};

}  // namespace assent
