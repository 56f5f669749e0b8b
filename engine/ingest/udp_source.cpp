#include "engine/ingest/udp_source.h"

#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/limits.h"

namespace assent {

namespace {

std::uint64_t event_key(std::uint32_t place, std::uint32_t generation) {
  return (std::uint64_t{generation} << 32) | place;
}

}  // namespace

Result<std::unique_ptr<UdpSource>> UdpSource::create(const Endpoint& address, PortRange ports, BlockPool& pool) {
  const int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_fd < 0) return os_error("create an epoll set", errno);
  std::unique_ptr<UdpSource> source(new UdpSource(address, std::move(ports), pool, epoll_fd));
  // A socket on any free port tells whether the address is one of this machine's.
  if (const auto probe = source->bind_socket(0); !probe) return error(Errc::invalid, probe.error().what);
  return source;
}

UdpSource::UdpSource(const Endpoint& address, PortRange ports, BlockPool& pool, int epoll_fd)
    : address_(address), ports_(std::move(ports)), pool_(pool), epoll_fd_(epoll_fd) {}

UdpSource::~UdpSource() { ::close(epoll_fd_); }

// ---- ports ----------------------------------------------------------------------------------------------------------

Result<UdpSocket> UdpSource::bind_socket(std::uint16_t port) const {
  Endpoint local = address_;
  local.port = port;
  auto socket = lookup_.bind(local);
  // Less granted than asked for shortens the stall we survive, no more.
  if (socket) socket->ask_buffer(2 * std::size_t{limits::kSocketBufferBytes});
  return socket;
}

Result<std::uint32_t> UdpSource::add_socket(std::uint16_t port, LegSlot leg, DatagramPort kind) {
  auto bound = bind_socket(port);
  if (!bound) return bound.error();
  if (free_places_.empty()) {
    free_places_.push_back(static_cast<std::uint32_t>(sockets_.size()));
    sockets_.emplace_back();
    events_.resize(sockets_.size());
  }
  const std::uint32_t place = free_places_.back();
  Socket& socket = sockets_[place];
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = event_key(place, socket.generation + 1);
  if (epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, bound->fd(), &event) != 0) return os_error("watch a UDP socket", errno);
  free_places_.pop_back();
  socket = Socket{std::move(*bound), socket.generation + 1, leg, kind};
  return place;
}

void UdpSource::remove_socket(std::uint32_t place) {
  Socket& socket = sockets_[place];
  counts_.kernel_drops += socket.udp->kernel_drops();
  socket.udp.reset();  // which also takes it out of the epoll set
  ++socket.generation;
  free_places_.push_back(place);
}

Result<UdpSource::OpenLeg> UdpSource::open_pair(PortPair pair, LegSlot leg, RtcpPort rtcp) {
  const auto rtp_place = add_socket(pair.even, leg, DatagramPort::rtp);
  if (!rtp_place) return rtp_place.error();
  if (rtcp == RtcpPort::muxed) return OpenLeg{pair, *rtp_place, *rtp_place};
  const auto rtcp_place = add_socket(pair.odd(), leg, DatagramPort::rtcp);
  if (!rtcp_place) {
    remove_socket(*rtp_place);
    return rtcp_place.error();
  }
  return OpenLeg{pair, *rtp_place, *rtcp_place};
}

Result<LegPorts> UdpSource::open(LegSlot leg, RtcpPort rtcp) {
  if (legs_.count(leg) != 0) return error(Errc::conflict, "the leg has its ports already");
  const auto pair = ports_.take_first([&](PortPair candidate) -> Result<void> {
    auto opened = open_pair(candidate, leg, rtcp);
    if (!opened) return opened.error();
    legs_.emplace(leg, *opened);
    return {};
  });
  if (!pair) return pair.error();
  return ports_of(*pair, rtcp);
}

