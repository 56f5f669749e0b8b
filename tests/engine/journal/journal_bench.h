// A journal on a failing disk in virtual time, and pages whose content follows from what they are, so that any page
// that comes back can be checked.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "../failing_disk.h"
#include "engine/journal/journal_reader.h"
#include "engine/journal/journal_scan.h"
#include "engine/journal/journal_writer.h"

namespace assent {

struct SealedPageForTest {
  static SealedPage make(PageRef page, const JournalEntry& entry, PageTimes times = {}) {
    return SealedPage(std::move(page), entry.segment, entry.seq, entry.kind, times);
  }
};

}  // namespace assent

namespace assent::test {

inline const std::filesystem::path kJournalFolder = "/journal";

SegmentId segment_numbered(std::uint32_t number);
// What the page of that name holds.
Page page_content(const JournalEntry& entry);

inline JournalEntry header_of(SegmentId segment) { return {segment, FrameSeq(0), PageKind::header}; }
inline JournalEntry frame_of(SegmentId segment, std::uint32_t seq) { return {segment, FrameSeq(seq), PageKind::frame}; }
inline JournalEntry final_of(SegmentId segment, std::uint32_t seq) { return {segment, FrameSeq(seq), PageKind::final}; }

class JournalBench {
 public:
  struct Settings {
    std::uint64_t file_pages = 64;
    std::size_t pool_pages = 4096;
  };
  JournalBench() : JournalBench(Settings{}) {}
  explicit JournalBench(Settings settings);
  ~JournalBench();

  void start(JournalFileNumber file = JournalFileNumber(1), BatchNumber batch = BatchNumber(1));
  void stop() { writer_.reset(); }  // as a process that ends

  void seal(const JournalEntry& entry, nanoseconds full_before = nanoseconds(0));
  void seal_frames(SegmentId segment, std::uint32_t first, std::uint32_t last);
  // Moves the clock to the next commit and steps.
  void commit();
  void step_for(milliseconds time);  // as often as the writer wishes

  Result<JournalScan> scan() { return JournalScan::run(disk, kJournalFolder, ShardId(0)); }
  // Whether the page that lies there is the one that was sealed.
  bool reads_back(const DurablePage& page);

  JournalWriter& writer() { return *writer_; }
  bool is_durable(const JournalEntry& entry) const;
  const std::vector<DurablePage>& durable() const { return durable_; }
  const std::vector<SegmentId>& quarantined() const { return quarantined_; }
  PagePool& pool() { return *pool_; }

  FailingDisk disk;

 private:
  Settings settings_;
  std::unique_ptr<PagePool> pool_;
  std::unique_ptr<JournalWriter> writer_;
  std::vector<DurablePage> durable_;
  std::vector<SegmentId> quarantined_;
  MonoTime now_{};
  MonoTime next_{};
};

inline JournalEntry entry_of(const DurablePage& page) { return {page.segment(), page.seq(), page.kind()}; }

}  // namespace assent::test
