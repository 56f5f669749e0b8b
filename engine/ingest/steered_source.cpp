#include "engine/ingest/steered_source.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"

namespace assent {

SteeredSource::SteeredSource(PortSteering& steering, SteeredShard shard, PortRange ports, BlockPool& pool)
    : steering_(steering),
      shard_(shard),
      socket_(steering.socket(shard)),
      ports_(std::move(ports)),
      pool_(pool),
      owners_(kUdpPorts) {}

SteeredSource::~SteeredSource() {
  for (const auto& [leg, open] : legs_) {
    close_port(open.pair.even);
    if (open.rtcp == RtcpPort::next) close_port(open.pair.odd());
  }
}

// ---- ports ----------------------------------------------------------------------------------------------------------

// A socket of our own on the port, for a moment: it gets the port only when no other socket has it, and the kernel
// would bring datagrams to it only when nobody steers them elsewhere.
Result<void> SteeredSource::check_free(std::uint16_t port) const {
  Endpoint local = steering_.address();
  local.port = port;
  if (const auto probe = lookup_.bind(local); !probe) return probe.error();
  return {};
}

Result<void> SteeredSource::check_free(PortPair pair, RtcpPort rtcp) const {
  if (auto free = check_free(pair.even); !free) return free;
  return rtcp == RtcpPort::next ? check_free(pair.odd()) : Result<void>();
}

void SteeredSource::open_port(std::uint16_t port, LegSlot leg, DatagramPort kind) {
  owners_[port] = {leg, kind, true};
  steering_.steer(port, shard_);
}

void SteeredSource::close_port(std::uint16_t port) {
  steering_.release(port);
  owners_[port].open = false;
}

Result<LegPorts> SteeredSource::open(LegSlot leg, RtcpPort rtcp) {
  if (legs_.count(leg) != 0) return error(Errc::conflict, "the leg has its ports already");
  const auto pair = ports_.take_first([&](PortPair candidate) { return check_free(candidate, rtcp); });
  if (!pair) return pair.error();
  open_pair(*pair, leg, rtcp);
  return ports_of(*pair, rtcp);
}

Result<void> SteeredSource::reopen(LegSlot leg, LegPorts ports) {
  const PortPair pair{ports.rtp};
  if (legs_.count(leg) != 0 || !ports_.take(pair)) return not_to_be_had(ports);
  if (auto free = check_free(pair, rtcp_of(ports)); !free) {
    ports_.give_back(pair);
    return free;
  }
  open_pair(pair, leg, rtcp_of(ports));
  return {};
}

void SteeredSource::open_pair(PortPair pair, LegSlot leg, RtcpPort rtcp) {
  open_port(pair.even, leg, DatagramPort::rtp);
  if (rtcp == RtcpPort::next) open_port(pair.odd(), leg, DatagramPort::rtcp);
  legs_.emplace(leg, OpenLeg{pair, rtcp});
}

void SteeredSource::close(LegSlot leg) {
  const auto found = legs_.find(leg);
  if (found == legs_.end()) return;
  const OpenLeg open = found->second;
  legs_.erase(found);
  close_port(open.pair.even);
  if (open.rtcp == RtcpPort::next) close_port(open.pair.odd());
  left_.push_back(open.pair);
}

// The first `left` pairs closed before the socket was seen empty: nothing for them can be in it.
void SteeredSource::free_left_ports(std::size_t left) {
  for (std::size_t i = 0; i < left; ++i) ports_.give_back(left_[i]);
  left_.erase(left_.begin(), left_.begin() + static_cast<std::ptrdiff_t>(left));
}

// By a socket of our own on the port, for a moment. The kernel brings datagrams to ours all the same: where to is asked
// of what steers before it is asked of sockets.
Result<void> SteeredSource::send(LegSlot leg, const Endpoint& to, ByteView datagram) {
  const auto found = legs_.find(leg);
  if (found == legs_.end()) return error(Errc::not_found, "the leg has no port");
  Endpoint local = steering_.address();
  local.port = found->second.pair.even;
  const auto socket = UdpSocket::bind(local);
  return socket ? socket->send(to, datagram) : socket.error();
}

// ---- receiving ------------------------------------------------------------------------------------------------------

void SteeredSource::sweep(DatagramSink& sink) {
  for (std::size_t taken = 0; taken < limits::kSteeredSweepDatagrams;) {
    const std::size_t left = left_.size();
    const std::size_t blocks = batch_.prepare(pool_);
    const std::size_t places = blocks == 0 ? batch_.prepare_to_discard() : blocks;
    const auto received = batch_.receive(socket_.fd(), places);
    if (!received) {
      ++counts_.receive_errors;
      return;
    }
    if (blocks == 0) {
      discard(*received, sink);
    } else {
      deliver(*received, sink);
    }
    if (*received < places) return free_left_ports(left);
    taken += *received;
  }
}

void SteeredSource::deliver(std::size_t received, DatagramSink& sink) {
  const auto leg_at = [this](std::size_t place) {
    const Owner& owner = owners_[batch_.destination_port(place)];
    return owner.open ? std::optional(owner.leg) : std::nullopt;
  };
  for (std::size_t i = 0; i < received; ++i) {
    announce(i, received, sink, leg_at);
    BlockRef block = batch_.take(i);
    const std::optional<Endpoint>& from = batch_.source(i);
    const Owner owner = owners_[batch_.destination_port(i)];  // a copy: the sink may close it
    if (!owner.open || !from) {
      ++counts_.no_leg;
    } else if (batch_.truncated(i)) {
      ++counts_.truncated;
      sink.on_dropped(owner.leg, owner.port, DatagramDrop::truncated);
    } else {
      ++counts_.datagrams;
      counts_.bytes += batch_.bytes(i);
      sink.on_datagram(owner.leg, owner.port,
                       make_datagram(std::move(block), static_cast<std::uint16_t>(batch_.bytes(i)), *from));
    }
  }
}

void SteeredSource::discard(std::size_t received, DatagramSink& sink) {
  for (std::size_t i = 0; i < received; ++i) {
    const Owner owner = owners_[batch_.destination_port(i)];
    ++(owner.open ? counts_.no_block : counts_.no_leg);
    if (owner.open) sink.on_dropped(owner.leg, owner.port, DatagramDrop::no_block);
  }
}

SourceCounts SteeredSource::counts() {
  const std::uint32_t drops = socket_.kernel_drops();
  counts_.kernel_drops += std::uint32_t{drops - kernel_drops_};  // modulo 2^32, as the kernel counts
  kernel_drops_ = drops;
  return counts_;
}

}  // namespace assent
