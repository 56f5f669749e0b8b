#include "engine/ingest/udp_source.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/limits.h"

namespace assent {

// One recvmmsg's worth. The blocks stay between sweeps: a place whose block was handed on gets another.
struct UdpSource::Batch {
  std::array<mmsghdr, limits::kReceiveBatch> heads{};
  std::array<iovec, limits::kReceiveBatch> places{};
  std::array<sockaddr_in6, limits::kReceiveBatch> from{};  // large enough for both families
  std::array<BlockRef, limits::kReceiveBatch> blocks;

  std::size_t stale = limits::kReceiveBatch;  // places from the first on that the last use left unready

  Batch() {
    for (std::size_t i = 0; i < heads.size(); ++i) heads[i].msg_hdr.msg_name = &from[i];
  }

  // Readies the places, each with a block; how many are ready, from the first on.
  std::size_t prepare(BlockPool& pool) {
    for (std::size_t i = 0; i < stale; ++i) {
      if (!blocks[i]) blocks[i] = pool.take();
      if (!blocks[i]) return i;
      places[i] = {blocks[i]->plain.data(), blocks[i]->plain.size()};
      ready(i, 1);
    }
    stale = 0;
    return blocks.size();
  }

  // Readies every place without memory: what is received is discarded in the kernel.
  void prepare_to_discard() {
    for (std::size_t i = 0; i < heads.size(); ++i) ready(i, 0);
    stale = heads.size();
  }

 private:
  void ready(std::size_t i, std::size_t places_used) {
    msghdr& head = heads[i].msg_hdr;
    head.msg_namelen = sizeof from[i];
    head.msg_iov = &places[i];
    head.msg_iovlen = places_used;
    head.msg_flags = 0;
  }
};

namespace {

std::uint64_t event_key(std::uint32_t place, std::uint32_t generation) {
  return (std::uint64_t{generation} << 32) | place;
}

bool set_option(int fd, int level, int option, int value) {
  return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

}  // namespace

Result<std::unique_ptr<UdpSource>> UdpSource::create(const Endpoint& address, PortRange ports, BlockPool& pool) {
  const int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_fd < 0) return os_error("create an epoll set", errno);
  std::unique_ptr<UdpSource> source(new UdpSource(address, std::move(ports), pool, epoll_fd));
  // A socket on any free port tells whether the address is one of this machine's.
  const auto probe = source->bind_socket(0);
  if (!probe) return error(Errc::invalid, probe.error().what);
  ::close(*probe);
  return source;
}

UdpSource::UdpSource(const Endpoint& address, PortRange ports, BlockPool& pool, int epoll_fd)
    : address_(address),
      ports_(std::move(ports)),
      pool_(pool),
      epoll_fd_(epoll_fd),
      batch_(std::make_unique<Batch>()) {}

UdpSource::~UdpSource() {
  for (const Socket& socket : sockets_) {
    if (socket.fd >= 0) ::close(socket.fd);
  }
  ::close(epoll_fd_);
}

// ---- ports ----------------------------------------------------------------------------------------------------------

Result<int> UdpSource::bind_socket(std::uint16_t port) const {
  Endpoint local = address_;
  local.port = port;
  sockaddr_storage raw{};
  const socklen_t raw_bytes = fill_sockaddr(local, raw);
  const int fd = ::socket(raw.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return os_error("open a UDP socket", errno);
  // The kernel grants less than asked for where net.core.rmem_max is smaller: that shortens the stall we survive, no
  // more.
  set_option(fd, SOL_SOCKET, SO_RCVBUF, limits::kSocketBufferBytes);
  if (raw.ss_family == AF_INET6) set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&raw), raw_bytes) != 0) {
    const int why = errno;
    ::close(fd);
    Error failure = os_error("listen on " + to_text(local), why);
    if (why == EADDRINUSE) failure.code = Errc::conflict;
    return failure;
  }
  return fd;
}

