#include "engine/ingest/udp_source.h"

#include <string>
#include <vector>

#include "arrivals.h"

using namespace assent;

namespace {

// Below the range that the kernel gives to outgoing sockets, so that hardly anything else has these ports.
constexpr PortSpan kPorts{21000, 21019};

std::unique_ptr<UdpSource> source_on(const char* address, BlockPool& pool, PortSpan ports = kPorts) {
  auto range = PortRange::create(ports);
  REQUIRE(range);
  auto source = UdpSource::create(*parse_address(address, 0), std::move(*range), pool);
  REQUIRE(source);
  return std::move(*source);
}

constexpr LegSlot kLeg{7};

}  // namespace

TEST_CASE("datagrams of both families reach their leg by their port, with their source") {
  for (const char* address : {"127.0.0.1", "::1"}) {
    BlockPool pool = make_pool(80);
    auto source = source_on(address, pool);
    const auto ports = source->open(kLeg, RtcpPort::next);
    REQUIRE(ports);
    CHECK(ports->rtp % 2 == 0);
    CHECK(ports->rtcp == ports->rtp + 1);

    Sender sender(address);
    sender.send(ports->rtp, {1, 2, 3});
    sender.send(ports->rtcp, {4, 5});
    sender.send(ports->rtp, {});
    Arrivals arrivals;
    source->sweep(arrivals);
    REQUIRE(arrivals.all.size() == 3);
    std::sort(arrivals.all.begin(), arrivals.all.end(), [](const auto& a, const auto& b) { return a.bytes > b.bytes; });
    CHECK(arrivals.all[0].bytes == Bytes{4, 5});
    CHECK(arrivals.all[0].port == DatagramPort::rtcp);
    CHECK(arrivals.all[1].bytes == Bytes{1, 2, 3});
    CHECK(arrivals.all[1].port == DatagramPort::rtp);
    CHECK(arrivals.all[1].leg == kLeg);
    CHECK(arrivals.all[1].from == sender.own());
    CHECK(arrivals.all[2].bytes.empty());
    CHECK(source->counts().datagrams == 3);
    CHECK(source->counts().bytes == 5);
  }
}

TEST_CASE("a leg has its ports again after a restart, unless somebody else has them") {
  BlockPool pool = make_pool(80);
  auto first = source_on("127.0.0.1", pool);
  const auto before = first->open(kLeg, RtcpPort::next);
  REQUIRE(before);
  auto other = source_on("127.0.0.1", pool);
  CHECK(other->reopen(kLeg, *before).error().code == Errc::conflict);
  first.reset();
  REQUIRE(other->reopen(kLeg, *before));
  CHECK(other->reopen(LegSlot{8}, *before).error().code == Errc::conflict);
  CHECK(other->reopen(LegSlot{8}, LegPorts{40000, 40001}).error().code == Errc::conflict);
  const auto next = other->open(LegSlot{8}, RtcpPort::next);
  REQUIRE(next);
  CHECK(next->rtp != before->rtp);
  Sender("127.0.0.1").send(before->rtcp, {1});
  Arrivals arrivals;
  other->sweep(arrivals);
  REQUIRE(arrivals.all.size() == 1);
  CHECK(arrivals.all[0].leg == kLeg);
  CHECK(arrivals.all[0].port == DatagramPort::rtcp);
  other->close(kLeg);
  CHECK(other->reopen(kLeg, *before));
}

TEST_CASE("the unspecified IPv6 address hears IPv4 too") {
  BlockPool pool = make_pool(80);
  auto source = source_on("::", pool);
  const auto ports = source->open(kLeg, RtcpPort::next);
  REQUIRE(ports);
  Sender v4("127.0.0.1");
  Sender v6("::1");
  v4.send(ports->rtp, {4});
  v6.send(ports->rtp, {6});
  Arrivals arrivals;
  source->sweep(arrivals);
  REQUIRE(arrivals.all.size() == 2);
  CHECK(arrivals.all[0].from == v4.own());
  CHECK(arrivals.all[1].from == v6.own());
}

