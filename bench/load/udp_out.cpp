#include "bench/load/udp_out.h"

#include <netinet/in.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace assent::load {

Result<UdpOut> UdpOut::create(std::size_t datagram_bytes) {
  UdpOut out(datagram_bytes);
  for (std::size_t i = 0; i < kSockets; ++i) {
    Batch batch;
    // Of both families; IPv4 goes by mapped addresses.
    batch.fd = ::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (batch.fd < 0) return os_error("making a socket to send from", errno);
    const int no = 0;
    setsockopt(batch.fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
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
  for (const Batch& batch : batches_) ::close(batch.fd);
}

void UdpOut::add(LegNumber leg, const Endpoint& to) {
  ASSENT_CHECK(leg.value == destinations_.size());
  Destination destination{};
  auto& address = reinterpret_cast<sockaddr_in6&>(destination.address);
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(to.port);
  std::memcpy(&address.sin6_addr, to.address.data(), to.address.size());
  destination.size = sizeof(sockaddr_in6);
  destinations_.push_back(destination);
}

ByteSpan UdpOut::put(LegNumber leg) {
  // Legs of neighbouring numbers are due together, so most of a millisecond leaves from one socket, by one call.
  Batch& batch = batches_[leg.value / kLegsInARow % kSockets];
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
