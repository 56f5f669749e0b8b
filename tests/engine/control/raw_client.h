// A client that says exactly what a test tells it to: one TCP connection to the loopback, blocking, with a deadline.
// Safe to use beside the test's own thread: it throws instead of asserting.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "base/endpoint.h"

namespace assent {

class RawClient {
 public:
  explicit RawClient(const Endpoint& to) {
    sockaddr_storage address{};
    const unsigned length = fill_sockaddr(to, address);
    fd_ = ::socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd_ < 0 || ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), length) != 0) {
      throw std::runtime_error("cannot connect to " + to_text(to));
    }
  }
  ~RawClient() { close(); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // False when the other side has closed.
  bool send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  // Reads until `text` has come, the other side closes, or ten seconds are over; everything so far is in received().
  bool read_until(std::string_view text) {
    while (received_.find(text) == std::string::npos) {
      if (!read_some()) return false;
    }
    return true;
  }
  // Everything until the other side closes.
  std::string read_all() {
    while (read_some()) {
    }
    return received_;
  }
  const std::string& received() const { return received_; }
  std::string take() { return std::exchange(received_, {}); }
  bool is_closed() const { return closed_; }

  // One response with a Content-Length, taken out of what has come.
  std::string read_response() {
    if (!read_until("\r\n\r\n")) return take();
    const std::size_t head = received_.find("\r\n\r\n") + 4;
    const std::size_t field = received_.find("Content-Length: ");
    if (field >= head) throw std::runtime_error("a response without a Content-Length");
    const std::size_t total = head + std::stoul(received_.substr(field + 16));
    while (received_.size() < total && read_some()) {
    }
    std::string response = received_.substr(0, total);
    received_.erase(0, total);
    return response;
  }

  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  bool read_some() {
    pollfd waiting{fd_, POLLIN, 0};
    if (::poll(&waiting, 1, 10000) <= 0) return false;
    char bytes[65536];
    const ssize_t got = ::recv(fd_, bytes, sizeof bytes, 0);
    if (got <= 0) {
      closed_ = true;
      return false;
    }
    received_.append(bytes, static_cast<std::size_t>(got));
    return true;
  }

  int fd_ = -1;
  bool closed_ = false;
  std::string received_;
};

}  // namespace assent
