// The journal on its own thread and a real disk, with producers, releases and erasures from other threads.
#include <atomic>
#include <filesystem>
#include <thread>

#include "catch.h"
#include "engine/journal/journal_writer.h"
#include "journal_bench.h"

namespace assent {
namespace {

using test::frame_of;
using test::segment_numbered;

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "assent-journal-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

TEST_CASE("a journal thread makes durable what several workers seal, while others release and erase") {
  constexpr std::uint32_t kWorkers = 3;
  constexpr std::uint32_t kPages = 600;
  TemporaryFolder folder;
  RealDisk disk;
  PagePool pool(64);
  std::atomic<std::uint32_t> durable{0};
  std::atomic<std::uint32_t> punched{0};

  JournalOptions options;
  options.folder = folder.path();
  options.file_bytes = 128 * limits::kPageBytes;
  options.commit_interval = 1ms;
  options.queue_pages = 64;
  JournalListener listener;
  listener.on_durable = [&](std::span<const DurablePage> pages) {
    durable.fetch_add(static_cast<std::uint32_t>(pages.size()));
  };
  auto created = JournalWriter::create(disk, options, listener);
  REQUIRE(created);
  JournalWriter& writer = **created;
  {
    const StepThread thread("journal", writer.wake(), [&](MonoTime now) { return writer.step(now); });
    std::vector<std::thread> workers;
    for (std::uint32_t worker = 0; worker < kWorkers; ++worker) {
      workers.emplace_back([&, worker] {
        for (std::uint32_t seq = 1; seq <= kPages; ++seq) {
          PageRef memory = pool.take();
          while (memory == nullptr) {
            std::this_thread::yield();
            memory = pool.take();
          }
          const JournalEntry entry = frame_of(segment_numbered(worker * kPages + seq), seq);
          *memory = test::page_content(entry);
          SealedPage page = SealedPageForTest::make(std::move(memory), entry);
          while (!writer.queue().push(page)) std::this_thread::yield();
          if (seq % 50 == 0) writer.flush();
          if (seq > 200) writer.release(segment_numbered(worker * kPages + seq - 200));
        }
        writer.punch(segment_numbered(worker * kPages + 1), [&](const Result<void>& done) {
          if (done) punched.fetch_add(1);
        });
      });
    }
    for (std::thread& worker : workers) worker.join();
    while (durable.load() < kWorkers * kPages || punched.load() < kWorkers) std::this_thread::yield();
  }
  CHECK(writer.counters().pages == kWorkers * kPages);
  CHECK(writer.counters().files < 15);  // of 15 that were written
  CHECK(writer.health().healthy);
  CHECK(pool.in_use_pages() == 0);
  created->reset();
  const auto scan = JournalScan::run(disk, folder.path(), ShardId(0));
  REQUIRE(scan);
  for (const DurablePage& page : scan->pages()) {
    JournalReader reader(disk, folder.path(), ShardId(0));
    Page read{};
    REQUIRE(reader.read(page.place(), read));
    REQUIRE(read == test::page_content(test::entry_of(page)));
  }
}

}  // namespace
}  // namespace assent
