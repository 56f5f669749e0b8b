#include "engine/ingest/steered_source.h"

#include <unistd.h>

#include <algorithm>
#include <optional>

#include "arrivals.h"
#include "engine/ingest/udp_source.h"

using namespace assent;

namespace {

// The n-th of twenty ports that this process has for itself, since the tests of this file run side by side. They are
// below the range that the kernel gives to outgoing sockets, so that hardly anything else has them.
std::uint16_t port(int n) {
  static const int first = 22000 + 20 * (::getpid() % 200);
  return static_cast<std::uint16_t>(first + n);
}

PortSpan all_ports() { return {port(0), port(19)}; }

constexpr SteeredShard kFirst{0};
constexpr SteeredShard kSecond{1};
constexpr LegSlot kLeg{7};

PortRange range_of(PortSpan ports) {
  auto range = PortRange::create(ports);
  REQUIRE(range);
  return std::move(*range);
}

// Nothing, having said so, where this process may not steer.
std::unique_ptr<PortSteering> steering_on(const char* address, std::size_t shards = 1,
                                          std::size_t buffer_bytes = limits::kSteeredBufferMinBytes) {
  auto steering = PortSteering::create({*parse_address(address, 0), shards, buffer_bytes});
  if (!steering) {
    INFO(steering.error().what);
    REQUIRE((steering.error().code == Errc::denied || steering.error().code == Errc::unsupported));
    WARN("SKIPPED: " + steering.error().what);
    return nullptr;
  }
  return std::move(*steering);
}

// One shard's source with its steering.
struct Rig {
  explicit Rig(const char* address, PortSpan ports = all_ports(), std::size_t blocks = 80,
               std::size_t buffer_bytes = limits::kSteeredBufferMinBytes)
      : pool(make_pool(blocks)), steering(steering_on(address, 1, buffer_bytes)) {
    if (steering) source.emplace(*steering, kFirst, range_of(ports), pool);
  }
  explicit operator bool() const { return source.has_value(); }

  BlockPool pool;
  std::unique_ptr<PortSteering> steering;
  std::optional<SteeredSource> source;
  Arrivals arrivals;
};

}  // namespace

TEST_CASE("steered datagrams of both families reach their leg by their port, with their source") {
  for (const char* address : {"127.0.0.1", "::1"}) {
    Rig rig(address);
    if (!rig) return;
    const auto ports = rig.source->open(kLeg, RtcpPort::next);
    const auto other = rig.source->open(LegSlot{8}, RtcpPort::next);
    REQUIRE(ports);
    REQUIRE(other);
    CHECK(ports->rtp % 2 == 0);
    CHECK(ports->rtcp == ports->rtp + 1);

    Sender sender(address);
    sender.send(ports->rtp, {1, 2, 3});
    sender.send(ports->rtcp, {4, 5});
    sender.send(other->rtp, {});
    rig.source->sweep(rig.arrivals);
    const auto& all = rig.arrivals.all;
    REQUIRE(all.size() == 3);
    CHECK(all[0].bytes == Bytes{1, 2, 3});
    CHECK(all[0].port == DatagramPort::rtp);
    CHECK(all[0].leg == kLeg);
    CHECK(all[0].from == sender.own());
    CHECK(all[1].bytes == Bytes{4, 5});
    CHECK(all[1].port == DatagramPort::rtcp);
    CHECK(all[2].bytes.empty());
    CHECK(all[2].leg == LegSlot{8});
    CHECK(rig.source->counts().datagrams == 3);
    CHECK(rig.source->counts().bytes == 5);
  }
}

TEST_CASE("a steered leg has its ports again after a restart, unless somebody else has them") {
  LegPorts before;
  {
    Rig rig("127.0.0.1");
    if (!rig) return;
    before = rig.source->open(kLeg, RtcpPort::next).value();
    Rig other("127.0.0.1");
    CHECK(other.source->reopen(kLeg, before).error().code == Errc::conflict);
  }
  Rig rig("127.0.0.1");
  REQUIRE(rig.source->reopen(kLeg, before));
  CHECK(rig.source->reopen(LegSlot{8}, before).error().code == Errc::conflict);
  CHECK(rig.source->reopen(LegSlot{8}, LegPorts{40000, 40001}).error().code == Errc::conflict);
  const auto next = rig.source->open(LegSlot{8}, RtcpPort::next);
  REQUIRE(next);
  CHECK(next->rtp != before.rtp);
  Sender("127.0.0.1").send(before.rtcp, {1});
  rig.source->sweep(rig.arrivals);
  REQUIRE(rig.arrivals.all.size() == 1);
  CHECK(rig.arrivals.all[0].leg == kLeg);
  CHECK(rig.arrivals.all[0].port == DatagramPort::rtcp);
}