Result<void> UdpSource::reopen(LegSlot leg, LegPorts ports) {
  const PortPair pair{ports.rtp};
  if (legs_.count(leg) != 0 || !ports_.take(pair)) return not_to_be_had(ports);
  auto opened = open_pair(pair, leg, rtcp_of(ports));
  if (!opened) {
    ports_.give_back(pair);
    return opened.error();
  }
  legs_.emplace(leg, *opened);
  return {};
}

void UdpSource::close(LegSlot leg) {
  const auto found = legs_.find(leg);
  if (found == legs_.end()) return;
  const OpenLeg open = found->second;
  legs_.erase(found);
  remove_socket(open.rtp_place);
  if (open.rtcp_place != open.rtp_place) remove_socket(open.rtcp_place);
  ports_.give_back(open.pair);
}

Result<void> UdpSource::send(LegSlot leg, const Endpoint& to, ByteView datagram) {
  const auto found = legs_.find(leg);
  if (found == legs_.end()) return error(Errc::not_found, "the leg has no port");
  return sockets_[found->second.rtp_place].udp->send(to, datagram);
}

// ---- receiving ------------------------------------------------------------------------------------------------------

void UdpSource::sweep(DatagramSink& sink) {
  if (events_.empty()) return;
  const int ready = epoll_wait(epoll_fd_, events_.data(), static_cast<int>(events_.size()), 0);
  const std::size_t count = ready > 0 ? static_cast<std::size_t>(ready) : 0;
  const auto leg_at = [this](std::size_t event) {
    const Socket& socket = sockets_[static_cast<std::uint32_t>(events_[event].data.u64)];
    return socket.udp ? std::optional(socket.leg) : std::nullopt;
  };
  // By index: a leg opened from within the sink makes the list of events grow.
  for (std::size_t i = 0; i < count; ++i) {
    announce(i, count, sink, leg_at);
    const std::uint64_t key = events_[i].data.u64;
    receive(static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32), sink);
  }
}

void UdpSource::receive(std::uint32_t place, std::uint32_t generation, DatagramSink& sink) {
  if (sockets_[place].generation != generation) return;
  const int fd = sockets_[place].udp->fd();
  const std::size_t room = batch_.prepare(pool_);
  const auto received = batch_.receive(fd, room == 0 ? batch_.prepare_to_discard() : room);
  if (!received) {
    ++counts_.receive_errors;
  } else if (room == 0) {
    discard(*received, place, generation, sink);
  } else {
    deliver(*received, place, generation, sink);
  }
}

void UdpSource::deliver(std::size_t received, std::uint32_t place, std::uint32_t generation, DatagramSink& sink) {
  for (std::size_t i = 0; i < received; ++i) {
    const Socket& socket = sockets_[place];
    BlockRef block = batch_.take(i);
    const std::optional<Endpoint>& from = batch_.source(i);
    if (socket.generation != generation || !from) continue;  // closed by the sink meanwhile: the rest is wiped unseen
    if (batch_.truncated(i)) {
      ++counts_.truncated;
      sink.on_dropped(socket.leg, socket.port, DatagramDrop::truncated);
      continue;
    }
    ++counts_.datagrams;
    counts_.bytes += batch_.bytes(i);
    sink.on_datagram(socket.leg, socket.port,
                     make_datagram(std::move(block), static_cast<std::uint16_t>(batch_.bytes(i)), *from));
  }
}

void UdpSource::discard(std::size_t received, std::uint32_t place, std::uint32_t generation, DatagramSink& sink) {
  for (std::size_t i = 0; i < received && sockets_[place].generation == generation; ++i) {
    ++counts_.no_block;
    sink.on_dropped(sockets_[place].leg, sockets_[place].port, DatagramDrop::no_block);
  }
}

SourceCounts UdpSource::counts() {
  SourceCounts counts = counts_;
  for (const Socket& socket : sockets_) {
    if (socket.udp) counts.kernel_drops += socket.udp->kernel_drops();
  }
  return counts;
}

}  // namespace assent
