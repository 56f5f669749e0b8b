#include "journal_bench.h"

#include <algorithm>
#include <random>

#include "catch.h"

namespace assent::test {

SegmentId segment_numbered(std::uint32_t number) {
  SegmentId id;
  id.bytes[6] = 0x70;
  store_be32(id.bytes.data() + 12, number);
  return id;
}

Page page_content(const JournalEntry& entry) {
  Page page{};
  std::mt19937_64 random(std::uint64_t{load_be32(entry.segment.bytes.data() + 12)} << 32 | entry.seq.value);
  for (std::size_t at = 0; at < page.size(); at += 8) store_be64(page.data() + at, random());
  if (entry.kind == PageKind::header) {
    page[0] = 0x02;
    store_be16(page.data() + 1, 0x0478);
  } else if (entry.kind == PageKind::frame) {
    store_be32(page.data(), entry.seq.value);
  } else {
    store_be32(page.data(), 0xFFFFFFFF);
    store_be32(page.data() + 4, entry.seq.value);
  }
  return page;
}

JournalBench::JournalBench(Settings settings)
    : settings_(settings), pool_(std::make_unique<PagePool>(settings.pool_pages)) {
  REQUIRE(disk.make_folder(kJournalFolder));
  REQUIRE(disk.sync_folder("/"));
  start();
}

JournalBench::~JournalBench() { writer_.reset(); }

void JournalBench::start(JournalFileNumber file, BatchNumber batch) {
  JournalOptions options;
  options.folder = kJournalFolder;
  options.first_file = file;
  options.first_batch = batch;
  options.file_bytes = settings_.file_pages * limits::kPageBytes;
  options.queue_pages = settings_.pool_pages;
  options.clock = [this] { return now_; };
  options.clock = [this] { return now_; };
  JournalListener listener;
  listener.on_durable = [this](std::span<const DurablePage> pages) {
    durable_.insert(durable_.end(), pages.begin(), pages.end());
  };
  listener.on_quarantine = [this](std::span<const SegmentId> segments) {
    quarantined_.insert(quarantined_.end(), segments.begin(), segments.end());
  };
  auto writer = JournalWriter::create(disk, std::move(options), std::move(listener));
  REQUIRE(writer);
  writer_ = std::move(*writer);
  next_ = now_;
}

void JournalBench::seal(const JournalEntry& entry, nanoseconds full_before) {
  PageRef page = pool_->take();
  if (page == nullptr) FAIL("the page pool is empty");
  *page = page_content(entry);
  SealedPage sealed =
      SealedPageForTest::make(std::move(page), entry, {CoarseTime(now_ - full_before), CoarseTime(now_)});
  if (!writer_->queue().push(sealed)) FAIL("the queue is full");
}

void JournalBench::seal_frames(SegmentId segment, std::uint32_t first, std::uint32_t last) {
  for (std::uint32_t seq = first; seq <= last; ++seq) seal(frame_of(segment, seq));
}

void JournalBench::commit() {
  now_ = std::max(now_, next_);
  next_ = writer_->step(now_);
}

void JournalBench::step_for(milliseconds time) {
  const MonoTime end = now_ + time;
  while (next_ <= end) commit();
  now_ = end;
}

bool JournalBench::reads_back(const DurablePage& page) {
  JournalReader reader(disk, kJournalFolder, ShardId(0));
  Page read{};
  return reader.read(page.place(), read).has_value() && read == page_content(entry_of(page));
}

bool JournalBench::is_durable(const JournalEntry& entry) const {
  return std::any_of(durable_.begin(), durable_.end(), [&](const auto& page) { return entry_of(page) == entry; });
}

}  // namespace assent::test