TEST_CASE("steering to the unspecified IPv6 address hears IPv4 too") {
  Rig rig("::");
  if (!rig) return;
  const auto ports = rig.source->open(kLeg, RtcpPort::next);
  REQUIRE(ports);
  Sender v4("127.0.0.1");
  Sender v6("::1");
  v4.send(ports->rtp, {4});
  v6.send(ports->rtcp, {6});
  rig.source->sweep(rig.arrivals);
  REQUIRE(rig.arrivals.all.size() == 2);
  CHECK(rig.arrivals.all[0].from == v4.own());
  CHECK(rig.arrivals.all[0].port == DatagramPort::rtp);
  CHECK(rig.arrivals.all[1].from == v6.own());
  CHECK(rig.arrivals.all[1].port == DatagramPort::rtcp);
}

TEST_CASE("steering to the unspecified IPv4 address hears every IPv4 address") {
  Rig rig("0.0.0.0");
  if (!rig) return;
  const auto ports = rig.source->open(kLeg, RtcpPort::next);
  REQUIRE(ports);
  Sender("127.0.0.1").send(ports->rtp, {1});
  Sender("127.0.0.2").send(ports->rtp, {2});
  Sender("::1").send(ports->rtp, {3});
  rig.source->sweep(rig.arrivals);
  REQUIRE(rig.arrivals.all.size() == 2);
  CHECK(rig.arrivals.all[1].bytes == Bytes{2});
}

TEST_CASE("only the address asked for is steered") {
  Rig rig("127.0.0.1");
  if (!rig) return;
  const auto ports = rig.source->open(kLeg, RtcpPort::next);
  REQUIRE(ports);
  Sender neighbour("127.0.0.2", ports->rtp);
  Sender("127.0.0.2").send(ports->rtp, {1});
  rig.source->sweep(rig.arrivals);
  CHECK(rig.arrivals.all.empty());
  CHECK(rig.source->counts().no_leg == 0);
  CHECK(neighbour.heard_something());
}

TEST_CASE("a muxed leg has one steered port") {
  Rig rig("127.0.0.1");
  if (!rig) return;
  const auto ports = rig.source->open(kLeg, RtcpPort::muxed);
  REQUIRE(ports);
  CHECK(ports->rtcp == ports->rtp);
  Sender sender("127.0.0.1");
  Sender above("127.0.0.1", static_cast<std::uint16_t>(ports->rtp + 1));
  sender.send(static_cast<std::uint16_t>(ports->rtp + 1), {1});
  sender.send(ports->rtp, {2});
  rig.source->sweep(rig.arrivals);
  REQUIRE(rig.arrivals.all.size() == 1);
  CHECK(rig.arrivals.all[0].bytes == Bytes{2});
  CHECK(above.heard_something());
}

TEST_CASE("another program keeps its port of the range, and its datagrams") {
  Rig rig("127.0.0.1", {port(10), port(13)});
  if (!rig) return;
  auto other = std::make_unique<Sender>("127.0.0.1", port(11));
  const auto ports = rig.source->open(kLeg, RtcpPort::next);
  REQUIRE(ports);
  CHECK(ports->rtp == port(12));
  CHECK(rig.source->open(LegSlot{8}, RtcpPort::next).error().code == Errc::exhausted);

  Sender("127.0.0.1").send(port(11), {1});
  rig.source->sweep(rig.arrivals);
  CHECK(rig.arrivals.all.empty());
  CHECK(other->heard_something());
  other.reset();
  CHECK(rig.source->open(LegSlot{8}, RtcpPort::next)->rtp == port(10));
}

