#include "engine/processors/http_poster.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "base/limits.h"
#include "catch.h"

namespace assent {
namespace {

// Answers every connection with the same bytes, and keeps what the last one asked; with no bytes it says nothing.
class Server {
 public:
  explicit Server(std::string reply) : reply_(std::move(reply)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&address), length) == 0);
    REQUIRE(::listen(listener_, 16) == 0);
    REQUIRE(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) == 0);
    port_ = ntohs(address.sin_port);
    if (!reply_.empty()) thread_ = std::thread([this] { run(); });
  }
  ~Server() {
    ::shutdown(listener_, SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    ::close(listener_);
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/events"; }
  std::string asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  void run() {
    for (;;) {
      const int fd = ::accept(listener_, nullptr, nullptr);
      if (fd < 0) return;
      std::string asked;
      char buffer[4096];
      while (asked.find("\r\n\r\n{}") == std::string::npos) {
        const ssize_t got = ::recv(fd, buffer, sizeof buffer, 0);
        if (got <= 0) break;
        asked.append(buffer, static_cast<std::size_t>(got));
      }
      {
        const std::lock_guard lock(mutex_);
        asked_ = asked;
      }
      (void)::send(fd, reply_.data(), reply_.size(), MSG_NOSIGNAL);
      ::close(fd);
    }
  }

  const std::string reply_;
  int listener_ = -1;
  unsigned port_ = 0;
  mutable std::mutex mutex_;
  std::string asked_;
  std::thread thread_;
};

std::map<std::uint64_t, HttpAnswer> answers_of(HttpPoster& poster, std::size_t count) {
  std::map<std::uint64_t, HttpAnswer> all;
  while (all.size() < count) {
    for (HttpAnswer& answer : poster.wait(1s)) all[answer.number] = std::move(answer);
  }
  return all;
}

HttpPost post_to(const std::string& url, std::uint64_t number = 7, milliseconds timeout = 10s) {
  return {number, url, {"Content-Type: application/json", "Expect:", "Assent-Event: e1"}, "{}", timeout};
}

}  // namespace

TEST_CASE("a request arrives as it was made, and its status comes back") {
  const Server server("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
  HttpPoster poster;
  poster.start(post_to(server.url()));
  const auto answer = answers_of(poster, 1).at(7);
  CHECK(answer.status == 202);
  CHECK(answer.trouble.empty());
  const std::string asked = server.asked();
  CHECK(asked.starts_with("POST /events HTTP/1.1\r\n"));
  CHECK(asked.find("\r\nContent-Type: application/json\r\n") != std::string::npos);
  CHECK(asked.find("\r\nAssent-Event: e1\r\n") != std::string::npos);
  CHECK(asked.find("\r\nExpect:") == std::string::npos);
}

TEST_CASE("a redirect is an answer, and nothing follows it") {
  const Server other("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  const Server server("HTTP/1.1 302 Found\r\nLocation: " + other.url() + "\r\nContent-Length: 0\r\n\r\n");
  HttpPoster poster;
  poster.start(post_to(server.url()));
  CHECK(answers_of(poster, 1).at(7).status == 302);
  CHECK(other.asked().empty());
}

TEST_CASE("of a reply without an end no more than its beginning is read") {
  const Server server("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" +
                      std::string(4 * limits::kProcessorReplyBytes, 'x'));
  HttpPoster poster;
  poster.start(post_to(server.url()));
  CHECK(answers_of(poster, 1).at(7).status == 200);
}

TEST_CASE("nobody there, no address and no http are told apart by their sentences") {
  HttpPoster poster;
  poster.start(post_to("http://127.0.0.1:1/", 1));
  poster.start(post_to("file:///etc/passwd", 2));
  const auto answers = answers_of(poster, 2);
  CHECK(answers.at(1).status == 0);
  CHECK(answers.at(1).trouble.find("connect") != std::string::npos);
  CHECK(answers.at(2).status == 0);
  CHECK_FALSE(answers.at(2).trouble.empty());
}

TEST_CASE("who does not answer times out, and holds up nobody else") {
  const Server silent("");
  const Server server("HTTP/1.1 204 No Content\r\n\r\n");
  HttpPoster poster;
  poster.start(post_to(silent.url(), 1, 100ms));
  poster.start(post_to(server.url(), 2));
  const auto first = answers_of(poster, 1);
  REQUIRE(first.begin()->first == 2);
  CHECK(first.begin()->second.status == 204);
  const auto second = answers_of(poster, 1);
  CHECK(second.at(1).status == 0);
  CHECK(second.at(1).trouble.find("timed out") != std::string::npos);
}

TEST_CASE("a wait ends when it is woken, and what is under way can be dropped") {
  const Server silent("");
  HttpPoster poster;
  poster.start(post_to(silent.url()));
  poster.wake();
  CHECK(poster.wait(10min).empty());
}

}  // namespace assent
