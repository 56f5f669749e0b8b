#include "engine/signalling/ng_client.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/limits.h"
#include "crypto/random.h"

namespace assent {
namespace {

class Socket {
 public:
  explicit Socket(int family) : fd_(::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {}
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

Error no_answer(const Endpoint& server, const std::string& why) {
  return error(Errc::unavailable, "rtpengine at " + to_text(server) + " does not answer: " + why);
}

// What it says to this cookie; nothing in time, or at once when it was to another or nobody listens there.
std::optional<std::string> receive(int fd, std::string_view cookie, MonoTime until) {
  std::string datagram(limits::kNgBytes, '\0');
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(until - read_clocks().mono);
    if (left <= 0ms) return std::nullopt;
    pollfd waiting{fd, POLLIN, 0};
    if (::poll(&waiting, 1, static_cast<int>(left.count())) <= 0) continue;
    const auto size = ::recv(fd, datagram.data(), datagram.size(), 0);
    if (size < 0) continue;  // "connection refused" of an earlier attempt: it may come up
    const auto text = std::string_view(datagram).substr(0, static_cast<std::size_t>(size));
    if (!text.starts_with(cookie) || text.size() <= cookie.size() || text[cookie.size()] != ' ') continue;
    return std::string(text.substr(cookie.size() + 1));
  }
}

Result<Bencode> judged(Bencode answer, const Endpoint& server) {
  const std::string_view result = answer.text_of("result");
  if (result == "ok" || result == "pong") return answer;
  const std::string reason(answer.text_of("error-reason"));
  const bool is_unknown = reason.starts_with("Unknown call-") || reason.find("no such tag") != std::string::npos;
  return error(is_unknown ? Errc::not_found : Errc::invalid,
               "rtpengine at " + to_text(server) + " says: " + (reason.empty() ? "nothing that is known" : reason));
}

}  // namespace

Result<Bencode> UdpNgClient::ask(const Endpoint& server, Bencode::Dictionary question) {
  sockaddr_storage address{};
  const socklen_t length = fill_sockaddr(server, address);
  const Socket socket(address.ss_family);
  if (socket.fd() < 0) return error(Errc::io, std::string("a socket for rtpengine: ") + std::strerror(errno));
  if (::connect(socket.fd(), reinterpret_cast<const sockaddr*>(&address), length) != 0) {
    return no_answer(server, std::strerror(errno));
  }
  const std::string cookie = to_hex(random_32());
  const std::string datagram = cookie + ' ' + to_text(Bencode(std::move(question)));
  milliseconds wait = limits::kNgFirstWait;
  for (int attempt = 0; attempt < limits::kNgAttempts; ++attempt, wait *= 2) {
    const MonoTime until = read_clocks().mono + wait;
    (void)::send(socket.fd(), datagram.data(), datagram.size(), 0);  // what could not be sent is sent again
    const auto said = receive(socket.fd(), cookie, until);
    if (!said) continue;
    auto answer = parse_bencode(*said);
    if (!answer)
      return error(Errc::invalid, "rtpengine at " + to_text(server) + " answers with " + answer.error().what);
    return judged(*std::move(answer), server);
  }
  return no_answer(server, "nothing came in " + std::to_string(limits::kNgPatience.count() / 1000) + " s");
}

}  // namespace assent
