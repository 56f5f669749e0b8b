// The client against a server of the protocol that answers as it is told to; the real one is in the end-to-end tests.
#include "engine/signalling/ng_client.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <thread>

#include "catch.h"

using namespace assent;

namespace {

class Server {
 public:
  // Given the number of the datagram, its cookie and question: all datagrams that go back.
  using Answers =
      std::function<std::vector<std::string>(int number, const std::string& cookie, const std::string& question)>;

  explicit Server(Answers answers) : socket_(::socket(AF_INET, SOCK_DGRAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    socklen_t length = sizeof address;
    REQUIRE(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &length) == 0);
    endpoint = *parse_address("127.0.0.1", ntohs(address.sin_port));
    thread_ = std::thread([this, answers = std::move(answers)] { serve(answers); });
  }
  ~Server() {
    ::shutdown(socket_, SHUT_RDWR);
    thread_.join();
    ::close(socket_);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  Endpoint endpoint;
  std::atomic<int> received = 0;

 private:
  void serve(const Answers& answers) {
    std::string buffer(65536, '\0');
    for (;;) {
      sockaddr_in from{};
      socklen_t length = sizeof from;
      const auto size =
          ::recvfrom(socket_, buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&from), &length);
      if (size <= 0) return;
      const std::string datagram = buffer.substr(0, static_cast<std::size_t>(size));
      const auto blank = datagram.find(' ');
      for (const std::string& answer : answers(++received, datagram.substr(0, blank), datagram.substr(blank + 1))) {
        (void)::sendto(socket_, answer.data(), answer.size(), 0, reinterpret_cast<sockaddr*>(&from), length);
      }
    }
  }

  int socket_;
  std::thread thread_;
};

}  // namespace

TEST_CASE("a question is asked, and its answer taken, whatever else comes") {
  Server server([](int, const std::string& cookie, const std::string& question) -> std::vector<std::string> {
    const std::string answer =
        parse_bencode(question)->text_of("command") == "ping" ? "d6:result4:ponge" : "d6:result2:noe";
    return {"other d6:result2:oke", cookie, cookie + "x d6:result2:oke", cookie + " " + answer};
  });
  UdpNgClient client;
  const auto answer = client.ask(server.endpoint, {{"command", "ping"}});
  REQUIRE(answer);
  CHECK(answer->text_of("result") == "pong");
  CHECK(server.received == 1);
}

TEST_CASE("a question without an answer is asked again under the same cookie") {
  std::string first;
  Server server([&](int number, const std::string& cookie, const std::string&) -> std::vector<std::string> {
    if (number == 1) first = cookie;
    if (number == 1 || cookie != first) return {};
    return {cookie + " d6:result2:oke"};
  });
  UdpNgClient client;
  CHECK(client.ask(server.endpoint, {{"command", "ping"}}));
  CHECK(server.received == 2);
}

TEST_CASE("what rtpengine refuses, and what it does not know, are told apart") {
  const auto asked = [](const std::string& answer) {
    Server server(
        [&](int, const std::string& cookie, const std::string&) { return std::vector{cookie + " " + answer}; });
    UdpNgClient client;
    const auto refused = client.ask(server.endpoint, {{"command", "query"}});
    REQUIRE_FALSE(refused);
    return refused.error();
  };
  CHECK(asked("d6:result5:error12:error-reason15:Unknown call-ide").code == Errc::not_found);
  const Error words = asked("d6:result5:error12:error-reason8:too muche");
  CHECK(words.code == Errc::invalid);
  CHECK_THAT(words.what, Catch::Contains("too much"));
  CHECK(asked("le").code == Errc::invalid);
  CHECK(asked("nonsense").code == Errc::invalid);
}
