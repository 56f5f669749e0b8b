#include "engine/control/http_server.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "catch.h"
#include "raw_client.h"

namespace assent {
namespace {

HttpResponse plain(std::string body) { return {200, "text/plain", {}, std::move(body), std::nullopt}; }
HttpResponse refuse(unsigned status, std::string_view why) {
  return {status, "text/plain", {}, std::string(why), std::nullopt};
}

// Says what it got: "METHOD path?query body".
HttpResponse echo(const HttpRequest& request) {
  std::string text = request.method + " " + request.path;
  for (const auto& [name, value] : request.query) text += " " + name + "=" + value;
  if (!request.body.empty()) text += " [" + request.body + "]";
  return plain(text);
}

Endpoint loopback() { return *parse_endpoint("127.0.0.1:0"); }

std::unique_ptr<HttpServer> serve(
    HttpServer::Handler handler, const HttpLimits& limits = {},
    HttpServer::LaneOf lane_of = [](const HttpRequest&) { return HttpLane::usual; }) {
  auto server = HttpServer::listen(loopback(), std::move(handler), refuse, limits, std::move(lane_of));
  REQUIRE(server);
  return *std::move(server);
}

bool begins(const std::string& text, std::string_view with) { return text.starts_with(with); }
bool ends(const std::string& text, std::string_view with) { return text.ends_with(with); }

// Lets handlers wait until the test opens it.
class Door {
 public:
  void wait() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return is_open_; });
  }
  void await_waiting(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ >= count; });
  }
  void open() {
    const std::lock_guard lock(mutex_);
    is_open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int waiting_ = 0;
  bool is_open_ = false;
};

}  // namespace

