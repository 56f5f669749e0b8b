// How many blocks a second do two workers seal, for one that a single worker seals? The sealer of the engine with its
// queue: blocks of a shard's legs wait in it, are sealed into pages of the pool, and go to the queue of the journal.
//
// Wall time from the first notification until the queue is empty, by turns with one worker and with two, medians. The
// shard fills the queue beforehand and the journal's side empties its own afterwards, so nothing else runs meanwhile.
#include <benchmark/benchmark.h>

#include <thread>

#include "bench/micro/bench_shard.h"
#include "engine/journal/sealed_page_queue.h"

namespace {

using namespace assent;
using namespace assent::bench;

constexpr std::size_t kLegs = 400;
constexpr std::size_t kWaitingBlocks = 40'000;
// A leg's blocks may wait as long as half of the arena is free.
constexpr std::size_t kSpareBlocks = 3 * kWaitingBlocks;
constexpr std::size_t kPages = kWaitingBlocks + 8 * kLegs;
constexpr auto kLook = std::chrono::microseconds(100);  // 0.2 % of what is timed

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

class WaitingBlocks {
 public:
  // Blocks a second, with the queue filled anew.
  double seal(std::size_t workers) {
    while (shard_.queue().waiting() < kWaitingBlocks) shard_.receive();
    const std::size_t blocks = shard_.queue().waiting();
    Sealer sealer(
        shard_.queue(), pages_, [this](std::span<SealedPage> pages) { ASSENT_CHECK(sealed_.push(pages)); },
        Sealer::Settings{workers, read_mono});
    const MonoTime begun = read_mono();
    sealer.notify();
    while (shard_.queue().waiting() > 0) std::this_thread::sleep_for(kLook);
    const double seconds = std::chrono::duration<double>(read_mono() - begun).count();
    while (sealed_.pop()) {
    }
    return static_cast<double>(blocks) / seconds;
  }

 private:
  PagePool pages_{kPages};
  SealedPageQueue sealed_{kPages};
  BenchShard shard_{kLegs, Gates::open, kSpareBlocks};
};

void seal_workers(benchmark::State& state) {
  WaitingBlocks blocks;
  for (const std::size_t workers : {std::size_t{1}, std::size_t{2}}) (void)blocks.seal(workers);  // touches every page
  std::vector<double> one;
  std::vector<double> two;
  for (auto _ : state) {
    one.push_back(blocks.seal(1));
    two.push_back(blocks.seal(2));
    state.SetIterationTime(static_cast<double>(kWaitingBlocks) / two.back());
  }
  state.counters["blocks_per_second_1"] = median(one);
  state.counters["blocks_per_second_2"] = median(two);
  state.counters["two_to_one"] = median(two) / median(one);
}
BENCHMARK(seal_workers)->Iterations(9)->UseManualTime();

}  // namespace
