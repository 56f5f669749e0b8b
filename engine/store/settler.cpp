#include "engine/store/settler.h"

#include <algorithm>
#include <utility>

namespace assent {
namespace {

MonoTime retry_time(MonoTime now, int failures) {
  const int doublings = std::min(failures - 1, 16);
  return now + std::min<milliseconds>(limits::kSettleRetryMax, limits::kSettleRetryMin * (1 << doublings));
}

SegmentRow row_of(const SegmentInfo& info, WallTime ended) {
  SegmentRow row;
  row.id = info.segment;
  row.recording = info.recording;
  row.call = info.call;
  row.leg = info.leg;
  row.number = info.number;
  row.started = info.started;
  row.ended = ended;
  row.use = info.use;
  return row;
}

SegmentPlace place_of(const SegmentInfo& info) { return {info.started, info.call, info.leg, info.number}; }

}  // namespace

SegmentRow Settler::whole_row(const Segment& segment, const JournaledObject& object) {
  SegmentRow row = row_of(segment.info, *segment.ended);
  row.object = object_name(place_of(segment.info));
  row.size_bytes = object.size_bytes();
  row.frames = segment.pages.final_seq();
  return row;
}

Settler::Settler(SettlerParts parts)
    : parts_(std::move(parts)), keeper_(parts_.store, parts_.reader, parts_.leg_keys, parts_.leg_codec) {}

Settler::~Settler() {
  take_inbox();
  const Error stopped = error(Errc::unavailable, "the engine stops; what is not stored yet lies in the journal");
  for (const Waiter& waiter : waiters_) waiter.done(stopped);
}

MonoTime Settler::step(MonoTime now) {
  take_inbox();
  const bool waits = gives_way(now);
  if (!waits) settle_ready(now);
  answer_waiters();
  publish();
  return waits ? now + limits::kSettleWaitLook : next_step(now);
}

// Whether what is ready stays in the journal for now.
bool Settler::gives_way(MonoTime now) {
  const SettlePace pace = parts_.pace ? parts_.pace() : SettlePace::freely;
  if (pace == SettlePace::freely) {
    waits_since_.reset();
    return false;
  }
  if (!waits_since_) waits_since_ = now;
  if (pace == SettlePace::not_at_all || now - *waits_since_ < limits::kSettleWaitMax) return true;
  waits_since_ = now;
  return false;
}

// Sooner than the next failure's retry when a caller waits for pages that the journal has not committed yet.
MonoTime Settler::next_step(MonoTime now) {
  MonoTime next = now + limits::kSettleRetryMax;
  for (const SegmentId& id : ready_) next = std::min(next, segments_.at(id).retry_at);
  const auto waits_for_pages = [this](const Waiter& waiter) {
    return std::any_of(waiter.left.begin(), waiter.left.end(),
                       [this](const auto& id) { return ready_.count(id) == 0; });
  };
  if (std::any_of(waiters_.begin(), waiters_.end(), waits_for_pages)) {
    parts_.flush();
    next = std::min(next, now + limits::kSettleFlushInterval);
  }
  return next;
}

void Settler::publish() {
  tally_.open_segments = segments_.size();
  tally_.waiting_segments = ready_.size();
  const std::lock_guard lock(mutex_);
  counters_ = tally_;
  health_ = state_;
}

// ---- settling -----------------------------------------------------------------------------------------------------

void Settler::settle_ready(MonoTime now) {
  std::vector<SegmentId> due;
  for (const SegmentId& id : ready_) {
    if (segments_.at(id).retry_at <= now) due.push_back(id);
  }
  const std::uint64_t failures = tally_.failures;
  for (std::span<const SegmentId> rest = due; !rest.empty();) {
    const auto group = rest.first(std::min(rest.size(), limits::kSettleGroup));
    rest = rest.subspan(group.size());
    for (const SegmentId& id : settle_group(group, now)) settle_alone(id, now);
  }
  const bool waits =
      std::any_of(ready_.begin(), ready_.end(), [this](const SegmentId& id) { return segments_.at(id).failures != 0; });
  if (tally_.failures == failures && !waits) state_ = {};
}

// Stores and books all of them at once where nothing is out of the ordinary; which of them are left to be looked at one
// by one.
std::vector<SegmentId> Settler::settle_group(std::span<const SegmentId> ids, MonoTime now) {
  std::vector<SegmentId> left;
  std::vector<SegmentRow> rows;
  std::vector<JournaledObject> objects;
  for (const SegmentId& id : ids) {
    const Segment& segment = segments_.at(id);
    auto object =
        segment.quarantined ? error(Errc::corrupt, "quarantined") : JournaledObject::open(segment.pages, parts_.reader);
    if (!object) {
      left.push_back(id);
      continue;
    }
    rows.push_back(whole_row(segment, *object));
    objects.push_back(*std::move(object));
  }
  std::vector<SegmentStore::NewObject> news;
  for (std::size_t i = 0; i < objects.size(); ++i) news.push_back({rows[i].object, objects[i]});
  const std::vector<Result<void>> stored = parts_.store.put_all(news);

  std::vector<Booking> bookings;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (stored[i]) bookings.push_back(booking::AddSegment{rows[i]});
  }
  const Result<void> booked = bookings.empty() ? Result<void>() : parts_.book(std::move(bookings));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const SegmentId id = rows[i].id;
    const Result<void>& outcome = stored[i] ? booked : stored[i];
    if (outcome) {
      report_stored(rows[i]);
      parts_.release(id);
      finish(id, {});
    } else if (outcome.error().code == Errc::conflict || outcome.error().code == Errc::corrupt) {
      left.push_back(id);
    } else {
      note_failure(id, outcome.error(), now);
    }
  }
  return left;
}