TEST_CASE("a closed leg's ports are anybody's again") {
  Rig rig("127.0.0.1");
  if (!rig) return;
  const auto ports = rig.source->open(kLeg, RtcpPort::next);
  REQUIRE(ports);
  rig.source->close(kLeg);
  rig.source->close(kLeg);
  Sender other("127.0.0.1", ports->rtp);
  Sender("127.0.0.1").send(ports->rtp, {1});
  rig.source->sweep(rig.arrivals);
  CHECK(rig.arrivals.all.empty());
  CHECK(rig.source->counts().no_leg == 0);
  CHECK(other.heard_something());
}

TEST_CASE("what still waits for a closed leg reaches nobody, and its ports wait until it is gone") {
  Rig rig("127.0.0.1", {port(0), port(1)});
  if (!rig) return;
  const auto ports = rig.source->open(kLeg, RtcpPort::next);
  REQUIRE(ports);
  Sender sender("127.0.0.1");
  sender.send(ports->rtp, {1});
  rig.source->close(kLeg);
  CHECK(rig.source->open(LegSlot{8}, RtcpPort::next).error().code == Errc::exhausted);
  rig.source->sweep(rig.arrivals);
  CHECK(rig.arrivals.all.empty());
  CHECK(rig.source->counts().no_leg == 1);
  REQUIRE(rig.source->open(LegSlot{8}, RtcpPort::next));
  sender.send(ports->rtp, {2});
  rig.source->sweep(rig.arrivals);
  REQUIRE(rig.arrivals.all.size() == 1);
  CHECK(rig.arrivals.all[0].leg == LegSlot{8});
}

TEST_CASE("a steered leg closed by what it heard hears no more of the batch") {
  Rig rig("127.0.0.1");
  if (!rig) return;
  const auto ports = rig.source->open(kLeg, RtcpPort::next);
  REQUIRE(ports);
  Sender sender("127.0.0.1");
  for (int i = 0; i < 3; ++i) sender.send(ports->rtp, {1});
  rig.arrivals.then = [&] {
    rig.source->close(kLeg);
    REQUIRE(rig.source->open(LegSlot{8}, RtcpPort::next));
  };
  rig.source->sweep(rig.arrivals);
  CHECK(rig.arrivals.all.size() == 1);
  CHECK(rig.source->counts().no_leg == 2);
}

TEST_CASE("what comes to the socket's own port is dropped and counted") {
  Rig rig("127.0.0.1");
  if (!rig) return;
  Sender("127.0.0.1").send(rig.steering->socket(kFirst).local().port, {1});
  rig.source->sweep(rig.arrivals);
  CHECK(rig.arrivals.all.empty());
  CHECK(rig.source->counts().no_leg == 1);
}

TEST_CASE("one sweep takes several batches in order, and blocks come back wiped") {
  Rig rig("127.0.0.1");
  if (!rig) return;
  const auto ports = rig.source->open(kLeg, RtcpPort::next);
  REQUIRE(ports);
  Sender sender("127.0.0.1");
  constexpr std::size_t kSent = 2 * limits::kReceiveBatch + 10;
  for (std::size_t i = 0; i < kSent; ++i) sender.send(ports->rtp, Bytes(200, static_cast<std::uint8_t>(i)));
  rig.source->sweep(rig.arrivals);
  REQUIRE(rig.arrivals.all.size() == kSent);
  bool in_order = true;
  for (std::size_t i = 0; i < kSent; ++i) {
    in_order &= rig.arrivals.all[i].bytes == Bytes(200, static_cast<std::uint8_t>(i));
  }
  CHECK(in_order);

  rig.source.reset();
  CHECK(rig.pool.in_use_blocks() == 0);
  std::vector<BlockRef> blocks;
  bool clean = true;
  for (auto block = rig.pool.take(); block; block = rig.pool.take()) {
    for (const auto byte : block->plain) clean &= byte == 0;
    blocks.push_back(std::move(block));
  }
  CHECK(blocks.size() == 80);
  CHECK(clean);
}

