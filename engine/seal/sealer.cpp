#include "engine/seal/sealer.h"

#include <pthread.h>
#include <tbb/enumerable_thread_specific.h>
#include <tbb/global_control.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "base/cpu.h"
#include "codecs/matroska/block_writer.h"
#include "crypto/frame_cipher.h"
#include "engine/seal/open_segment.h"

namespace assent {
namespace {

// oneTBB makes a thread when it needs one, from the thread that enqueues: a shard's, whose name and CPU it begins with.
// A worker has its own name, and may run wherever the sealer was made. (A task_scheduler_observer would do the same,
// and its library forgets to free it when a worker outlives the arena.)
void settle_thread(const std::set<Cpu>& cpus) {
  thread_local bool settled = false;
  if (std::exchange(settled, true)) return;
  pthread_setname_np(pthread_self(), "sealer");
  (void)run_on(cpus);
}

}  // namespace

struct Sealer::Tally {
  std::atomic<std::uint64_t> sealed{0};
  std::atomic<std::uint64_t> voided{0};

  void add(const SealerCounts& more) {
    sealed.fetch_add(more.blocks_sealed, std::memory_order_relaxed);
    if (more.blocks_voided != 0) voided.fetch_add(more.blocks_voided, std::memory_order_relaxed);
  }
};

// What a worker has to hand while it seals.
struct Sealer::Bench {
  Bench() { sealed.reserve(limits::kSealBurst); }
  FrameCipher cipher;
  std::array<PageRef, limits::kSealBurst> pages;
  std::array<std::optional<AdmittedBlock>, limits::kSealBurst> blocks;
  std::vector<SealedPage> sealed;
  SealerCounts counts;  // of what is being sealed now
};

// The oneTBB side: at most `limit` tasks run, each draining the queue until it is empty or no page is free.
class Sealer::Workers {
 public:
  Workers(Sealer& sealer, std::size_t limit)
      : sealer_(sealer),
        limit_(static_cast<int>(limit)),
        // oneTBB makes one thread less than it is allowed, for the thread that waits; ours never does.
        allowed_(tbb::global_control::max_allowed_parallelism, limit + 1),
        // No slot is kept for a thread that joins: the shard only enqueues.
        arena_(static_cast<int>(limit), 0) {}

  ~Workers() {
    stopping_.store(true, std::memory_order_relaxed);
    // Every task announces its end by the count; a task that was enqueued always runs.
    while (running_.load(std::memory_order_acquire) != 0) std::this_thread::yield();
  }

  void notify() {
    int running = running_.load(std::memory_order_relaxed);
    while (running < limit_ && sealer_.queue_.waiting() > static_cast<std::size_t>(running)) {
      if (running_.compare_exchange_weak(running, running + 1, std::memory_order_acq_rel)) {
        arena_.enqueue([this] { run(); });
        ++running;
      }
    }
  }

 private:
  void run() {
    settle_thread(cpus_);
    Bench& bench = benches_.local();
    while (!stopping_.load(std::memory_order_relaxed) && sealer_.seal_some(bench)) {
    }
    // A block pushed after the last look is picked up by the shard's next notify, one sweep later.
    running_.fetch_sub(1, std::memory_order_release);
  }