void Settler::settle_alone(SegmentId id, MonoTime now) {
  Result<void> outcome;
  if (const auto settled = settle(segments_.at(id), outcome); !settled) return note_failure(id, settled.error(), now);
  parts_.release(id);
  finish(id, outcome);
}

void Settler::note_failure(SegmentId id, const Error& why, MonoTime now) {
  Segment& segment = segments_.at(id);
  state_ = {false, why.what};
  ++tally_.failures;
  ++segment.failures;
  segment.retry_at = retry_time(now, segment.failures);
}

// An error means that it is tried again. `outcome` is what those are told who wait for the segment.
Result<void> Settler::settle(const Segment& segment, Result<void>& outcome) {
  return segment.quarantined ? settle_verified(segment, outcome) : settle_whole(segment, outcome);
}

Result<void> Settler::settle_whole(const Segment& segment, Result<void>& outcome) {
  auto object = JournaledObject::open(segment.pages, parts_.reader);
  if (!object) {
    return object.error().code == Errc::corrupt ? settle_verified(segment, outcome) : Result<void>(object.error());
  }
  const SegmentRow row = whole_row(segment, *object);
  auto put = parts_.store.put(row.object, *object);
  // Something else is there: from an earlier attempt that got no further, or damage. Looking at both decides.
  if (!put && put.error().code == Errc::conflict) return settle_verified(segment, outcome);
  if (!put) return put;
  if (auto booked = book({booking::AddSegment{row}}, {row.object}, outcome); !booked) return booked;
  if (outcome) report_stored(row);
  return {};
}

Result<void> Settler::settle_verified(const Segment& segment, Result<void>& outcome) {
  auto identity = keeper_.identify(segment.info.segment, segment.pages);
  if (!identity && identity.error().code != Errc::corrupt) return identity.error();
  KeptSegment kept;
  if (identity) {
    auto result = keeper_.keep(*identity, segment.pages);
    if (!result) return result.error();
    kept = *std::move(result);
  }
  if (kept.fate == SegmentFate::erased) {
    outcome = error(Errc::not_found, "the key of segment " + to_text(segment.info.segment) + " has been destroyed");
    return {};
  }
  std::vector<Booking> bookings;
  std::vector<std::string> objects;
  if (kept.row) {
    bookings.push_back(booking::AddSegment{*kept.row});
    objects.push_back(kept.row->object);
  }
  if (kept.fate != SegmentFate::whole) {
    if (auto aside = keep_aside(segment, bookings); !aside) return aside;
    objects.push_back(quarantine_name(place_of(segment.info)));
  }
  if (auto booked = book(std::move(bookings), objects, outcome); !booked) return booked;
  if (!outcome) return {};
  if (kept.row) report_stored(*kept.row);
  if (kept.fate == SegmentFate::whole) return {};
  if (kept.row) ++tally_.rebuilt;
  ++tally_.quarantined;
  outcome = error(Errc::corrupt, "segment " + to_text(segment.info.segment) + " did not verify; " +
                                     std::to_string(kept.frames_lost) + " of its frames are lost");
  return {};
}

// The bytes as they are, for whoever may make more of them.
Result<void> Settler::keep_aside(const Segment& segment, std::vector<Booking>& bookings) {
  auto object = JournaledObject::open(segment.pages, parts_.reader);
  if (!object) return object.error().code == Errc::corrupt ? Result<void>() : Result<void>(object.error());
  SegmentRow row = row_of(segment.info, *segment.ended);
  row.object = quarantine_name(place_of(segment.info));
  row.state = SegmentState::quarantined;
  row.size_bytes = object->size_bytes();
  row.frames = segment.pages.final_seq();
  if (auto put = parts_.store.put(row.object, *object); !put) return put;
  bookings.push_back(booking::AddSegment{std::move(row)});
  return {};
}

// A recording that has been erased in the meantime takes its objects with it.
Result<void> Settler::book(std::vector<Booking> bookings, const std::vector<std::string>& objects,
                           Result<void>& outcome) {
  if (bookings.empty()) return {};
  auto booked = parts_.book(std::move(bookings));
  if (booked || booked.error().code != Errc::conflict) return booked;
  for (const std::string& object : objects) {
    if (auto removed = parts_.store.remove(object); !removed) return removed;
  }
  outcome = error(Errc::not_found, booked.error().what);
  return {};
}

void Settler::report_stored(const SegmentRow& row) {
  ++tally_.stored;
  tally_.stored_bytes += row.size_bytes;
  if (parts_.on_stored) parts_.on_stored(StoredSegment(row.id, row.object, row.size_bytes, row.frames));
}

void Settler::finish(SegmentId id, const Result<void>& outcome) {
  if (outcome) latency_.add(parts_.clock() - segments_.at(id).ready_at);
  segments_.erase(id);
  ready_.erase(id);
  if (!outcome && outcomes_.emplace(id, outcome.error()).second) {
    outcome_order_.push_back(id);
    if (outcome_order_.size() > limits::kSettleOutcomes) {
      outcomes_.erase(outcome_order_.front());
      outcome_order_.pop_front();
    }
  }
  for (Waiter& waiter : waiters_) {
    if (std::erase(waiter.left, id) != 0 && !outcome && waiter.outcome) waiter.outcome = outcome;
  }
}

void Settler::answer_waiters() {
  for (std::size_t i = 0; i < waiters_.size();) {
    if (!waiters_[i].left.empty()) {
      ++i;
      continue;
    }
    const Waiter waiter = std::move(waiters_[i]);
    waiters_.erase(waiters_.begin() + static_cast<std::ptrdiff_t>(i));
    waiter.done(waiter.outcome);
  }
}

}  // namespace assent
