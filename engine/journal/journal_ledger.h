// JournalLedger: which pages of which segment lie in which journal file, and when a file is no longer needed.
//
// A page is live from the moment it is written until its segment is released (stored and booked) or punched. A file
// whose pages are all dead, and that is no longer written, may go. Pages that stay behind dead in a file that is still
// there are remembered, so that an erasure can punch them out.
//
// A page that was written and not synced when its file was abandoned is an orphan: it is written again elsewhere, and
// holds the old file until then, because that copy may be the only one on the disk.
//
// Pure bookkeeping, no I/O. Journal thread only.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <unordered_map>
#include <vector>

#include "engine/journal/journal_format.h"

namespace assent {

class JournalLedger {
 public:
  void add(SegmentId segment, JournalPlace place);
  void retract(SegmentId segment, JournalPlace place);  // it was not written there after all
  void orphan(SegmentId segment, JournalPlace place);   // no longer live; holds its file until adopt_orphans
  void adopt_orphans();                                 // every orphan has been written again and synced
  void release(SegmentId segment);
  void forget_segment(SegmentId segment);  // its pages are punched out

  // Where pages of the segment lie, live or not, in order.
  std::vector<JournalPlace> places(SegmentId segment) const;

  bool is_needed(JournalFileNumber file) const;
  void forget_file(JournalFileNumber file);
  std::uint64_t live_pages() const { return live_pages_; }

 private:
  // Eight bytes: a call in progress has some hundred of them a leg.
  struct PageRecord {
    std::uint32_t file;
    std::uint32_t page : 31;
    std::uint32_t live : 1;

    bool is_at(JournalPlace place) const { return file == place.file && page == place.page; }
  };
  static_assert(limits::kJournalFileBytesMax / limits::kPageBytes < 1U << 31);
  struct FileRecord {
    std::uint64_t live = 0;
    std::uint64_t orphans = 0;
    std::set<SegmentId> segments;  // that have pages here
  };

  std::unordered_map<SegmentId, std::vector<PageRecord>> segments_;
  std::map<std::uint32_t, FileRecord> files_;
  std::uint64_t live_pages_ = 0;
};

}  // namespace assent