  Sealer& sealer_;
  const int limit_;
  std::atomic<int> running_{0};
  std::atomic<bool> stopping_{false};
  tbb::enumerable_thread_specific<Bench> benches_;
  tbb::global_control allowed_;
  tbb::task_arena arena_;
  const std::set<Cpu> cpus_ = usable_cpus();
};

Sealer::Sealer(SealQueue& queue, PagePool& pages, PageSink sink, Settings settings)
    : queue_(queue),
      pages_(pages),
      sink_(std::move(sink)),
      clock_(std::move(settings.clock)),
      tally_(std::make_unique<Tally>()),
      workers_(settings.workers == 0 ? nullptr : std::make_unique<Workers>(*this, settings.workers)) {}

Sealer::~Sealer() = default;

void Sealer::notify() {
  if (workers_) workers_->notify();
}

void Sealer::drain() {
  Bench bench;
  while (seal_some(bench)) {
  }
}

SealerCounts Sealer::counts() const {
  return {tally_->sealed.load(std::memory_order_relaxed), tally_->voided.load(std::memory_order_relaxed)};
}

bool Sealer::seal_some(Bench& bench) {
  // The pages first: a block that was popped must not have to go back.
  const std::size_t wanted = std::clamp<std::size_t>(queue_.waiting(), 1, limits::kSealBurst);
  const std::size_t pages = pages_.take(std::span(bench.pages).first(wanted));
  const std::size_t blocks = queue_.pop(std::span(bench.blocks).first(pages));
  for (std::size_t i = blocks; i < pages; ++i) bench.pages[i].reset();
  if (blocks == 0) return false;
  std::array<OpenSegment*, limits::kSealBurst> segments;
  {
    BlockPool::Returns returns(queue_.blocks());
    for (std::size_t i = 0; i < blocks; ++i) {
      AdmittedBlock& admitted = *bench.blocks[i];
      segments[i] = &admitted.segment();
      bench.sealed.push_back(seal(admitted, std::move(bench.pages[i]), bench));
      bench.sealed.back().times_ = {admitted.block().head.full_at, CoarseTime(clock_())};
      returns.add(std::move(admitted.block_));  // wiped
    }
  }
  tally_->add(std::exchange(bench.counts, {}));
  sink_(bench.sealed);
  bench.sealed.clear();
  // Last: then the segment may be destroyed, and whoever waits for it may count on the sink having its pages.
  for (std::size_t i = 0; i < blocks; ++i) segments[i]->count_sealed();
  return true;
}

SealedPage Sealer::seal(const AdmittedBlock& admitted, PageRef page, Bench& bench) {
  const Block& block = admitted.block();
  OpenSegment& segment = admitted.segment();
  const SegmentSealer& sealer = segment.sealer();
  FrameCipher& cipher = bench.cipher;
  const FrameSeq seq(block.head.frame_seq);

  if (block.head.kind == BlockKind::header) {
    const ByteView header = ByteView(block.plain).first(block.head.fill_bytes);
    std::fill(std::copy(header.begin(), header.end(), page->begin()), page->end(), std::uint8_t{0});
    return {std::move(page), segment.id(), seq, PageKind::header};
  }
  if (block.head.kind == BlockKind::final) {
    // Counts only: a final frame is sealed whatever has been withdrawn, so that the segment ends well.
    const ByteView plain = ByteView(block.plain).first(block.head.fill_bytes);
    const std::size_t used = sealer.seal_final(cipher, seq.value, plain, *page);
    std::fill(page->begin() + static_cast<std::ptrdiff_t>(used), page->end(), std::uint8_t{0});
    return {std::move(page), segment.id(), seq, PageKind::final};
  }

  if (block.head.kind == BlockKind::head) {
    // No audio either: without its Matroska head the segment could not be read.
    sealer.seal_frame(cipher, seq.value, block.plain, *page);
    return {std::move(page), segment.id(), seq, PageKind::frame};
  }
  const SealPermit::Stay stay(segment.permit(), block.head.consent_epoch);
  if (stay.allowed()) {
    segment.count_talk(talk_in(segment.codec(), block.plain));
    sealer.seal_frame(cipher, seq.value, block.plain, *page);
    ++bench.counts.blocks_sealed;
  } else {
    std::array<std::uint8_t, limits::kFrameBytes> silence;
    matroska::write_void_block(silence);
    sealer.seal_frame(cipher, seq.value, silence, *page);
    ++bench.counts.blocks_voided;
  }
  return {std::move(page), segment.id(), seq, PageKind::frame};
}

}  // namespace assent