TEST_CASE("a muxed leg has one port") {
  BlockPool pool = make_pool(80);
  auto source = source_on("127.0.0.1", pool);
  const auto ports = source->open(kLeg, RtcpPort::muxed);
  REQUIRE(ports);
  CHECK(ports->rtcp == ports->rtp);
  source->close(kLeg);
  CHECK(source->open(kLeg, RtcpPort::next));
}

TEST_CASE("a sweep of nothing returns") {
  BlockPool pool = make_pool(80);
  auto source = source_on("127.0.0.1", pool);
  Arrivals arrivals;
  source->sweep(arrivals);
  REQUIRE(source->open(kLeg, RtcpPort::next));
  source->sweep(arrivals);
  CHECK(arrivals.all.empty());
}

TEST_CASE("more than a batch waits for the next sweep, in order, and blocks come back wiped") {
  BlockPool pool = make_pool(80);
  auto source = source_on("127.0.0.1", pool);
  const auto ports = source->open(kLeg, RtcpPort::next);
  REQUIRE(ports);
  Sender sender("127.0.0.1");
  constexpr std::size_t kSent = 2 * limits::kReceiveBatch + 10;
  for (std::size_t i = 0; i < kSent; ++i) sender.send(ports->rtp, Bytes(200, static_cast<std::uint8_t>(i)));
  Arrivals arrivals;
  for (int sweep = 0; sweep < 3; ++sweep) source->sweep(arrivals);
  REQUIRE(arrivals.all.size() == kSent);
  for (std::size_t i = 0; i < kSent; ++i) CHECK(arrivals.all[i].bytes == Bytes(200, static_cast<std::uint8_t>(i)));
  CHECK(source->counts().no_block == 0);

  source.reset();
  CHECK(pool.in_use_blocks() == 0);
  std::vector<BlockRef> blocks;
  bool clean = true;
  for (auto block = pool.take(); block; block = pool.take()) {
    for (const auto byte : block->plain) clean &= byte == 0;
    blocks.push_back(std::move(block));
  }
  CHECK(blocks.size() == 80);
  CHECK(clean);
}

TEST_CASE("a datagram larger than a block is dropped, counted and wiped") {
  BlockPool pool = make_pool(80);
  auto source = source_on("127.0.0.1", pool);
  const auto ports = source->open(kLeg, RtcpPort::next);
  REQUIRE(ports);
  Sender sender("127.0.0.1");
  sender.send(ports->rtp, Bytes(limits::kDatagramBytes + 1, 0xAB));
  sender.send(ports->rtp, Bytes(limits::kDatagramBytes, 0xCD));
  Arrivals arrivals;
  source->sweep(arrivals);
  CHECK(arrivals.drops == std::vector<DatagramDrop>{DatagramDrop::truncated});
  REQUIRE(arrivals.all.size() == 1);
  CHECK(arrivals.all[0].bytes.size() == limits::kDatagramBytes);
  CHECK(source->counts().truncated == 1);
}

TEST_CASE("without blocks datagrams are dropped, not left to go stale") {
  BlockPool pool = make_pool(4);
  auto source = source_on("127.0.0.1", pool);
  const auto ports = source->open(kLeg, RtcpPort::next);
  REQUIRE(ports);
  Sender sender("127.0.0.1");
  for (std::uint8_t i = 0; i < 10; ++i) sender.send(ports->rtp, Bytes(10, i));
  Arrivals arrivals;
  arrivals.keep = true;
  source->sweep(arrivals);
  CHECK(arrivals.all.size() == 4);
  source->sweep(arrivals);
  CHECK(arrivals.drops.size() == 6);
  CHECK(source->counts().no_block == 6);

  arrivals.kept.clear();
  sender.send(ports->rtp, Bytes(10, 99));
  source->sweep(arrivals);
  CHECK(arrivals.all.size() == 5);
  CHECK(arrivals.all.back().bytes == Bytes(10, 99));
}

TEST_CASE("a leg closed by what it heard hears no more of the batch") {
  BlockPool pool = make_pool(80);
  auto source = source_on("127.0.0.1", pool);
  const auto ports = source->open(kLeg, RtcpPort::next);
  REQUIRE(ports);
  Sender sender("127.0.0.1");
  for (int i = 0; i < 3; ++i) sender.send(ports->rtp, {1});
  sender.send(ports->rtcp, {2});
  Arrivals arrivals;
  arrivals.then = [&] {
    source->close(kLeg);
    REQUIRE(source->open(LegSlot{8}, RtcpPort::next));  // takes the very places that became free
  };
  source->sweep(arrivals);
  CHECK(arrivals.all.size() == 1);
}

