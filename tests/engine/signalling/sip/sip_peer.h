// A peer of the server's on loopback: sends text, and reads what comes back.
#pragma once

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <optional>
#include <string>

#include "base/endpoint.h"
#include "base/time.h"

namespace assent {

class SipPeer {
 public:
  enum class Kind { datagrams, stream };
  explicit SipPeer(const Endpoint& server, Kind kind = Kind::datagrams) {
    sockaddr_storage to{};
    const unsigned length = fill_sockaddr(server, to);
    fd_ = ::socket(to.ss_family, (kind == Kind::stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
    is_connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&to), length) == 0;
    sockaddr_storage own{};
    socklen_t own_length = sizeof own;
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&own), &own_length);
    own_ = *endpoint_from(reinterpret_cast<sockaddr*>(&own));
  }
  ~SipPeer() { ::close(fd_); }
  SipPeer(const SipPeer&) = delete;
  SipPeer& operator=(const SipPeer&) = delete;

  bool is_connected() const { return is_connected_; }
  std::string via() const { return to_text(own_); }
  void send(const std::string& text) { (void)!::send(fd_, text.data(), text.size(), MSG_NOSIGNAL); }
  // A datagram, or what of a stream is there; none: nothing came in time.
  std::optional<std::string> read(milliseconds patience = seconds(5)) {
    pollfd wait{fd_, POLLIN, 0};
    if (::poll(&wait, 1, static_cast<int>(patience.count())) != 1) return std::nullopt;
    std::string text(65536, '\0');
    const ssize_t size = ::recv(fd_, text.data(), text.size(), 0);
    if (size <= 0) return std::nullopt;
    text.resize(static_cast<std::size_t>(size));
    return text;
  }
  // The first that begins so, of what comes; "" when it does not.
  std::string read_one(const std::string& beginning) {
    const MonoTime end = read_mono() + seconds(5);
    while (read_mono() < end) {
      const auto text = read();
      if (text && text->starts_with(beginning)) return *text;
    }
    return "";
  }

 private:
  int fd_ = -1;
  bool is_connected_ = false;
  Endpoint own_;
};

// "SIP/2.0 200 OK..." -> 200; 0: no response.
inline int status_of(const std::string& text) {
  return text.starts_with("SIP/2.0 ") && text.size() > 11 ? std::atoi(text.substr(8, 3).c_str()) : 0;
}

// The value of a header's first line; "" without one.
inline std::string header_of(const std::string& text, const std::string& name) {
  const std::size_t at = text.find("\r\n" + name + ": ");
  if (at == std::string::npos) return "";
  const std::size_t begin = at + name.size() + 4;
  return text.substr(begin, text.find("\r\n", begin) - begin);
}

inline std::string tag_of(const std::string& header) {
  const std::size_t at = header.find(";tag=");
  return at == std::string::npos ? "" : header.substr(at + 5, header.find(';', at + 5) - at - 5);
}

}  // namespace assent
