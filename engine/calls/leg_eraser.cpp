#include "engine/calls/leg_eraser.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/answer.h"
#include "engine/catalog/erasure_record.h"
#include "engine/catalog/forget_patiently.h"
#include "engine/catalog/leg_erasure.h"

namespace assent {
namespace {

constexpr std::chrono::seconds kPatience(30);

template <typename Begin>
Result<void> await(Begin&& begin, const char* what) {
  auto answer = await_answer<Result<void>>(std::forward<Begin>(begin), kPatience);
  if (!answer) return error(Errc::unavailable, std::string(what) + " takes longer than it should");
  return *answer;
}

}  // namespace

LegEraser::LegEraser(Parts parts) : parts_(std::move(parts)), thread_([this] { run(); }) {}

LegEraser::~LegEraser() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void LegEraser::request(const LegErasure& erasure) {
  {
    const std::lock_guard lock(mutex_);
    if (!known_.insert(erasure.id).second) return;
    waiting_.push_back(erasure);
    under_way_.insert(erasure.call);
  }
  changed_.notify_all();
}

Result<void> LegEraser::resume() {
  const auto rows = parts_.catalog.unfinished_erasures();
  if (!rows) return rows.error();
  for (const ErasureRow& row : *rows) {
    const auto call = parse_id<CallId>(row.target_id);
    if (row.target_kind == kLegErasureKind && call) request({row.id, *call, {}});
  }
  return {};
}

Result<void> LegEraser::wait_for(CallId call, std::chrono::seconds patience) {
  std::unique_lock lock(mutex_);
  if (changed_.wait_for(lock, patience, [&] { return !under_way_.contains(call); })) return {};
  return error(Errc::unavailable,
               "the keys are destroyed and nothing can be heard any more; removing what was stored goes on");
}

void LegEraser::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return;
    const LegErasure erasure = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    if (auto done = carry_out(erasure); !done) {
      parts_.report("the erasure " + to_text(erasure.id) +
                    " is not done, and is taken up again at the next start: " + done.error().what);
    }
    lock.lock();
    under_way_.erase(under_way_.find(erasure.call));
    known_.erase(erasure.id);
    changed_.notify_all();
  }
}

Result<void> LegEraser::carry_out(const LegErasure& erasure) {
  let_through(erasure.segments);
  auto segments = segments_to_remove(erasure);
  if (!segments) return segments.error();
  if (auto forgotten = forget_patiently(parts_.writer); !forgotten) return forgotten;
  Confirmed confirmed{{"catalog", read_clocks().wall}};

  for (const SegmentId segment : erasure.segments) {
    if (auto punched = punch(segment); !punched) return punched;
  }
  for (const SegmentRow& row : *segments) {
    if (auto punched = punch(row.id); !punched) return punched;
  }
  confirmed.push_back({"journal", read_clocks().wall});
  std::vector<Booking> bookings;
  for (const SegmentRow& row : *segments) {
    if (auto removed = parts_.store.remove(row.object); !removed) return removed;
    bookings.push_back(booking::RemoveSegment{row.id});
  }
  confirmed.push_back({"store", read_clocks().wall});
  return book_done(erasure, std::move(confirmed), std::move(bookings));
}

// The stored segments of the call's legs whose keys are gone; drops what is still opened of these keys.
Result<std::vector<SegmentRow>> LegEraser::segments_to_remove(const LegErasure& erasure) {
  const auto legs = parts_.catalog.legs(erasure.call);
  if (!legs) return legs.error();
  std::set<LegId> gone;
  for (const LegRow& leg : *legs) {
    const auto key = parts_.catalog.key(leg.key);
    if (!key) return key.error();
    if (*key) continue;
    parts_.keys.evict(leg.key);
    gone.insert(leg.id);
  }
  std::vector<SegmentRow> found;
  const auto recording = parts_.catalog.recording_of(erasure.call);
  if (!recording) return recording.error();
  if (!*recording) return found;
  auto segments = parts_.catalog.segments((*recording)->id);
  if (!segments) return segments.error();
  std::copy_if(segments->begin(), segments->end(), std::back_inserter(found),
               [&](const SegmentRow& row) { return gone.contains(row.leg); });
  return found;
}

// What is on its way from the seal queue to the store is let through, so that it is known where it lies. That it may
// not arrive whole does not matter any more.
void LegEraser::let_through(const std::vector<SegmentId>& segments) {
  for (const ShardStorage& shard : parts_.shards) {
    (void)await([&](auto done) { shard.settler.when_settled(segments, std::move(done)); }, "settling");
  }
}

Result<void> LegEraser::punch(SegmentId segment) {
  for (const ShardStorage& shard : parts_.shards) {
    auto punched = await([&](auto done) { shard.journal.punch(segment, std::move(done)); }, "punching the journal");
    if (!punched) return punched;
  }
  return {};
}

// In the transaction in which the segments go, so that how many they were is known whenever the engine dies.
Result<void> LegEraser::book_done(const LegErasure& erasure, Confirmed confirmed, std::vector<Booking> bookings) {
  const WallTime now = read_clocks().wall;
  const std::size_t objects = bookings.size();
  const auto row = parts_.catalog.erasure(erasure.id);
  if (!row) return row.error();
  if (!*row) return error(Errc::not_found, "the erasure is not on record");
  ErasureClosing closing{**row, erasure.call, std::move(confirmed), objects};
  auto steps = nlohmann::json::parse(closing.row.steps_json, nullptr, false);
  if (!steps.is_array()) steps = nlohmann::json::array();
  steps.push_back(
      {{"at", to_rfc3339(now)}, {"step", "objects"}, {"what", std::to_string(objects) + " objects removed"}});
  closing.row.steps_json = steps.dump();
  closing.row.done = now;
  if (auto added = close_erasure(parts_.catalog, closing, bookings); !added) return added;
  return parts_.writer.book_and_wait(std::move(bookings));
}

}  // namespace assent