TEST_CASE("ports of a closed leg are free again, after all others") {
  BlockPool pool = make_pool(80);
  auto source = source_on("127.0.0.1", pool, {21000, 21003});
  const auto first = source->open(LegSlot{1}, RtcpPort::next);
  REQUIRE(first);
  source->close(LegSlot{1});
  source->close(LegSlot{1});
  const auto second = source->open(LegSlot{2}, RtcpPort::next);
  const auto third = source->open(LegSlot{3}, RtcpPort::next);
  REQUIRE(second);
  REQUIRE(third);
  CHECK(second->rtp != first->rtp);
  CHECK(third->rtp == first->rtp);
  const auto fourth = source->open(LegSlot{4}, RtcpPort::next);
  REQUIRE_FALSE(fourth);
  CHECK(fourth.error().code == Errc::exhausted);
}

TEST_CASE("ports that another program holds are passed over") {
  BlockPool pool = make_pool(80);
  auto source = source_on("127.0.0.1", pool, {21010, 21013});
  auto other = std::make_unique<Sender>("127.0.0.1", 21011);
  const auto ports = source->open(kLeg, RtcpPort::next);
  REQUIRE(ports);
  CHECK(ports->rtp == 21012);
  CHECK(source->open(LegSlot{8}, RtcpPort::next).error().code == Errc::exhausted);
  other.reset();
  CHECK(source->open(LegSlot{8}, RtcpPort::next)->rtp == 21010);
}

TEST_CASE("datagrams that a full socket makes the kernel drop are counted, also when it has been closed") {
  BlockPool pool = make_pool(80);
  auto source = source_on("127.0.0.1", pool);
  const auto ports = source->open(kLeg, RtcpPort::next);
  REQUIRE(ports);
  Sender sender("127.0.0.1");
  constexpr std::size_t kSent = 2000;
  for (std::size_t i = 0; i < kSent; ++i) sender.send(ports->rtp, Bytes(172, 1));
  Arrivals arrivals;
  while (source->counts().datagrams + source->counts().kernel_drops < kSent) {
    const auto before = arrivals.all.size();
    source->sweep(arrivals);
    REQUIRE(arrivals.all.size() > before);
  }
  const auto drops = source->counts().kernel_drops;
  CHECK(drops > 0);
  source->close(kLeg);
  CHECK(source->counts().kernel_drops == drops);
}

TEST_CASE("a leg has its ports once") {
  BlockPool pool = make_pool(80);
  auto source = source_on("127.0.0.1", pool);
  REQUIRE(source->open(kLeg, RtcpPort::next));
  CHECK(source->open(kLeg, RtcpPort::next).error().code == Errc::conflict);
}

TEST_CASE("an address that is not this machine's is refused") {
  BlockPool pool = make_pool(80);
  const auto source = UdpSource::create(*parse_address("192.0.2.1", 0), *PortRange::create(kPorts), pool);
  REQUIRE_FALSE(source);
  CHECK(source.error().code == Errc::invalid);
}

TEST_CASE("what is sent leaves by the leg's port, in both families, and needs one that is open") {
  for (const char* address : {"127.0.0.1", "::1", "::"}) {
    CAPTURE(address);
    BlockPool pool = make_pool(80);
    auto source = source_on(address, pool);
    const auto ports = source->open(kLeg, RtcpPort::muxed);
    REQUIRE(ports);
    Sender peer(std::string(address) == "::" ? "127.0.0.1" : address);
    REQUIRE(source->send(kLeg, peer.own(), Bytes{1, 2, 3}));
    CHECK(peer.hear() == Bytes{1, 2, 3});
    CHECK(peer.heard_from() == ports->rtp);
    CHECK(source->send(LegSlot{8}, peer.own(), Bytes{1}).error().code == Errc::not_found);
    source->close(kLeg);
    CHECK(source->send(kLeg, peer.own(), Bytes{1}).error().code == Errc::not_found);
  }
}