TEST_CASE("a sweep ends when it has taken its share, and the next goes on") {
  Rig rig("127.0.0.1", all_ports(), 80, std::size_t{32} << 20);
  if (!rig) return;
  REQUIRE(rig.steering->buffer_bytes() >= std::size_t{32} << 20);
  const auto ports = rig.source->open(kLeg, RtcpPort::next);
  REQUIRE(ports);
  Sender sender("127.0.0.1");
  for (std::size_t i = 0; i < limits::kSteeredSweepDatagrams + 10; ++i) sender.send(ports->rtp, {1});
  rig.source->sweep(rig.arrivals);
  CHECK(rig.arrivals.all.size() == limits::kSteeredSweepDatagrams);
  rig.source->sweep(rig.arrivals);
  CHECK(rig.arrivals.all.size() == limits::kSteeredSweepDatagrams + 10);
}

TEST_CASE("a steered datagram larger than a block is dropped, counted and wiped") {
  Rig rig("127.0.0.1");
  if (!rig) return;
  const auto ports = rig.source->open(kLeg, RtcpPort::next);
  REQUIRE(ports);
  Sender sender("127.0.0.1");
  sender.send(ports->rtp, Bytes(limits::kDatagramBytes + 1, 0xAB));
  sender.send(ports->rtp, Bytes(limits::kDatagramBytes, 0xCD));
  rig.source->sweep(rig.arrivals);
  CHECK(rig.arrivals.drops == std::vector<DatagramDrop>{DatagramDrop::truncated});
  REQUIRE(rig.arrivals.all.size() == 1);
  CHECK(rig.arrivals.all[0].bytes.size() == limits::kDatagramBytes);
  CHECK(rig.source->counts().truncated == 1);
}

TEST_CASE("without blocks steered datagrams are dropped, not left to go stale") {
  Rig rig("127.0.0.1", all_ports(), 4);
  if (!rig) return;
  const auto ports = rig.source->open(kLeg, RtcpPort::next);
  REQUIRE(ports);
  Sender sender("127.0.0.1");
  for (std::uint8_t i = 0; i < 10; ++i) sender.send(ports->rtp, Bytes(10, i));
  rig.arrivals.keep = true;
  rig.source->sweep(rig.arrivals);
  CHECK(rig.arrivals.all.size() == 4);
  CHECK(rig.arrivals.drops == std::vector<DatagramDrop>(6, DatagramDrop::no_block));
  CHECK(rig.source->counts().no_block == 6);

  rig.arrivals.kept.clear();
  sender.send(ports->rtp, Bytes(10, 99));
  rig.source->sweep(rig.arrivals);
  CHECK(rig.arrivals.all.size() == 5);
  CHECK(rig.arrivals.all.back().bytes == Bytes(10, 99));
}

TEST_CASE("every datagram that a full socket makes the kernel drop is counted") {
  Rig rig("127.0.0.1", all_ports(), 80, 64 * 1024);
  if (!rig) return;
  const auto ports = rig.source->open(kLeg, RtcpPort::next);
  REQUIRE(ports);
  Sender sender("127.0.0.1");
  constexpr std::size_t kSent = 1000;
  for (std::size_t i = 0; i < kSent; ++i) sender.send(ports->rtp, Bytes(172, 1));
  rig.source->sweep(rig.arrivals);
  const SourceCounts counts = rig.source->counts();
  CHECK(counts.kernel_drops > 0);
  CHECK(counts.datagrams + counts.kernel_drops == kSent);
  CHECK(rig.source->counts().kernel_drops == counts.kernel_drops);
}

TEST_CASE("each shard hears its own ports") {
  const auto steering = steering_on("127.0.0.1", 2);
  if (!steering) return;
  BlockPool pool = make_pool(160);
  SteeredSource first(*steering, kFirst, range_of({port(0), port(3)}), pool);
  SteeredSource second(*steering, kSecond, range_of({port(4), port(7)}), pool);
  const auto at_first = first.open(kLeg, RtcpPort::next);
  const auto at_second = second.open(kLeg, RtcpPort::next);
  REQUIRE(at_first);
  REQUIRE(at_second);
  Sender sender("127.0.0.1");
  sender.send(at_first->rtp, {1});
  sender.send(at_second->rtp, {2});
  Arrivals of_first;
  Arrivals of_second;
  first.sweep(of_first);
  second.sweep(of_second);
  REQUIRE(of_first.all.size() == 1);
  REQUIRE(of_second.all.size() == 1);
  CHECK(of_first.all[0].bytes == Bytes{1});
  CHECK(of_second.all[0].bytes == Bytes{2});
}

