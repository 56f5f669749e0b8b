// What does receiving one datagram cost, by the number of ports: a socket a port, and one socket to which all ports are
// steered? The kernel's part alone (floor_), and ours with a sink that drops what it gets.
//
// Every port gets one datagram of 172 bytes (G.711, 20 ms); then the receiving of all of them is timed, in CPU time of
// this thread. On loopback a datagram is in its socket's buffer when the sender's call returns, so nothing is waited
// for and the sender's cost is not counted.
#include <benchmark/benchmark.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <vector>

#include "bench/micro/floor.h"
#include "engine/ingest/port_steering.h"
#include "engine/ingest/receive_batch.h"
#include "engine/ingest/steered_source.h"
#include "engine/ingest/udp_source.h"

namespace {

using namespace assent;

constexpr PortSpan kPorts{20000, 28191};
constexpr std::size_t kDatagramBytes = 172;
const Endpoint kAddress = *parse_address("127.0.0.1", 0);

bench::Floor by_epoll;
bench::Floor by_recvmmsg;

class Sender {
 public:
  Sender() : socket_(*UdpSocket::bind(kAddress)) {}

  // One datagram to each port.
  void fill(const std::vector<std::uint16_t>& ports) const {
    const std::array<std::uint8_t, kDatagramBytes> datagram{0x80};
    for (const std::uint16_t port : ports) {
      Endpoint to = kAddress;
      to.port = port;
      sockaddr_storage raw{};
      const socklen_t size = fill_sockaddr(to, raw);
      (void)::sendto(socket_.fd(), datagram.data(), datagram.size(), 0, reinterpret_cast<sockaddr*>(&raw), size);
    }
  }

 private:
  UdpSocket socket_;
};

struct DroppingSink final : DatagramSink {
  void on_datagram(LegSlot, DatagramPort, Datagram&& datagram) override {
    const Datagram dropped = std::move(datagram);
    ++received;
  }
  void on_dropped(LegSlot, DatagramPort, DatagramDrop) override {}
  std::size_t received = 0;
};

BlockPool make_pool() { return BlockPool(*SecureArena::create(1024 * sizeof(Block), ArenaBacking::locked_memory)); }

void raise_open_files() {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

// Fills the sockets, times `receive_all`, and says what one datagram took, in nanoseconds. `receive_all` returns how
// many came.
template <typename ReceiveAll>
double time_rounds(benchmark::State& state, const std::vector<std::uint16_t>& ports, ReceiveAll receive_all) {
  const Sender sender;
  double took_ns = 0;
  std::size_t datagrams = 0;
  for (auto _ : state) {
    sender.fill(ports);
    const double before = bench::cpu_ns();
    const std::size_t received = receive_all();
    const double ns = bench::cpu_ns() - before;
    if (received != ports.size()) state.SkipWithError("datagrams were lost");
    state.SetIterationTime(ns * 1e-9);
    took_ns += ns;
    datagrams += received;
  }
  return took_ns / static_cast<double>(std::max<std::size_t>(datagrams, 1));
}

std::vector<std::uint16_t> open_legs(DatagramSource& source, std::size_t legs) {
  std::vector<std::uint16_t> ports;
  for (std::uint32_t i = 0; i < legs; ++i) {
    const auto opened = source.open(LegSlot(i), RtcpPort::muxed);
    if (!opened) return {};
    ports.push_back(opened->rtp);
  }
  return ports;
}

std::unique_ptr<PortSteering> steer(benchmark::State& state) {
  auto steering = PortSteering::create({kAddress, 1, limits::steered_buffer_bytes(2000)});
  if (steering) return std::move(*steering);
  state.SkipWithError(steering.error().what.c_str());
  return nullptr;
}

// ---- a socket a port ----

// The floor: epoll says which have something, and each is received from by the system calls alone.
void floor_socket_a_port(benchmark::State& state) {
  raise_open_files();
  const int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  std::vector<UdpSocket> sockets;
  std::vector<std::uint16_t> ports;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    auto socket = UdpSocket::bind(kAddress);
    if (!socket) return state.SkipWithError(socket.error().what.c_str());
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = socket->fd();
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, socket->fd(), &event);
    ports.push_back(socket->local().port);
    sockets.push_back(std::move(*socket));
  }
  BlockPool pool = make_pool();
  ReceiveBatch batch(ReceiveBatch::Destinations::unasked);
  const std::size_t places = batch.prepare(pool);
  std::vector<epoll_event> events(sockets.size());
  by_epoll.is(state, state.range(0), time_rounds(state, ports, [&] {
                const int ready = epoll_wait(epoll_fd, events.data(), static_cast<int>(events.size()), 0);
                std::size_t received = 0;
                for (int i = 0; i < ready; ++i) {
                  received += batch.receive(events[static_cast<std::size_t>(i)].data.fd, places).value_or(0);
                  (void)batch.prepare(pool);
                }
                return received;
              }));
  close(epoll_fd);
}
BENCHMARK(floor_socket_a_port)->Arg(200)->Arg(2000)->UseManualTime();

