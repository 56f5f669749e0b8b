#include "bench/load/udp_out.h"

#include <unistd.h>

#include <cerrno>
#include <utility>

namespace assent::load {

Result<UdpOut> UdpOut::create(std::size_t datagram_bytes) {
  UdpOut out(datagram_bytes);
  for (std::size_t i = 0; i < 2 * kSockets; ++i) {
    Batch batch;
    batch.fd = ::socket(i < kSockets ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    // A machine without IPv6 can do without: what is sent there is refused.
    if (batch.fd < 0 && i < kSockets) return os_error("making a socket to send from", errno);
    const int buffer_bytes = 4 << 20;
    setsockopt(batch.fd, SOL_SOCKET, SO_SNDBUF, &buffer_bytes, sizeof buffer_bytes);
    batch.memory.resize(kBatch * datagram_bytes);
    batch.parts.resize(kBatch);
    batch.messages.resize(kBatch);
    for (std::size_t place = 0; place < kBatch; ++place) {
      batch.parts[place] = {&batch.memory[place * datagram_bytes], datagram_bytes};
      batch.messages[place].msg_hdr.msg_iov = &batch.parts[place];
      batch.messages[place].msg_hdr.msg_iovlen = 1;
    }
    out.batches_.push_back(std::move(batch));
  }
  return out;
}

UdpOut::UdpOut(UdpOut&& other) noexcept
    : datagram_bytes_(other.datagram_bytes_),
      batches_(std::exchange(other.batches_, {})),
      destinations_(std::move(other.destinations_)),
      sent_(other.sent_),
      refused_(other.refused_) {}

UdpOut::~UdpOut() {
  for (const Batch& batch : batches_) {
    if (batch.fd >= 0) ::close(batch.fd);
  }
}

void UdpOut::add(LegNumber leg, const Endpoint& to) {
  ASSENT_CHECK(leg.value == destinations_.size());
  Destination destination{};
  destination.size = fill_sockaddr(to, destination.address);
  // Legs of neighbouring numbers are due together, so most of a millisecond leaves from one socket, by one call.
  destination.batch = (to.is_v4() ? 0 : kSockets) + leg.value / kLegsInARow % kSockets;
  destinations_.push_back(destination);
}

ByteSpan UdpOut::put(LegNumber leg) {
  Batch& batch = batches_[destinations_[leg.value].batch];
  if (batch.count == kBatch) send(batch);
  msghdr& head = batch.messages[batch.count].msg_hdr;
  head.msg_name = &destinations_[leg.value].address;
  head.msg_namelen = destinations_[leg.value].size;
  return {&batch.memory[batch.count++ * datagram_bytes_], datagram_bytes_};
}

void UdpOut::flush() {
  for (Batch& batch : batches_) send(batch);
}

void UdpOut::send(Batch& batch) {
  for (std::size_t done = 0; done < batch.count;) {
    const int count = ::sendmmsg(batch.fd, &batch.messages[done], static_cast<unsigned>(batch.count - done), 0);
    if (count > 0) {
      done += static_cast<std::size_t>(count);
      sent_ += static_cast<std::uint64_t>(count);
    } else if (errno != EINTR) {
      ++refused_;  // this one; a refusal may also be the news of an earlier one, on loopback
      ++done;
    }
  }
  batch.count = 0;
}

}  // namespace assent::load
