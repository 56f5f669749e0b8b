// Journal and settler on their own threads and a real disk, with producers, waiting callers and an erasure.
#include <atomic>
#include <filesystem>
#include <future>
#include <thread>

#include "catch.h"
#include "store_bench.h"

namespace assent {
namespace {

using test::SealedSegment;

class TwoThreads {
 public:
  explicit TwoThreads(test::StoreBench& bench) : pool(64), calls(bench) {
    std::string name = (std::filesystem::temp_directory_path() / "assent-settler-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    folder = name;
    REQUIRE(disk.make_folder(folder / "journal"));
    store = FileStore::open(disk, folder / "segments").value();
    JournalOptions options;
    options.folder = folder / "journal";
    options.file_bytes = 64 * limits::kPageBytes;
    options.queue_pages = pool.capacity_pages();
    options.commit_interval = 5ms;
    journal = JournalWriter::create(disk, options,
                                    {[this](std::span<const DurablePage> pages) { settler->on_durable(pages); },
                                     [this](std::span<const SegmentId> touched) { settler->on_quarantine(touched); }})
                  .value();
    reader = std::make_unique<JournalReader>(disk, options.folder, options.shard);
    settler = std::unique_ptr<Settler>(
        new Settler({*store,
                     *reader,
                     [this](const std::vector<Booking>& bookings) { return calls.catalog.book(bookings); },
                     [this](SegmentId segment) { journal->release(segment); },
                     [this] { journal->flush(); },
                     calls.leg_keys(),
                     {},
                     {},
                     {}}));
    settler_thread =
        std::make_unique<StepThread>("settler", settler->wake(), [this](MonoTime now) { return settler->step(now); });
    journal_thread =
        std::make_unique<StepThread>("journal", journal->wake(), [this](MonoTime now) { return journal->step(now); });
  }
  ~TwoThreads() {
    settler_thread.reset();
    journal_thread.reset();
    settler.reset();
    journal.reset();
    std::filesystem::remove_all(folder);
  }
  TwoThreads(const TwoThreads&) = delete;
  TwoThreads& operator=(const TwoThreads&) = delete;

  // As a seal worker would.
  void seal(const SealedSegment& segment) {
    for (const auto& sealed : segment.pages) {
      PageRef memory = pool.take();
      while (memory == nullptr) {
        std::this_thread::yield();
        memory = pool.take();
      }
      *memory = sealed.page;
      SealedPage page = SealedPageForTest::make(std::move(memory), sealed.entry);
      while (!journal->queue().push(page)) std::this_thread::yield();
    }
  }

  PagePool pool;
  test::StoreBench& calls;  // whose catalog and keys are used; its own journal is not started
  RealDisk disk;
  std::filesystem::path folder;
  std::unique_ptr<FileStore> store;
  std::unique_ptr<JournalWriter> journal;
  std::unique_ptr<JournalReader> reader;
  std::unique_ptr<Settler> settler;
  std::unique_ptr<StepThread> settler_thread;
  std::unique_ptr<StepThread> journal_thread;
};

TEST_CASE(
    "segments sealed by several threads are settled while callers wait, and none after its recording was dropped") {
  test::StoreBench bench;
  TwoThreads threads(bench);
  std::vector<SealedSegment> segments;
  for (std::uint32_t number = 1; number <= 12; ++number) segments.push_back(bench.make_segment(number % 2, number, 5));

  std::vector<std::thread> workers;
  for (std::size_t worker = 0; worker < 3; ++worker) {
    workers.emplace_back([&, worker] {
      for (std::size_t i = worker; i < segments.size(); i += 3) {
        threads.settler->register_segment(segments[i].info);
        threads.seal(segments[i]);
        threads.settler->set_ended(segments[i].info.segment, segments[i].ended);
        std::promise<bool> settled;
        threads.settler->when_settled({segments[i].info.segment},
                                      [&](const Result<void>& outcome) { settled.set_value(outcome.has_value()); });
        if (!settled.get_future().get()) std::abort();
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  CHECK(bench.catalog.segment_rows.size() == segments.size());
  CHECK(threads.store->list()->size() == segments.size());

  const SealedSegment late = bench.make_segment(0, 20, 5);
  threads.settler->register_segment(late.info);
  std::promise<std::size_t> dropped;
  threads.settler->drop(late.info.recording, [&](const std::vector<SegmentId>& ids) { dropped.set_value(ids.size()); });
  CHECK(dropped.get_future().get() == 1);
  threads.seal(late);
  threads.settler->set_ended(late.info.segment, late.ended);
  std::promise<bool> punched;
  threads.journal->punch(late.info.segment, [&](const Result<void>& done) { punched.set_value(done.has_value()); });
  CHECK(punched.get_future().get());
  CHECK(bench.catalog.segment_rows.size() == segments.size());
}

}  // namespace
}  // namespace assent