void udp_source(benchmark::State& state) {
  raise_open_files();
  BlockPool pool = make_pool();
  auto source = UdpSource::create(kAddress, *PortRange::create(kPorts), pool);
  if (!source) return state.SkipWithError(source.error().what.c_str());
  const auto ports = open_legs(**source, static_cast<std::size_t>(state.range(0)));
  if (ports.empty()) return state.SkipWithError("no ports");
  DroppingSink sink;
  by_epoll.beside(state, state.range(0), time_rounds(state, ports, [&] {
                    const std::size_t before = sink.received;
                    (*source)->sweep(sink);
                    return sink.received - before;
                  }));
}
BENCHMARK(udp_source)->Arg(200)->Arg(2000)->UseManualTime();

// ---- all ports steered to one socket ----

// The floor: recvmmsg until the socket is empty, with the destination of each datagram.
void floor_steered(benchmark::State& state) {
  const auto steering = steer(state);
  if (!steering) return;
  std::vector<std::uint16_t> ports;
  for (std::int64_t i = 0; i < state.range(0); ++i) ports.push_back(static_cast<std::uint16_t>(kPorts.first + 2 * i));
  for (const std::uint16_t port : ports) steering->steer(port, SteeredShard{0});
  const int fd = steering->socket(SteeredShard{0}).fd();
  BlockPool pool = make_pool();
  ReceiveBatch batch(ReceiveBatch::Destinations::told);
  const std::size_t places = std::min(batch.prepare(pool), static_cast<std::size_t>(state.range(1)));
  by_recvmmsg.is(state, state.range(0), time_rounds(state, ports, [&] {
                   std::size_t received = 0;
                   for (std::size_t came = places; came == places;) {
                     came = batch.receive(fd, places).value_or(0);
                     received += came;
                     (void)batch.prepare(pool);
                   }
                   return received;
                 }));
}
BENCHMARK(floor_steered)->ArgsProduct({{200, 2000}, {16, 32, 64}})->UseManualTime();

void steered_source(benchmark::State& state) {
  const auto steering = steer(state);
  if (!steering) return;
  BlockPool pool = make_pool();
  SteeredSource source(*steering, SteeredShard{0}, *PortRange::create(kPorts), pool);
  const auto ports = open_legs(source, static_cast<std::size_t>(state.range(0)));
  if (ports.empty()) return state.SkipWithError("no ports");
  DroppingSink sink;
  by_recvmmsg.beside(state, state.range(0), time_rounds(state, ports, [&] {
                       const std::size_t before = sink.received;
                       source.sweep(sink);
                       return sink.received - before;
                     }));
}
BENCHMARK(steered_source)->Arg(200)->Arg(2000)->UseManualTime();

}  // namespace
