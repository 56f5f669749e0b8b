#include "engine/ingest/udp_socket.h"

#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <utility>

namespace assent {
namespace {

bool set_option(int fd, int level, int option, int value) {
  return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

}  // namespace

Result<UdpSocket> UdpSocket::bind(const Endpoint& local) {
  sockaddr_storage raw{};
  const socklen_t raw_bytes = fill_sockaddr(local, raw);
  const int fd = ::socket(raw.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return os_error("open a UDP socket", errno);
  UdpSocket socket(fd);
  if (raw.ss_family == AF_INET6) set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&raw), raw_bytes) != 0) {
    const int why = errno;
    Error failure = os_error("listen on " + to_text(local), why);
    if (why == EADDRINUSE) failure.code = Errc::conflict;
    return failure;
  }
  return socket;
}

UdpSocket::UdpSocket(UdpSocket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

UdpSocket& UdpSocket::operator=(UdpSocket&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

UdpSocket::~UdpSocket() {
  if (fd_ >= 0) ::close(fd_);
}

Endpoint UdpSocket::local() const {
  sockaddr_storage raw{};
  socklen_t raw_bytes = sizeof raw;
  ASSENT_CHECK(getsockname(fd_, reinterpret_cast<sockaddr*>(&raw), &raw_bytes) == 0);
  return endpoint_from(reinterpret_cast<const sockaddr*>(&raw)).value_or(Endpoint{});
}

std::size_t UdpSocket::ask_buffer(std::size_t bytes) const {
  // The kernel takes half of what it then counts with (socket(7)).
  const int half = static_cast<int>(std::min<std::size_t>(bytes / 2, std::numeric_limits<int>::max() / 2));
  if (!set_option(fd_, SOL_SOCKET, SO_RCVBUFFORCE, half)) set_option(fd_, SOL_SOCKET, SO_RCVBUF, half);
  int granted = 0;
  socklen_t size = sizeof granted;
  if (getsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &granted, &size) != 0) return 0;
  return static_cast<std::size_t>(granted);
}

Result<void> UdpSocket::tell_destinations() const {
  if (!set_option(fd_, IPPROTO_IP, IP_RECVORIGDSTADDR, 1)) return os_error("ask for destinations of datagrams", errno);
  // IPv4 datagrams of an IPv6 socket are told of as IPv4, so it needs both.
  if (!local().is_v4() && !set_option(fd_, IPPROTO_IPV6, IPV6_RECVORIGDSTADDR, 1)) {
    return os_error("ask for destinations of IPv6 datagrams", errno);
  }
  return {};
}

Result<void> UdpSocket::send(const Endpoint& to, ByteView datagram) const {
  sockaddr_storage raw{};
  const socklen_t raw_bytes = fill_sockaddr(to, raw);
  const auto* address = reinterpret_cast<const sockaddr*>(&raw);
  const ssize_t sent = ::sendto(fd_, datagram.data(), datagram.size(), MSG_DONTWAIT, address, raw_bytes);
  if (sent < 0) return os_error("send to " + to_text(to), errno);
  return {};
}

std::uint32_t UdpSocket::kernel_drops() const {
  std::array<std::uint32_t, SK_MEMINFO_VARS> facts{};
  socklen_t size = sizeof facts;
  if (getsockopt(fd_, SOL_SOCKET, SO_MEMINFO, facts.data(), &size) != 0) return 0;
  return facts[SK_MEMINFO_DROPS];
}

}  // namespace assent
