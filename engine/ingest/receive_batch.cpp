#include "engine/ingest/receive_batch.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace assent {

ReceiveBatch::ReceiveBatch(Destinations destinations) : destinations_(destinations) {
  for (std::size_t i = 0; i < heads_.size(); ++i) {
    heads_[i].msg_hdr.msg_name = &from_[i];
    heads_[i].msg_hdr.msg_iov = &memory_[i];
    heads_[i].msg_hdr.msg_iovlen = 1;
  }
}

void ReceiveBatch::ready(std::size_t place) {
  msghdr& head = heads_[place].msg_hdr;
  head.msg_namelen = sizeof from_[place];
  head.msg_flags = 0;
  if (destinations_ == Destinations::told) {
    head.msg_control = &control_[place];
    head.msg_controllen = sizeof control_[place];
  }
}

std::size_t ReceiveBatch::prepare(BlockPool& pool) {
  for (std::size_t i = 0; i < stale_; ++i) {
    if (!blocks_[i]) blocks_[i] = pool.take();
    if (!blocks_[i]) return i;
    memory_[i] = {blocks_[i]->plain.data(), blocks_[i]->plain.size()};
    ready(i);
  }
  stale_ = 0;
  return blocks_.size();
}

std::size_t ReceiveBatch::prepare_to_discard() {
  for (std::size_t i = 0; i < heads_.size(); ++i) {
    memory_[i] = {&nowhere_, sizeof nowhere_};
    ready(i);
  }
  stale_ = heads_.size();
  return heads_.size();
}

std::optional<std::size_t> ReceiveBatch::receive(int fd, std::size_t places) {
  const int received = recvmmsg(fd, heads_.data(), static_cast<unsigned>(places), MSG_DONTWAIT, nullptr);
  if (received < 0) {
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return 0;
    return std::nullopt;
  }
  const auto came = static_cast<std::size_t>(received);
  stale_ = std::max(stale_, came);
  for (std::size_t i = 0; i < came; ++i) {
    sources_[i] = endpoint_from(reinterpret_cast<const sockaddr*>(&from_[i]));
    if (destinations_ == Destinations::told) destination_ports_[i] = told_port(i);
  }
  return came;
}

std::uint16_t ReceiveBatch::told_port(std::size_t place) const {
  // The socket is asked for nothing else, so it is the first control message when it is there at all. The port stands
  // at the same place in both families' addresses.
  static_assert(offsetof(sockaddr_in, sin_port) == offsetof(sockaddr_in6, sin6_port));
  cmsghdr head{};
  std::uint16_t port = 0;
  constexpr std::size_t kPortOffset = CMSG_LEN(0) + offsetof(sockaddr_in, sin_port);
  if (heads_[place].msg_hdr.msg_controllen < kPortOffset + sizeof port) return 0;
  std::memcpy(&head, control_[place].bytes.data(), sizeof head);
  const bool v4 = head.cmsg_level == IPPROTO_IP && head.cmsg_type == IP_ORIGDSTADDR;
  const bool v6 = head.cmsg_level == IPPROTO_IPV6 && head.cmsg_type == IPV6_ORIGDSTADDR;
  if (!v4 && !v6) return 0;
  std::memcpy(&port, control_[place].bytes.data() + kPortOffset, sizeof port);
  return ntohs(port);
}

}  // namespace assent
