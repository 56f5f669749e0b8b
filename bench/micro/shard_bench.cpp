// What a shard costs a packet, sockets and disk left out; sealing, where the gates are open, is in it. Nanoseconds a
// packet, by the number of legs.
//
// The floor of each (bench/micro/floor.h): the same datagrams put into blocks of the arena, and where they are to be
// kept, their payloads copied once into blocks that no cache holds, as many as the legs have. Legs that are SRTP stand
// beside the protecting of their packets, which is in their figure: opening and all else is the difference.
#include <benchmark/benchmark.h>

#include <cstring>
#include <vector>

#include "bench/micro/bench_shard.h"
#include "bench/micro/floor.h"

namespace {

using namespace assent;
using namespace assent::bench;

Floor dropped;
Floor copied;
Floor sealed;

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

// Nanoseconds a packet of what `work` does once an iteration with the bench's datagrams.
template <typename Work>
double ns_per_packet(benchmark::State& state, BenchShard& bench, Work work) {
  const std::uint64_t packets_before = bench.source().counts().datagrams;
  const double before = cpu_ns();
  for (auto _ : state) work();
  const auto packets = static_cast<double>(bench.source().counts().datagrams - packets_before);
  return (cpu_ns() - before) / packets;
}

void floor_datagrams(benchmark::State& state) {
  BenchShard bench(static_cast<std::size_t>(state.range(0)), Gates::closed);
  DroppingSink sink;
  dropped.is(state, state.range(0), ns_per_packet(state, bench, [&] { bench.source().sweep(sink); }));
}

void floor_copied(benchmark::State& state) {
  BenchShard bench(static_cast<std::size_t>(state.range(0)), Gates::closed);
  CopyingSink sink(static_cast<std::size_t>(state.range(0)));
  copied.is(state, state.range(0), ns_per_packet(state, bench, [&] { bench.source().sweep(sink); }));
}

void shard_step(benchmark::State& state, Gates gates) {
  BenchShard bench(static_cast<std::size_t>(state.range(0)), gates);
  const Floor& floor = gates == Gates::closed ? dropped : copied;
  floor.beside(state, state.range(0), ns_per_packet(state, bench, [&] { bench.step(); }));
}

// Packets of every leg protected, and nothing else: what shard_srtp has to do before its shard has anything to do.
void floor_protected(benchmark::State& state) {
  BenchShard bench(static_cast<std::size_t>(state.range(0)), Gates::closed, 0, SrtpSuite::aes_cm_128_hmac_sha1_80);
  DroppingSink sink;
  sealed.is(state, state.range(0), ns_per_packet(state, bench, [&] { bench.source().sweep(sink); }));
}

void shard_srtp(benchmark::State& state) {
  BenchShard bench(static_cast<std::size_t>(state.range(0)), Gates::open, 0, SrtpSuite::aes_cm_128_hmac_sha1_80);
  sealed.beside(state, state.range(0), ns_per_packet(state, bench, [&] { bench.step(); }));
}

BENCHMARK(floor_datagrams)->Arg(200)->Arg(4000)->Arg(20000);
BENCHMARK(floor_copied)->Arg(200)->Arg(4000)->Arg(20000);
BENCHMARK(floor_protected)->Arg(200)->Arg(4000);
BENCHMARK_CAPTURE(shard_step, closed, Gates::closed)->Arg(200)->Arg(4000)->Arg(20000);
BENCHMARK_CAPTURE(shard_step, holding, Gates::holding)->Arg(200)->Arg(4000);
BENCHMARK_CAPTURE(shard_step, open, Gates::open)->Arg(200)->Arg(4000)->Arg(20000);
BENCHMARK(shard_srtp)->Arg(200)->Arg(4000);

}  // namespace
