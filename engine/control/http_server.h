// HttpServer: HTTP/1.1 (RFC 9110, RFC 9112) on one address, and nothing about what is served.
//
// It owns the listening socket, the connections and two kinds of threads: one io thread that reads and writes, and a
// bounded pool of workers that run the handler, which therefore may block. A reply can be a stream that is pulled one
// chunk at a time, again on a worker, only as fast as the client reads. It decides what is not worth a handler's time:
// malformed, oversized and slow requests, too many connections, a full pool; `Refuse` gives these replies their body.
//
// listen, counters, endpoint and stop: any thread. Handler and Refuse run on any worker (Refuse on the io thread, too)
// and must be safe to run concurrently. Sizes in bytes.
// Errors of listen: Errc::conflict (the address is in use), Errc::io.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "base/endpoint.h"
#include "base/limits.h"
#include "base/result.h"
#include "base/time.h"
#include "engine/control/http_message.h"

namespace assent {

// Requests of one lane never wait behind those of another: each has workers of its own.
enum class HttpLane : std::uint8_t {
  usual,  // at most limits::kApiWaiting wait; more are turned away
  vital,  // these two take whatever the connections bring
  ending,
};

struct HttpLimits {
  std::size_t connections = limits::kApiConnections;
  std::size_t workers = limits::kApiWorkers;
  std::size_t waiting = limits::kApiWaiting;
  std::size_t vital_workers = limits::kApiVitalWorkers;
  std::size_t ending_workers = limits::kApiEndWorkers;
  std::size_t header_bytes = limits::kApiHeaderBytes;
  std::size_t body_bytes = limits::kApiBodyBytes;
  milliseconds idle_time = limits::kApiIdleTime;
  milliseconds header_time = limits::kApiHeaderTime;
  milliseconds body_time = limits::kApiBodyTime;
  milliseconds write_time = limits::kApiWriteTime;
};

struct HttpCounters {
  std::uint64_t connections_open = 0;  // gauge
  std::uint64_t connections = 0;
  std::uint64_t connections_refused = 0;  // beyond the bound
  std::uint64_t requests = 0;             // read in full
  std::uint64_t refused_malformed = 0;
  std::uint64_t refused_too_large = 0;  // body or header
  std::uint64_t refused_busy = 0;       // no worker free
  std::uint64_t timeouts = 0;
  std::uint64_t streams_cut = 0;  // a streamed reply that did not reach its end
};

class HttpServer {
 public:
  using Handler = std::function<HttpResponse(const HttpRequest&)>;
  using Refuse = std::function<HttpResponse(unsigned status, std::string_view why)>;

  using LaneOf = std::function<HttpLane(const HttpRequest&)>;  // io thread

  // Port 0 takes a free port; endpoint() says which.
  static Result<std::unique_ptr<HttpServer>> listen(
      const Endpoint& at, Handler handler, Refuse refuse, const HttpLimits& limits = {},
      LaneOf lane_of = [](const HttpRequest&) { return HttpLane::usual; });
  ~HttpServer();  // stops without waiting for clients, if nobody has
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  Endpoint endpoint() const;
  HttpCounters counters() const;

  // Accepts no more, lets replies under way finish for at most `patience`, then cuts what is left, and returns when no
  // thread of the server runs any more: a handler that is running is waited for. Not from a handler.
  void stop(milliseconds patience);

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace assent