TEST_CASE("two engines that steer the same range take nothing from each other") {
  Rig one("127.0.0.1", {port(0), port(3)});
  Rig two("127.0.0.1", {port(0), port(3)});
  if (!one || !two) return;
  const auto of_one = one.source->open(kLeg, RtcpPort::next);
  const auto of_two = two.source->open(kLeg, RtcpPort::next);
  REQUIRE(of_one);
  REQUIRE(of_two);
  CHECK(of_one->rtp != of_two->rtp);
  CHECK(one.source->open(LegSlot{8}, RtcpPort::next).error().code == Errc::exhausted);
  Sender sender("127.0.0.1");
  sender.send(of_one->rtp, {1});
  sender.send(of_two->rtp, {2});
  one.source->sweep(one.arrivals);
  two.source->sweep(two.arrivals);
  REQUIRE(one.arrivals.all.size() == 1);
  REQUIRE(two.arrivals.all.size() == 1);
  CHECK(one.arrivals.all[0].bytes == Bytes{1});
  CHECK(two.arrivals.all[0].bytes == Bytes{2});
}

TEST_CASE("a source of one socket a port passes over ports that another engine steers") {
  Rig steered("127.0.0.1", {port(0), port(3)});
  if (!steered) return;
  const auto taken = steered.source->open(kLeg, RtcpPort::next);
  REQUIRE(taken);
  const auto bound = UdpSource::create(*parse_address("127.0.0.1", 0), range_of({port(0), port(3)}), steered.pool);
  REQUIRE(bound);
  const auto ports = (*bound)->open(kLeg, RtcpPort::next);
  REQUIRE(ports);
  CHECK(ports->rtp != taken->rtp);
}

TEST_CASE("nothing is steered any more when the steering is gone") {
  std::uint16_t port = 0;
  {
    Rig rig("127.0.0.1");
    if (!rig) return;
    port = rig.source->open(kLeg, RtcpPort::next)->rtp;
  }
  Sender other("127.0.0.1", port);
  Sender("127.0.0.1").send(port, {1});
  CHECK(other.heard_something());
}

TEST_CASE("a steered leg has its ports once, and they are used again after all others") {
  Rig rig("127.0.0.1", {port(0), port(3)});
  if (!rig) return;
  const auto first = rig.source->open(LegSlot{1}, RtcpPort::next);
  REQUIRE(first);
  CHECK(rig.source->open(LegSlot{1}, RtcpPort::next).error().code == Errc::conflict);
  rig.source->close(LegSlot{1});
  rig.source->sweep(rig.arrivals);
  const auto second = rig.source->open(LegSlot{2}, RtcpPort::next);
  const auto third = rig.source->open(LegSlot{3}, RtcpPort::next);
  REQUIRE(second);
  REQUIRE(third);
  CHECK(second->rtp != first->rtp);
  CHECK(third->rtp == first->rtp);
}

TEST_CASE("an address that is not this machine's is not steered") {
  const auto steering = PortSteering::create({*parse_address("192.0.2.1", 0), 1, limits::kSteeredBufferMinBytes});
  REQUIRE_FALSE(steering);
  CHECK(steering.error().code == Errc::invalid);
}

TEST_CASE("what is sent leaves by the leg's port, and what comes meanwhile is steered all the same") {
  for (const char* address : {"127.0.0.1", "::1"}) {
    Rig rig(address);
    if (!rig) return;
    const auto ports = rig.source->open(kLeg, RtcpPort::muxed);
    REQUIRE(ports);
    Sender peer(address);
    for (std::uint8_t i = 0; i < 20; ++i) {
      peer.send(ports->rtp, {i});
      REQUIRE(rig.source->send(kLeg, peer.own(), Bytes{i, i}));
      CHECK(peer.hear() == Bytes{i, i});
      CHECK(peer.heard_from() == ports->rtp);
    }
    rig.source->sweep(rig.arrivals);
    CHECK(rig.arrivals.all.size() == 20);
    CHECK(rig.source->send(LegSlot{8}, peer.own(), Bytes{1}).error().code == Errc::not_found);
  }
}
