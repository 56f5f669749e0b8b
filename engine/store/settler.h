// Settler: turns the durable pages of finished segments into objects of the store, and books them.
//
//   on_durable -> complete? -> [verify when quarantined] -> store.put -> book -> journal pages released -> on_stored
//
// It owns, per segment, where its pages lie, from the first page until the segment is stored and booked. It decides
// when a segment is finished (its end is known, its final page and every page before it are durable), and repeats what
// failed after a growing pause; meanwhile the pages stay in the journal, which is the spool. A segment that a failed
// sync touched is verified page by page first; if a page fails, the bytes are kept aside as SegmentState::quarantined
// and what verifies is rebuilt into a new segment. It need not know how the journal batches or where objects lie.
//
// `step` is called by one thread (a StepThread, or a test) and does the I/O. Everything else: any thread, never blocks
// on I/O; callbacks run inside `step`. Spec: formats/segment.md "The journal".
#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <set>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/latency_histogram.h"
#include "base/recent_set.h"
#include "base/step_thread.h"
#include "engine/catalog/catalog.h"
#include "engine/store/journaled_segment.h"
#include "engine/store/leg_keys.h"
#include "engine/store/segment_keeper.h"
#include "engine/store/segment_store.h"

namespace assent {

struct SegmentInfo {
  SegmentId segment;
  RecordingId recording;
  CallId call;
  LegId leg;
  std::uint32_t number = 0;  // from 1 within the leg
  WallTime started;
  AudioUse use = AudioUse::recording;
};

enum class SettlePace {
  freely,
  giving_way,  // overload: what is ready waits, at most limits::kSettleWaitMax
  not_at_all,  // what is left of the disk is not for the store
};

// What the settler needs of its neighbours. Everything named here outlives it.
struct SettlerParts {
  SegmentStore& store;
  JournalReader& reader;  // the settler's alone
  // Books durably; returns when that is done.
  std::function<Result<void>(std::vector<Booking>)> book;
  std::function<void(SegmentId)> release;  // JournalWriter::release
  std::function<void()> flush;             // JournalWriter::flush
  LegKeys leg_keys;
  SegmentKeeper::LegCodec leg_codec;                    // for a segment whose first frame is lost; may be empty
  std::function<void(const StoredSegment&)> on_stored;  // may be empty
  std::function<SettlePace()> pace;                     // asked before each step; may be empty
  std::function<MonoTime()> clock = read_mono;          // for measuring latency only
};

struct SettlerCounters {
  std::uint64_t stored = 0;
  std::uint64_t stored_bytes = 0;
  std::uint64_t rebuilt = 0;
  std::uint64_t quarantined = 0;
  std::uint64_t failures = 0;  // of store or catalog, repeated later
  std::uint64_t open_segments = 0;
  std::uint64_t waiting_segments = 0;  // complete and not stored
};

struct SettlerHealth {
  bool healthy = true;
  std::string why;
};

class Settler {
 public:
  explicit Settler(SettlerParts parts);
  ~Settler();
  Settler(const Settler&) = delete;
  Settler& operator=(const Settler&) = delete;

  WakeSignal& wake() { return wake_; }
  MonoTime step(MonoTime now);

  void register_segment(const SegmentInfo& info);  // before its first page can be durable
  void set_ended(SegmentId segment, WallTime ended);
  void on_durable(std::span<const DurablePage> pages);
  void on_quarantine(std::span<const SegmentId> segments);

  // `done` once every one of the segments is stored and booked (at once for those that are already), with the first
  // failure when one could only be kept in part (Errc::corrupt) or was dropped (Errc::not_found).
  using Settled = std::function<void(Result<void>)>;
  void when_settled(std::vector<SegmentId> segments, Settled done);

  // Erasure: forgets every segment of the recording that is not stored, refuses later ones, and says which they were,
  // so that they can be punched out of the journal. No object of the recording is stored after `done`.
  using Dropped = std::function<void(std::vector<SegmentId>)>;
  void drop(RecordingId recording, Dropped done);

  SettlerCounters counters() const;
  SettlerHealth health() const;
  // Of each segment, from complete and ended to stored and booked. Written by the settling thread.
  const LatencyHistogram& latency() const { return latency_; }

 private:
  struct Segment {
    SegmentInfo info;
    JournaledSegment pages;
    std::optional<WallTime> ended;
    bool quarantined = false;
    int failures = 0;  // in a row
    MonoTime retry_at{};
    MonoTime ready_at{};  // complete and ended
  };
  struct Waiter {
    std::vector<SegmentId> left;
    Settled done;
    Result<void> outcome;
  };
  struct Ending {
    SegmentId segment;
    WallTime at;
  };
  struct Drop {
    RecordingId recording;
    Dropped done;
  };
  struct Inbox {
    std::vector<SegmentInfo> opened;
    std::vector<DurablePage> pages;
    std::vector<Ending> ended;
    std::vector<SegmentId> quarantined;
    std::vector<Drop> drops;
    std::vector<Waiter> waiters;
  };

  void take_inbox();
  void open_segment(const SegmentInfo& info);
  void add_page(const DurablePage& page);
  void note_if_ready(SegmentId id, Segment& segment);
  void drop_recording(const Drop& drop);
  void add_waiter(Waiter waiter);

  bool gives_way(MonoTime now);
  void settle_ready(MonoTime now);
  std::vector<SegmentId> settle_group(std::span<const SegmentId> ids, MonoTime now);
  void settle_alone(SegmentId id, MonoTime now);
  void note_failure(SegmentId id, const Error& why, MonoTime now);
  static SegmentRow whole_row(const Segment& segment, const JournaledObject& object);
  Result<void> settle(const Segment& segment, Result<void>& outcome);
  Result<void> settle_whole(const Segment& segment, Result<void>& outcome);
  Result<void> settle_verified(const Segment& segment, Result<void>& outcome);
  Result<void> keep_aside(const Segment& segment, std::vector<Booking>& bookings);
  Result<void> book(std::vector<Booking> bookings, const std::vector<std::string>& objects, Result<void>& outcome);
  void report_stored(const SegmentRow& row);

  void finish(SegmentId id, const Result<void>& outcome);
  void answer_waiters();
  MonoTime next_step(MonoTime now);
  void publish();

  SettlerParts parts_;
  SegmentKeeper keeper_;
  WakeSignal wake_;

  // Settling thread only.
  std::unordered_map<SegmentId, Segment> segments_;
  std::set<SegmentId> ready_;  // complete and ended
  std::vector<Waiter> waiters_;
  std::unordered_map<SegmentId, Error> outcomes_;  // of segments that could not be kept whole
  std::deque<SegmentId> outcome_order_;            // oldest first, at most limits::kSettleOutcomes
  RecentSet<RecordingId> dropped_{limits::kSettleOutcomes};
  RecentSet<SegmentId> refused_{limits::kSettleOutcomes};  // of dropped recordings: their late pages are released
  SettlerCounters tally_;
  LatencyHistogram latency_;
  SettlerHealth state_;
  std::optional<MonoTime> waits_since_;  // while it gives way: since it last settled

  mutable std::mutex mutex_;  // guards the three below
  Inbox inbox_;
  SettlerCounters counters_;
  SettlerHealth health_;
};

}  // namespace assent
