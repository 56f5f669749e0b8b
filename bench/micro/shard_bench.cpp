// What a shard costs a packet, sockets and disk left out; sealing, where the gates are open, is in it.
//
// The floor of each: the same datagrams put into blocks of the arena, and where they are to be kept, their payloads
// copied once into blocks that no cache holds, as many as the legs have.
#include <benchmark/benchmark.h>

#include <cstring>
#include <vector>

#include "bench/micro/bench_shard.h"

namespace {

using namespace assent;
using namespace assent::bench;

class DroppingSink final : public DatagramSink {
 public:
  void on_datagram(LegSlot, DatagramPort, Datagram&&) override {}
  void on_dropped(LegSlot, DatagramPort, DatagramDrop) override {}
};

// Copies each payload behind the one before it of its leg, in a block that is begun anew when it is full.
class CopyingSink final : public DatagramSink {
 public:
  explicit CopyingSink(std::size_t legs) : blocks_(legs) {}
  void on_datagram(LegSlot leg, DatagramPort, Datagram&& datagram) override {
    LegBlock& block = blocks_[leg.value];
    const ByteView payload = datagram.bytes().subspan(kRtpHeaderBytes);
    if (block.end + payload.size() > block.bytes.size()) block.end = 0;
    std::memcpy(&block.bytes[block.end], payload.data(), payload.size());
    block.end += payload.size();
  }
  void on_dropped(LegSlot, DatagramPort, DatagramDrop) override {}

 private:
  struct LegBlock {
    std::size_t end = 0;
    std::array<std::uint8_t, limits::kFrameBytes> bytes{};
  };
  std::vector<LegBlock> blocks_;
};

void report(benchmark::State& state, std::uint64_t packets) {
  state.counters["per_packet"] =
      benchmark::Counter(static_cast<double>(packets), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void floor_datagrams(benchmark::State& state) {
  BenchShard bench(static_cast<std::size_t>(state.range(0)), Gates::closed);
  DroppingSink sink;
  const std::uint64_t before = bench.source().counts().datagrams;
  for (auto _ : state) bench.source().sweep(sink);
  report(state, bench.source().counts().datagrams - before);
}

void floor_copied(benchmark::State& state) {
  BenchShard bench(static_cast<std::size_t>(state.range(0)), Gates::closed);
  CopyingSink sink(static_cast<std::size_t>(state.range(0)));
  const std::uint64_t before = bench.source().counts().datagrams;
  for (auto _ : state) bench.source().sweep(sink);
  report(state, bench.source().counts().datagrams - before);
}

void shard_step(benchmark::State& state, Gates gates) {
  BenchShard bench(static_cast<std::size_t>(state.range(0)), gates);
  const std::uint64_t before = bench.source().counts().datagrams;
  for (auto _ : state) bench.step();
  report(state, bench.source().counts().datagrams - before);
}

BENCHMARK(floor_datagrams)->Arg(200)->Arg(4000)->Arg(20000);
BENCHMARK(floor_copied)->Arg(200)->Arg(4000)->Arg(20000);
BENCHMARK_CAPTURE(shard_step, closed, Gates::closed)->Arg(200)->Arg(4000)->Arg(20000);
BENCHMARK_CAPTURE(shard_step, holding, Gates::holding)->Arg(200)->Arg(4000);
BENCHMARK_CAPTURE(shard_step, open, Gates::open)->Arg(200)->Arg(4000)->Arg(20000);

}  // namespace
