#include "pipelines/key_log.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "base/limits.h"

namespace assent {

Result<std::unique_ptr<KeyLog>> KeyLog::listen(const Endpoint& local, Press press) {
  auto socket = UdpSocket::bind(local);
  if (!socket) return socket.error();
  const int stop_fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (stop_fd < 0) return os_error("make an eventfd", errno);
  return std::unique_ptr<KeyLog>(new KeyLog(*std::move(socket), stop_fd, std::move(press)));
}

KeyLog::KeyLog(UdpSocket socket, int stop_fd, Press press)
    : socket_(std::move(socket)), stop_fd_(stop_fd), press_(std::move(press)), thread_([this] { run(); }) {
  pthread_setname_np(thread_.native_handle(), "key log");
}

KeyLog::~KeyLog() {
  const std::uint64_t one = 1;
  ASSENT_CHECK(::write(stop_fd_, &one, sizeof one) == sizeof one);
  thread_.join();
  ::close(stop_fd_);
}

void KeyLog::run() {
  std::array<pollfd, 2> watched{pollfd{socket_.fd(), POLLIN, 0}, pollfd{stop_fd_, POLLIN, 0}};
  for (;;) {
    if (::poll(watched.data(), watched.size(), -1) < 0) continue;
    if (watched[1].revents != 0) return;
    if (watched[0].revents != 0) hear();
  }
}

void KeyLog::hear() {
  std::array<char, limits::kLoggedKeyBytes + 1> datagram;
  sockaddr_storage from{};
  socklen_t from_bytes = sizeof from;
  auto* const raw = reinterpret_cast<sockaddr*>(&from);
  const ssize_t got = ::recvfrom(socket_.fd(), datagram.data(), datagram.size(), 0, raw, &from_bytes);
  if (got < 0) return;
  const auto source = endpoint_from(raw);
  const auto key = logged_key(std::string_view(datagram.data(), static_cast<std::size_t>(got)));
  if (source && key) press_(*key, *source);
}

}  // namespace assent
