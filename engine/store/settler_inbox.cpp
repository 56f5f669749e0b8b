// What other threads tell the Settler, and how it takes it in.
#include <utility>

#include "engine/store/settler.h"

namespace assent {

void Settler::register_segment(const SegmentInfo& info) {
  const std::lock_guard lock(mutex_);
  inbox_.opened.push_back(info);
}

void Settler::set_ended(SegmentId segment, WallTime ended) {
  const std::lock_guard lock(mutex_);
  inbox_.ended.push_back({segment, ended});
}

void Settler::on_durable(std::span<const DurablePage> pages) {
  {
    const std::lock_guard lock(mutex_);
    inbox_.pages.insert(inbox_.pages.end(), pages.begin(), pages.end());
  }
  wake_.notify();
}

void Settler::on_quarantine(std::span<const SegmentId> segments) {
  const std::lock_guard lock(mutex_);
  inbox_.quarantined.insert(inbox_.quarantined.end(), segments.begin(), segments.end());
}

void Settler::when_settled(std::vector<SegmentId> segments, Settled done) {
  {
    const std::lock_guard lock(mutex_);
    inbox_.waiters.push_back({std::move(segments), std::move(done), {}});
  }
  wake_.notify();
}

void Settler::drop(RecordingId recording, Dropped done) {
  {
    const std::lock_guard lock(mutex_);
    inbox_.drops.push_back({recording, std::move(done)});
  }
  wake_.notify();
}

SettlerCounters Settler::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

SettlerHealth Settler::health() const {
  const std::lock_guard lock(mutex_);
  return health_;
}

void Settler::take_inbox() {
  Inbox inbox;
  {
    const std::lock_guard lock(mutex_);
    std::swap(inbox, inbox_);
  }
  for (const SegmentInfo& info : inbox.opened) open_segment(info);
  for (const SegmentId& id : inbox.quarantined) {
    if (const auto found = segments_.find(id); found != segments_.end()) found->second.quarantined = true;
  }
  for (const DurablePage& page : inbox.pages) add_page(page);
  for (const Ending& ending : inbox.ended) {
    const auto found = segments_.find(ending.segment);
    if (found == segments_.end()) continue;
    found->second.ended = ending.at;
    note_if_ready(ending.segment, found->second);
  }
  for (const Drop& drop : inbox.drops) drop_recording(drop);
  for (Waiter& waiter : inbox.waiters) add_waiter(std::move(waiter));
}

void Settler::open_segment(const SegmentInfo& info) {
  if (dropped_.contains(info.recording)) {
    refused_.insert(info.segment);
    return;
  }
  Segment segment;
  segment.info = info;
  segments_.emplace(info.segment, std::move(segment));
}

void Settler::add_page(const DurablePage& page) {
  const auto found = segments_.find(page.segment());
  if (found == segments_.end()) {
    // Nobody else will ever release it.
    if (refused_.contains(page.segment())) parts_.release(page.segment());
    return;
  }
  found->second.pages.add(page);
  note_if_ready(page.segment(), found->second);
}

void Settler::note_if_ready(SegmentId id, Segment& segment) {
  if (segment.ended && segment.pages.is_complete() && ready_.insert(id).second) segment.ready_at = parts_.clock();
}

void Settler::drop_recording(const Drop& drop) {
  dropped_.insert(drop.recording);
  std::vector<SegmentId> ids;
  for (const auto& [id, segment] : segments_) {
    if (segment.info.recording == drop.recording) ids.push_back(id);
  }
  for (const SegmentId& id : ids) {
    refused_.insert(id);
    finish(id, error(Errc::not_found, "the recording of segment " + to_text(id) + " has been erased"));
  }
  drop.done(std::move(ids));
}

void Settler::add_waiter(Waiter waiter) {
  std::vector<SegmentId> left;
  for (const SegmentId& id : waiter.left) {
    const auto failed = outcomes_.find(id);
    if (failed != outcomes_.end() && waiter.outcome) waiter.outcome = failed->second;
    // What is not known is stored already: a segment is registered before anybody can ask for it.
    if (segments_.count(id) != 0) left.push_back(id);
  }
  waiter.left = std::move(left);
  waiters_.push_back(std::move(waiter));
}

}  // namespace assent
