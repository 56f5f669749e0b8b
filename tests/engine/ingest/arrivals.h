// Real datagrams over loopback, and what a source of datagrams makes of them.
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <utility>
#include <vector>

#include "received.h"

namespace assent {

// Another program on this machine: it sends to ports, and hears what comes to its own.
class Sender {
 public:
  explicit Sender(const char* address, std::uint16_t own_port = 0) : target_(*parse_address(address, 0)) {
    fd_ = ::socket(target_.is_v4() ? AF_INET : AF_INET6, SOCK_DGRAM, 0);
    REQUIRE(fd_ >= 0);
    bind_to(own_port);
  }
  ~Sender() { ::close(fd_); }
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  void bind_to(std::uint16_t port) {
    sockaddr_storage raw{};
    Endpoint own = target_;
    own.port = port;
    const auto size = fill_sockaddr(own, raw);
    REQUIRE(::bind(fd_, reinterpret_cast<sockaddr*>(&raw), size) == 0);
  }
  void send(std::uint16_t port, const Bytes& bytes) {
    sockaddr_storage raw{};
    target_.port = port;
    const auto size = fill_sockaddr(target_, raw);
    REQUIRE(::sendto(fd_, bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&raw), size) ==
            static_cast<ssize_t>(bytes.size()));
  }
  bool heard_something() {
    std::uint8_t byte = 0;
    return ::recv(fd_, &byte, 1, MSG_DONTWAIT) >= 0;
  }
  // What comes next, within a second.
  Bytes hear() {
    const timeval patience{1, 0};
    REQUIRE(::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0);
    Bytes bytes(2048);
    sockaddr_storage raw{};
    socklen_t size = sizeof raw;
    const ssize_t got = ::recvfrom(fd_, bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&raw), &size);
    REQUIRE(got >= 0);
    bytes.resize(static_cast<std::size_t>(got));
    heard_from_ = endpoint_from(reinterpret_cast<sockaddr*>(&raw))->port;
    return bytes;
  }
  std::uint16_t heard_from() const { return heard_from_; }  // the port of that
  Endpoint own() const {
    sockaddr_storage raw{};
    socklen_t size = sizeof raw;
    REQUIRE(::getsockname(fd_, reinterpret_cast<sockaddr*>(&raw), &size) == 0);
    return *endpoint_from(reinterpret_cast<sockaddr*>(&raw));
  }

 private:
  Endpoint target_;
  int fd_ = -1;
  std::uint16_t heard_from_ = 0;
};

struct Arrivals final : DatagramSink {
  struct One {
    LegSlot leg;
    DatagramPort port;
    Bytes bytes;
    Endpoint from;
  };
  void on_datagram(LegSlot leg, DatagramPort port, Datagram&& datagram) override {
    all.push_back({leg, port, {datagram.bytes().begin(), datagram.bytes().end()}, datagram.source()});
    if (keep) kept.push_back(std::move(datagram));
    if (then) then();
  }
  void on_dropped(LegSlot, DatagramPort, DatagramDrop why) override { drops.push_back(why); }

  std::vector<One> all;
  std::vector<DatagramDrop> drops;
  bool keep = false;
  std::vector<Datagram> kept;
  std::function<void()> then;
};

}  // namespace assent