TEST_CASE("a request reaches the handler with path and query decoded") {
  const auto server = serve(echo);
  RawClient client(server->endpoint());
  client.send("GET /a%20b/c?x=1&y=a+%2B HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string response = client.read_response();
  CHECK(begins(response, "HTTP/1.1 200 OK\r\n"));
  CHECK(response.find("\r\nDate: ") != std::string::npos);
  CHECK(ends(response, "\r\n\r\nGET /a b/c x=1 y=a +"));
}

TEST_CASE("a server listens on IPv6, too") {
  auto server = HttpServer::listen(*parse_endpoint("[::1]:0"), echo, refuse);
  if (!server) {
    WARN("skipped: no IPv6 loopback here: " + server.error().what);
    return;
  }
  RawClient client((*server)->endpoint());
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(ends(client.read_response(), "GET /"));
}

TEST_CASE("the handler learns who asks") {
  Endpoint peer;
  const auto server = serve([&](const HttpRequest& request) {
    peer = request.peer;
    return plain("x");
  });
  RawClient client(server->endpoint());
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  client.read_response();
  CHECK(address_text(peer) == "127.0.0.1");
  CHECK(peer.port != 0);
}

TEST_CASE("an address in use is a conflict that names it") {
  const auto server = serve(echo);
  const auto second = HttpServer::listen(server->endpoint(), echo, refuse);
  REQUIRE_FALSE(second);
  CHECK(second.error().code == Errc::conflict);
  CHECK(second.error().what.find(to_text(server->endpoint())) != std::string::npos);
}

TEST_CASE("requests sent back to back are answered one by one, in order, on one connection") {
  const auto server = serve(echo);
  RawClient client(server->endpoint());
  client.send(
      "POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcGET /2 HTTP/1.1\r\nHost: h\r\n\r\n"
      "GET /3 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  CHECK(ends(client.read_response(), "POST /1 [abc]"));
  CHECK(ends(client.read_response(), "GET /2"));
  CHECK(ends(client.read_all(), "GET /3"));
  CHECK(client.is_closed());
  CHECK(server->counters().connections == 1);
  CHECK(server->counters().requests == 3);
}

TEST_CASE("HEAD gets the head that GET would, and no body") {
  const auto server = serve([](const HttpRequest&) { return plain("twelve bytes"); });
  RawClient client(server->endpoint());
  client.send("HEAD / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const std::string response = client.read_all();
  CHECK(response.find("\r\nContent-Length: 12\r\n") != std::string::npos);
  CHECK(ends(response, "\r\n\r\n"));
}

TEST_CASE("a client that expects 100 is told to go on") {
  const auto server = serve(echo);
  RawClient client(server->endpoint());
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  REQUIRE(client.read_until("HTTP/1.1 100 Continue\r\n\r\n"));
  client.take();
  client.send("ok");
  CHECK(ends(client.read_response(), "POST / [ok]"));
}

TEST_CASE("a body in chunks is put together") {
  const auto server = serve(echo);
  RawClient client(server->endpoint());
  client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  CHECK(ends(client.read_response(), "POST / [abcde]"));
}

TEST_CASE("a body that says it is too large is refused before it is sent") {
  HttpLimits limits;
  limits.body_bytes = 1000;
  const auto server = serve(echo, limits);
  RawClient client(server->endpoint());
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\nExpect: 100-continue\r\n\r\n");
  const std::string response = client.read_all();
  CHECK(begins(response, "HTTP/1.1 413 "));
  CHECK(response.find("100 Continue") == std::string::npos);
  CHECK(server->counters().refused_too_large == 1);
}

TEST_CASE("a body that grows too large in chunks is refused, and the client sees why") {
  HttpLimits limits;
  limits.body_bytes = 1000;
  const auto server = serve(echo, limits);
  RawClient client(server->endpoint());
  client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "200\r\n" + std::string(0x200, 'x') + "\r\n";
  for (int i = 0; i < 4; ++i) client.send(chunk);
  CHECK(begins(client.read_all(), "HTTP/1.1 413 "));
}

TEST_CASE("a negative or huge Content-Length is refused") {
  const auto server = serve(echo);
  for (const char* length : {"-1", "99999999999999999999999", "12x", "18446744073709551615"}) {
    RawClient client(server->endpoint());
    client.send(std::string("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: ") + length + "\r\n\r\n");
    CHECK(begins(client.read_all(), "HTTP/1.1 4"));
  }
}

TEST_CASE("a header without end is refused with 431") {
  HttpLimits limits;
  limits.header_bytes = 2048;
  const auto server = serve(echo, limits);
  RawClient client(server->endpoint());
  client.send("GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(10000, 'x'));
  CHECK(begins(client.read_all(), "HTTP/1.1 431 "));
}

TEST_CASE("garbage is refused with 400 and the connection closed") {
  const auto server = serve(echo);
  for (const std::string_view garbage :
       {std::string_view("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a TLS hello\r\n\r\n"),
        std::string_view("GET\r\n\r\n"), std::string_view("GET / HTTP/9.9\r\nHost: h\r\n\r\n"),
        std::string_view("GET / HTTP/1.1\r\nHost h\r\n\r\n"), std::string_view("\0\0\0\0\r\n\r\n", 8),
        std::string_view("GET /%zz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"),
        std::string_view("GET x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"),
        std::string_view("GET /?a=1&a=2 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"),
        std::string_view("GET / HTTP/1.1\r\nConnection: close\r\n\r\n")}) {
    RawClient client(server->endpoint());
    client.send(garbage);
    const std::string response = client.read_all();
    INFO(garbage);
    CHECK(begins(response, "HTTP/1.1 400 "));
    CHECK(client.is_closed());
  }
  CHECK(server->counters().refused_malformed == 9);
}

TEST_CASE("two lengths that disagree are refused, because a proxy may have believed the other") {
  const auto server = serve(echo);
  RawClient client(server->endpoint());
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd");
  CHECK(begins(client.read_all(), "HTTP/1.1 400 "));
  RawClient both(server->endpoint());
  both.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  CHECK(begins(both.read_all(), "HTTP/1.1 400 "));
}

TEST_CASE("a client that sends its header drop by drop is cut off") {
  HttpLimits limits;
  limits.header_time = 100ms;
  const auto server = serve(echo, limits);
  RawClient client(server->endpoint());
  client.send("GET / HTTP/1.1\r\n");
  CHECK(client.read_all().empty());
  CHECK(client.is_closed());
  server->stop(1s);  // then it has been counted
  CHECK(server->counters().timeouts == 1);
}

TEST_CASE("a client that never sends the body it announced is cut off") {
  HttpLimits limits;
  limits.body_time = 100ms;
  const auto server = serve(echo, limits);
  RawClient client(server->endpoint());
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
  CHECK(client.read_all().empty());
  CHECK(client.is_closed());
  server->stop(1s);  // then it has been counted
  CHECK(server->counters().timeouts == 1);
}

TEST_CASE("a connection that asks for nothing is closed") {
  HttpLimits limits;
  limits.idle_time = 100ms;
  const auto server = serve(echo, limits);
  RawClient client(server->endpoint());
  CHECK(client.read_all().empty());
  CHECK(client.is_closed());
}

TEST_CASE("connections beyond the bound are turned away, and let in once there is room") {
  HttpLimits limits;
  limits.connections = 1;
  const auto server = serve(echo, limits);
  RawClient first(server->endpoint());
  first.send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(ends(first.read_response(), "GET /1"));
  RawClient second(server->endpoint());
  CHECK(begins(second.read_all(), "HTTP/1.1 503 "));
  first.send("GET /2 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  CHECK(ends(first.read_all(), "GET /2"));
  CHECK(server->counters().connections_refused == 1);
}

TEST_CASE("requests beyond workers and queue are refused at once, and those in work are answered") {
  HttpLimits limits;
  limits.workers = 1;
  limits.waiting = 1;
  Door door;
  const auto server = serve(
      [&](const HttpRequest& request) {
        door.wait();
        return echo(request);
      },
      limits);
  RawClient working(server->endpoint());
  working.send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\n");
  door.await_waiting(1);
  RawClient waiting(server->endpoint());
  RawClient refused(server->endpoint());
  waiting.send("GET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
  while (server->counters().requests < 2) std::this_thread::yield();
  refused.send("GET /3 HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(begins(refused.read_response(), "HTTP/1.1 503 "));
  door.open();
  CHECK(ends(working.read_response(), "GET /1"));
  CHECK(ends(waiting.read_response(), "GET /2"));
  CHECK(server->counters().refused_busy == 1);
}

TEST_CASE("requests of a lane wait behind no other lane's, and vital ones are never turned away") {
  HttpLimits limits;
  limits.workers = 1;
  limits.waiting = 0;
  limits.vital_workers = 1;
  limits.ending_workers = 1;
  Door door;
  const auto server = serve(
      [&](const HttpRequest& request) {
        if (request.path != "/vital/free") door.wait();
        return echo(request);
      },
      limits,
      [](const HttpRequest& request) {
        if (request.path.starts_with("/vital")) return HttpLane::vital;
        return request.path.starts_with("/ending") ? HttpLane::ending : HttpLane::usual;
      });
  RawClient usual(server->endpoint());
  usual.send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\n");
  RawClient ending(server->endpoint());
  ending.send("GET /ending HTTP/1.1\r\nHost: h\r\n\r\n");
  door.await_waiting(2);
  // Both of the others' workers are held up; this lane's is not.
  RawClient vital(server->endpoint());
  vital.send("GET /vital/free HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(ends(vital.read_response(), "GET /vital/free"));
  RawClient refused(server->endpoint());
  refused.send("GET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(begins(refused.read_response(), "HTTP/1.1 503 "));
  // Held up, too: more wait than there are workers, and none is turned away.
  std::vector<std::unique_ptr<RawClient>> waiting;
  for (int i = 0; i < 20; ++i) {
    waiting.push_back(std::make_unique<RawClient>(server->endpoint()));
    waiting.back()->send("GET /vital/held HTTP/1.1\r\nHost: h\r\n\r\n");
  }
  while (server->counters().requests < 24) std::this_thread::yield();
  door.open();
  for (const auto& client : waiting) CHECK(ends(client->read_response(), "GET /vital/held"));
  CHECK(ends(usual.read_response(), "GET /1"));
  CHECK(ends(ending.read_response(), "GET /ending"));
  CHECK(server->counters().refused_busy == 1);
}

TEST_CASE("a handler that throws costs one request a 500 and nothing else") {
  const auto server = serve([](const HttpRequest& request) -> HttpResponse {
    if (request.path == "/throw") throw std::runtime_error("oops");
    return plain("fine");
  });
  RawClient client(server->endpoint());
  client.send("GET /throw HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string response = client.read_response();
  CHECK(begins(response, "HTTP/1.1 500 "));
  CHECK(response.find("oops") == std::string::npos);
  client.send("GET /ok HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(ends(client.read_response(), "fine"));
}

TEST_CASE("a stop lets a request in work be answered, and closes idle connections") {
  Door door;
  auto server = serve([&](const HttpRequest& request) {
    door.wait();
    return echo(request);
  });
  RawClient idle(server->endpoint());
  RawClient working(server->endpoint());
  working.send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\n");
  door.await_waiting(1);
  std::thread stopping([&] { server->stop(10s); });
  CHECK(idle.read_all().empty());
  CHECK(idle.is_closed());
  door.open();
  const std::string response = working.read_all();
  CHECK(ends(response, "GET /1"));
  CHECK(response.find("Connection: close") != std::string::npos);
  stopping.join();
}

TEST_CASE("many clients at once are all answered") {
  const auto server = serve(echo);
  std::atomic<int> answered{0};
  std::vector<std::thread> clients;
  for (int c = 0; c < 16; ++c) {
    clients.emplace_back([&, c] {
      RawClient client(server->endpoint());
      for (int i = 0; i < 50; ++i) {
        const std::string path = "/" + std::to_string(c) + "-" + std::to_string(i);
        client.send("GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n");
        if (client.read_response().ends_with("GET " + path)) ++answered;
      }
    });
  }
  for (auto& client : clients) client.join();
  CHECK(answered == 16 * 50);
}

}  // namespace assent
