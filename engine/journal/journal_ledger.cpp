#include "engine/journal/journal_ledger.h"

#include <algorithm>

namespace assent {
void JournalLedger::add(SegmentId segment, JournalPlace place) {
  std::vector<PageRecord>& records = segments_[segment];
  FileRecord& file = files_[place.file];
  // Every page but a segment's first in a file is spared the search among all its segments.
  if (records.empty() || records.back().file != place.file) file.segments.insert(segment);
  records.push_back({place.file, place.page & 0x7FFFFFFFU, 1});
  ++file.live;
  ++live_pages_;
}

void JournalLedger::orphan(SegmentId segment, JournalPlace place) {
  const auto found = segments_.find(segment);
  if (found == segments_.end()) return;
  for (PageRecord& record : found->second) {
    if (!record.is_at(place) || !record.live) continue;
    record.live = 0;
    FileRecord& file = files_[record.file];
    --file.live;
    ++file.orphans;
    --live_pages_;
  }
}

void JournalLedger::adopt_orphans() {
  for (auto& [number, file] : files_) file.orphans = 0;
}

void JournalLedger::release(SegmentId segment) {
  const auto found = segments_.find(segment);
  if (found == segments_.end()) return;
  for (PageRecord& record : found->second) {
    if (!record.live) continue;
    record.live = 0;
    --files_[record.file].live;
    --live_pages_;
  }
}

void JournalLedger::retract(SegmentId segment, JournalPlace place) {
  orphan(segment, place);
  std::vector<PageRecord>& records = segments_[segment];
  std::erase_if(records, [&](const PageRecord& record) {
    if (!record.is_at(place)) return false;
    --files_[record.file].orphans;
    return true;
  });
}

void JournalLedger::forget_segment(SegmentId segment) {
  const auto found = segments_.find(segment);
  if (found == segments_.end()) return;
  release(segment);
  for (const PageRecord& record : found->second) files_[record.file].segments.erase(segment);
  segments_.erase(found);
}

std::vector<JournalPlace> JournalLedger::places(SegmentId segment) const {
  std::vector<JournalPlace> places;
  const auto found = segments_.find(segment);
  if (found == segments_.end()) return places;
  places.reserve(found->second.size());
  for (const PageRecord& record : found->second) {
    places.push_back({record.file, record.page});
  }
  std::sort(places.begin(), places.end());
  return places;
}

bool JournalLedger::is_needed(JournalFileNumber file) const {
  const auto found = files_.find(file.value);
  return found != files_.end() && (found->second.live != 0 || found->second.orphans != 0);
}

void JournalLedger::forget_file(JournalFileNumber file) {
  const auto found = files_.find(file.value);
  if (found == files_.end()) return;
  for (const SegmentId& segment : found->second.segments) {
    const auto records = segments_.find(segment);
    if (records == segments_.end()) continue;  // its page here was retracted, and the rest has gone since
    std::erase_if(records->second, [&](const PageRecord& record) { return record.file == file.value; });
    if (records->second.empty()) segments_.erase(records);
  }
  live_pages_ -= found->second.live;
  files_.erase(found);
}

}  // namespace assent
