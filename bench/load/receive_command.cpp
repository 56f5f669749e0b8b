// receive: the floor under the engine's cost of a packet. The engine's own sources of datagrams, swept by a timer on a
// thread as its shard is, with a sink that drops what comes.
//
// Prints a line "ADDRESS PORT" for each port as soon as all are open, then an empty line; at the end one line of JSON.
#include <sys/resource.h>

#include <atomic>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/limits.h"
#include "base/secure_arena.h"
#include "base/step_thread.h"
#include "bench/load/commands.h"
#include "bench/load/thread_cpu.h"
#include "engine/ingest/port_steering.h"
#include "engine/ingest/steered_source.h"
#include "engine/ingest/udp_source.h"

namespace assent::load {
namespace {

constexpr PortSpan kPorts{20000, 60001};
constexpr std::size_t kBlocks = 1024;
constexpr SteeredShard kOnlyShard{0};

struct DroppingSink final : DatagramSink {
  void on_datagram(LegSlot, DatagramPort, Datagram&& datagram) override {
    const Datagram dropped = std::move(datagram);
    ++received;
  }
  void on_dropped(LegSlot, DatagramPort, DatagramDrop) override { ++lost; }
  std::uint64_t received = 0;
  std::uint64_t lost = 0;
};

void raise_open_files() {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

// Everything a shard's thread needs to receive, and what it counts there.
struct Floor {
  std::optional<BlockPool> blocks;
  std::unique_ptr<PortSteering> steering;
  std::unique_ptr<DatagramSource> source;
  DroppingSink sink;
  nanoseconds cpu{0};
};

Result<void> prepare(const ReceiveCommand& command, Floor& floor) {
  const Endpoint address = *parse_address("127.0.0.1", 0);
  auto arena = SecureArena::create(kBlocks * sizeof(Block), ArenaBacking::locked_memory);
  if (!arena) return arena.error();
  floor.blocks.emplace(std::move(*arena));
  auto ports = PortRange::create(kPorts);
  if (!ports) return ports.error();
  if (command.sockets == pipeline::Sockets::steered) {
    auto steering = PortSteering::create({address, 1, limits::steered_buffer_bytes(command.ports)});
    if (!steering) return steering.error();
    floor.steering = std::move(*steering);
    floor.source = std::make_unique<SteeredSource>(*floor.steering, kOnlyShard, std::move(*ports), *floor.blocks);
    return {};
  }
  raise_open_files();
  auto source = UdpSource::create(address, std::move(*ports), *floor.blocks);
  if (!source) return source.error();
  floor.source = std::move(*source);
  return {};
}

Result<void> listen(const ReceiveCommand& command, Floor& floor) {
  if (auto prepared = prepare(command, floor); !prepared) return prepared;
  for (std::uint32_t i = 0; i < command.ports; ++i) {
    const auto opened = floor.source->open(LegSlot(i), RtcpPort::muxed);
    if (!opened) return opened.error();
    std::cout << "127.0.0.1 " << opened->rtp << '\n';
  }
  std::cout << std::endl;  // seen by who waits for it

  std::atomic<bool> at_home{false};
  WakeSignal wake;
  const StepThread shard("shard-0", wake, [&](MonoTime now) {
    if (!at_home.exchange(true, std::memory_order_relaxed)) floor.blocks->make_home_here();
    floor.source->sweep(floor.sink);
    floor.cpu = thread_cpu();
    return now + command.sweep;
  });
  std::this_thread::sleep_for(command.duration);
  return {};
}

}  // namespace

ExitStatus perform(const ReceiveCommand& command) {
  Floor floor;
  if (auto done = listen(command, floor); !done) {
    std::cerr << "assent-load: " << done.error().what << '\n';
    return ExitStatus::failed;
  }
  const SourceCounts counts = floor.source->counts();
  const std::uint64_t received = floor.sink.received;
  const std::int64_t ns = received == 0 ? 0 : floor.cpu.count() / static_cast<std::int64_t>(received);
  std::cout << nlohmann::ordered_json{{"received", received},
                                      {"cpu_ns_per_packet", ns},
                                      {"cpu_s", static_cast<double>(floor.cpu.count()) / 1e9},
                                      {"kernel_drops", counts.kernel_drops},
                                      {"dropped", floor.sink.lost}}
            << '\n';
  return counts.kernel_drops == 0 && floor.sink.lost == 0 ? ExitStatus::ok : ExitStatus::failed;
}

}  // namespace assent::load