Result<std::uint32_t> UdpSource::add_socket(std::uint16_t port, LegSlot leg, DatagramPort kind) {
  const auto fd = bind_socket(port);
  if (!fd) return fd.error();
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
  if (epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, *fd, &event) != 0) {
    const int why = errno;
    ::close(*fd);
    return os_error("watch a UDP socket", why);
  }
  free_places_.pop_back();
  socket = Socket{*fd, socket.generation + 1, leg, kind};
  return place;
}

void UdpSource::remove_socket(std::uint32_t place) {
  Socket& socket = sockets_[place];
  ::close(socket.fd);  // which also takes it out of the epoll set
  socket.fd = -1;
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
  // Pairs that another program holds go to the end of the line; each is tried once.
  for (std::size_t tries = ports_.free_pairs(); tries > 0; --tries) {
    const PortPair pair = *ports_.take();
    auto opened = open_pair(pair, leg, rtcp);
    if (opened) {
      legs_.emplace(leg, *opened);
      return LegPorts{pair.even, rtcp == RtcpPort::muxed ? pair.even : pair.odd()};
    }
    ports_.give_back(pair);
    if (opened.error().code != Errc::conflict) return opened.error();
  }
  return error(Errc::exhausted, "no free pair of ports in the range of RTP ports; widen it or end calls");
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

// ---- receiving ------------------------------------------------------------------------------------------------------

void UdpSource::sweep(DatagramSink& sink) {
  if (events_.empty()) return;
  const int ready = epoll_wait(epoll_fd_, events_.data(), static_cast<int>(events_.size()), 0);
  // By index: a leg opened from within the sink makes the list of events grow.
  for (std::size_t i = 0; ready > 0 && i < static_cast<std::size_t>(ready); ++i) {
    const std::uint64_t key = events_[i].data.u64;
    receive(static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32), sink);
  }
}

void UdpSource::receive(std::uint32_t place, std::uint32_t generation, DatagramSink& sink) {
  if (sockets_[place].generation != generation) return;
  const int fd = sockets_[place].fd;
  const std::size_t room = batch_->prepare(pool_);
  if (room == 0) return discard(place, generation, sink);
  const int received = recvmmsg(fd, batch_->heads.data(), static_cast<unsigned>(room), MSG_DONTWAIT, nullptr);
  if (received > 0) {
    deliver(static_cast<std::size_t>(received), place, generation, sink);
  } else if (received < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
    ++counts_.receive_errors;
  }
}

void UdpSource::deliver(std::size_t received, std::uint32_t place, std::uint32_t generation, DatagramSink& sink) {
  batch_->stale = std::max(batch_->stale, received);
  for (std::size_t i = 0; i < received; ++i) {
    const Socket& socket = sockets_[place];
    const mmsghdr& head = batch_->heads[i];
    BlockRef block = std::move(batch_->blocks[i]);
    const auto from = endpoint_from(reinterpret_cast<const sockaddr*>(&batch_->from[i]));
    if (socket.generation != generation || !from) continue;  // closed by the sink meanwhile: the rest is wiped unseen
    if ((head.msg_hdr.msg_flags & MSG_TRUNC) != 0) {
      ++counts_.truncated;
      sink.on_dropped(socket.leg, socket.port, DatagramDrop::truncated);
      continue;
    }
    ++counts_.datagrams;
    counts_.bytes += head.msg_len;
    sink.on_datagram(socket.leg, socket.port,
                     make_datagram(std::move(block), static_cast<std::uint16_t>(head.msg_len), *from));
  }
}

void UdpSource::discard(std::uint32_t place, std::uint32_t generation, DatagramSink& sink) {
  batch_->prepare_to_discard();
  constexpr auto kPlaces = static_cast<unsigned>(limits::kReceiveBatch);
  const int received = recvmmsg(sockets_[place].fd, batch_->heads.data(), kPlaces, MSG_DONTWAIT, nullptr);
  for (int i = 0; i < received && sockets_[place].generation == generation; ++i) {
    ++counts_.no_block;
    sink.on_dropped(sockets_[place].leg, sockets_[place].port, DatagramDrop::no_block);
  }
}

}  // namespace assent
