#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "catch.h"
#include "engine/control/http_server.h"
#include "raw_client.h"

namespace assent {
namespace {

HttpResponse refuse(unsigned status, std::string_view why) {
  return {status, "text/plain", {}, std::string(why), std::nullopt};
}

// A stream of `total` bytes, 'a' to 'z' over and over, that tells when it is destroyed and how far it was read.
struct Letters {
  std::uint64_t total = 0;
  std::uint64_t fail_at = UINT64_MAX;
  std::atomic<std::uint64_t> given{0};
  std::atomic<bool> gone{false};

  BodyStream stream(bool with_length) {
    auto guard = std::shared_ptr<Letters>(this, [](Letters* letters) { letters->gone = true; });
    BodyStream body;
    if (with_length) body.length_bytes = total;
    body.pull = [guard](ByteSpan out) -> Result<std::size_t> {
      const std::uint64_t at = guard->given;
      if (at >= guard->fail_at) return error(Errc::corrupt, "the disk is on fire");
      const std::size_t bytes = std::min<std::uint64_t>({out.size(), guard->total - at, 5000});
      for (std::size_t i = 0; i < bytes; ++i) out[i] = static_cast<std::uint8_t>('a' + (at + i) % 26);
      guard->given += bytes;
      return bytes;
    };
    return body;
  }
};

std::string letters(std::size_t count) {
  std::string text(count, ' ');
  for (std::size_t i = 0; i < count; ++i) text[i] = static_cast<char>('a' + i % 26);
  return text;
}

std::unique_ptr<HttpServer> serve(Letters& source, bool with_length, const HttpLimits& limits = {}) {
  auto server = HttpServer::listen(
      *parse_endpoint("127.0.0.1:0"),
      [&source, with_length](const HttpRequest&) {
        return HttpResponse{200, "audio/wav", {}, {}, source.stream(with_length)};
      },
      refuse, limits);
  REQUIRE(server);
  return *std::move(server);
}

void await(const std::atomic<bool>& flag) {
  while (!flag) std::this_thread::yield();
}

std::string body_of(const std::string& response) { return response.substr(response.find("\r\n\r\n") + 4); }

// Undoes chunked coding; empty when it does not end as it should.
std::string unchunked(std::string_view coded) {
  std::string text;
  for (;;) {
    const std::size_t line = coded.find("\r\n");
    if (line == std::string_view::npos) return {};
    const std::size_t bytes = std::stoul(std::string(coded.substr(0, line)), nullptr, 16);
    coded.remove_prefix(line + 2);
    if (bytes == 0) return coded == "\r\n" ? text : std::string();
    text.append(coded.substr(0, bytes));
    coded.remove_prefix(bytes + 2);
  }
}

constexpr std::string_view kGetAndClose = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";

}  // namespace

TEST_CASE("a stream of known length arrives whole under its Content-Length") {
  Letters source{.total = 1000000};
  const auto server = serve(source, true);
  RawClient client(server->endpoint());
  client.send(kGetAndClose);
  const std::string response = client.read_all();
  CHECK(response.find("\r\nContent-Length: 1000000\r\n") != std::string::npos);
  CHECK(body_of(response) == letters(1000000));
  await(source.gone);
  CHECK(server->counters().streams_cut == 0);
}

TEST_CASE("a stream of unknown length arrives whole in chunks, and the connection stays usable") {
  Letters source{.total = 300001};
  const auto server = serve(source, false);
  RawClient client(server->endpoint());
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  REQUIRE(client.read_until("\r\n0\r\n\r\n"));
  CHECK(client.received().find("Transfer-Encoding: chunked") != std::string::npos);
  CHECK(unchunked(body_of(client.take())) == letters(300001));
  await(source.gone);
  source.given = 299991;
  client.send(kGetAndClose);
  CHECK(unchunked(body_of(client.read_all())).size() == 10);
}

TEST_CASE("an HTTP/1.0 client gets a stream that ends with the connection") {
  Letters source{.total = 100000};
  const auto server = serve(source, false);
  RawClient client(server->endpoint());
  client.send("GET / HTTP/1.0\r\n\r\n");
  const std::string response = client.read_all();
  CHECK(response.find("chunked") == std::string::npos);
  CHECK(body_of(response) == letters(100000));
}

TEST_CASE("HEAD on a stream reads none of it and lets it go") {
  Letters source{.total = 1000};
  const auto server = serve(source, true);
  RawClient client(server->endpoint());
  client.send("HEAD / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  CHECK(client.read_all().ends_with("\r\n\r\n"));
  await(source.gone);
  CHECK(source.given == 0);
}

TEST_CASE("a stream that fails midway is cut so that the client notices") {
  for (const bool with_length : {true, false}) {
    Letters source{.total = 1000000, .fail_at = 500000};
    const auto server = serve(source, with_length);
    RawClient client(server->endpoint());
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    const std::string response = client.read_all();
    CHECK(client.is_closed());
    CHECK(response.find("\r\n0\r\n\r\n") == std::string::npos);
    CHECK(body_of(response).size() < 1000000);
    await(source.gone);
    CHECK(server->counters().streams_cut == 1);
  }
}

TEST_CASE("a stream that ends before its announced length is cut") {
  Letters source{.total = 1000};
  auto server = HttpServer::listen(
      *parse_endpoint("127.0.0.1:0"),
      [&](const HttpRequest&) {
        HttpResponse response{200, "audio/wav", {}, {}, source.stream(true)};
        response.stream->length_bytes = 2000;
        return response;
      },
      refuse);
  REQUIRE(server);
  RawClient client((*server)->endpoint());
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  client.read_all();
  CHECK(client.is_closed());
  await(source.gone);
  CHECK((*server)->counters().streams_cut == 1);
}

TEST_CASE("a stream is read no faster than its client reads, and dropped when the client goes") {
  Letters source{.total = 1ULL << 40};
  const auto server = serve(source, false);
  {
    RawClient client(server->endpoint());
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    REQUIRE(client.read_until("\r\n\r\n"));
  }
  await(source.gone);
  // What the kernel's buffers of both sides take at most, with room.
  CHECK(source.given < (64ULL << 20));
  CHECK(server->counters().streams_cut == 1);
}

TEST_CASE("a client that stops reading is dropped after the write time") {
  Letters source{.total = 1ULL << 40};
  HttpLimits limits;
  limits.write_time = 100ms;
  const auto server = serve(source, false, limits);
  RawClient client(server->endpoint());
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  await(source.gone);
  CHECK(server->counters().streams_cut == 1);
}

TEST_CASE("a stop cuts a stream that does not end in time") {
  Letters source{.total = 1ULL << 40};
  auto server = serve(source, false);
  RawClient client(server->endpoint());
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  REQUIRE(client.read_until("\r\n\r\n"));
  server->stop(50ms);
  CHECK(source.gone);
  CHECK(client.read_all().find("\r\n0\r\n\r\n") == std::string::npos);
  CHECK(client.is_closed());
}

TEST_CASE("slow readers of streams take no worker from anybody") {
  Letters source{.total = 1ULL << 40};
  HttpLimits limits;
  limits.workers = 2;
  auto server = HttpServer::listen(
      *parse_endpoint("127.0.0.1:0"),
      [&](const HttpRequest& request) {
        if (request.path == "/quick") return HttpResponse{200, "text/plain", {}, "quick", std::nullopt};
        return HttpResponse{200, "audio/wav", {}, {}, source.stream(false)};
      },
      refuse, limits);
  REQUIRE(server);
  std::vector<std::unique_ptr<RawClient>> slow;
  for (int i = 0; i < 8; ++i) {
    slow.push_back(std::make_unique<RawClient>((*server)->endpoint()));
    slow.back()->send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n");
  }
  for (auto& client : slow) REQUIRE(client->read_until("\r\n\r\n"));
  RawClient quick((*server)->endpoint());
  quick.send("GET /quick HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  CHECK(quick.read_all().ends_with("quick"));
  (*server)->stop(0ms);
}

}  // namespace assent
