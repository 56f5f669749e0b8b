#include "engine/control/http_server.h"

#include <atomic>
#include <condition_variable>
#include <exception>
#include <list>
#include <mutex>
#include <thread>

#include "engine/control/http_server_beast.h"

namespace assent {
namespace {

constexpr std::size_t kLingerBytes =
    std::size_t{256} * 1024;  // unread input that is thrown away so that a refusal is not lost
constexpr auto kLingerTime = 2s;
constexpr auto kAcceptPause = 100ms;  // when the process has no descriptor left
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr std::string_view kTooManyConnections =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\nConnection: close\r\n\r\n";

enum class After { keep, close, linger };  // what becomes of a connection after a reply

// One client. Lives in the list of connections as long as its coroutine runs; touched by the io thread only.
struct Connection {
  beast::tcp_stream stream;
  beast::flat_buffer buffer;
  Endpoint peer;
  bool is_idle = true;  // between requests: a stop may close it at once

  Connection(tcp::socket socket, std::size_t buffer_bytes) : stream(std::move(socket)), buffer(buffer_bytes) {
    error_code ignored;
    peer = from_asio(stream.socket().remote_endpoint(ignored));
    stream.socket().set_option(tcp::no_delay(true), ignored);
  }
};

}  // namespace

struct Lane {
  Lane(std::size_t worker_count, std::size_t waiting) : most(worker_count + waiting), workers(worker_count) {}

  const std::size_t most;
  std::atomic<std::size_t> admitted{0};  // requests waiting for or held by a worker
  asio::thread_pool workers;
};

struct HttpServer::Impl {
  Impl(Handler handler_fn, Refuse refuse_fn, LaneOf lane_of_fn, const HttpLimits& http_limits)
      : handler(std::move(handler_fn)),
        refuse(std::move(refuse_fn)),
        lane_of(std::move(lane_of_fn)),
        bounds(http_limits),
        usual(bounds.workers, bounds.waiting),
        vital(bounds.vital_workers, bounds.connections),
        ending(bounds.ending_workers, bounds.connections) {}

  Lane& lane(HttpLane which) {
    switch (which) {
      case HttpLane::usual: return usual;
      case HttpLane::vital: return vital;
      case HttpLane::ending: return ending;
    }
    return usual;
  }

  Result<void> bind(const Endpoint& at);
  void start();
  void stop(milliseconds patience);

  asio::awaitable<void> accept_clients();
  void admit(tcp::socket socket);
  asio::awaitable<void> serve(std::list<Connection>::iterator connection);
  asio::awaitable<After> serve_one(Connection& connection);
  asio::awaitable<bool> await_first_byte(Connection& connection);
  asio::awaitable<error_code> read_body(Connection& connection, Parser& parser);
  asio::awaitable<After> answer(Connection& connection, Parser& parser);
  asio::awaitable<After> reject(Connection& connection, error_code why);
  asio::awaitable<After> reply(Connection& connection, HttpResponse& response, const Parser::value_type& to);
  asio::awaitable<bool> send_stream(Connection& connection, HttpResponse& response,
                                    http::response<http::empty_body>& head);
  asio::awaitable<error_code> send(Connection& connection, asio::const_buffer bytes);
  asio::awaitable<void> close_gently(Connection& connection);
  template <typename Work>
  asio::awaitable<void> on_worker(Lane& lane, Work& work);
  void forget(std::list<Connection>::iterator connection);
  void count(std::uint64_t HttpCounters::*counter);
  void note_open();

  const Handler handler;
  const Refuse refuse;
  const LaneOf lane_of;
  const HttpLimits bounds;

  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> io_work = asio::make_work_guard(io);
  tcp::acceptor acceptor{io};
  Endpoint local;
  std::list<Connection> connections;  // io thread
  bool stopping = false;              // io thread

  Lane usual;
  Lane vital;
  Lane ending;
  std::thread io_thread;

  std::mutex mutex;  // guards what follows, which other threads read
  std::condition_variable drained;
  bool is_drained = false;
  HttpCounters counters;
  std::once_flag stopped;
};

// ---- life -----------------------------------------------------------------------------------------------------------

Result<void> HttpServer::Impl::bind(const Endpoint& at) {
  const tcp::endpoint endpoint = to_asio(at);
  error_code failed;
  acceptor.open(endpoint.protocol(), failed);
  if (!failed) acceptor.set_option(tcp::acceptor::reuse_address(true), failed);
  if (!failed) acceptor.bind(endpoint, failed);
  if (!failed) acceptor.listen(asio::socket_base::max_listen_connections, failed);
  if (!failed) local = from_asio(acceptor.local_endpoint(failed));
  if (!failed) return {};
  if (failed == asio::error::address_in_use) {
    return error(Errc::conflict, "the API address " + to_text(at) + " is in use: choose another or stop who has it");
  }
  return os_error("listen on " + to_text(at), failed.value());
}

void HttpServer::Impl::start() {
  asio::co_spawn(io, accept_clients(), asio::detached);
  io_thread = std::thread([this] { io.run(); });
}

void HttpServer::Impl::stop(milliseconds patience) {
  asio::post(io, [this] {
    stopping = true;
    error_code ignored;
    acceptor.close(ignored);
    for (Connection& connection : connections) {
      if (connection.is_idle) connection.stream.close();
    }
    const std::lock_guard lock(mutex);
    if (connections.empty()) is_drained = true;
    drained.notify_all();
  });
  std::unique_lock lock(mutex);
  if (!drained.wait_for(lock, patience, [this] { return is_drained; })) {
    lock.unlock();
    asio::post(io, [this] {
      for (Connection& connection : connections) connection.stream.close();
    });
    lock.lock();
    drained.wait(lock, [this] { return is_drained; });
  }
  lock.unlock();
  for (Lane* each : {&usual, &vital, &ending}) each->workers.join();
  io_work.reset();
  io_thread.join();
}

void HttpServer::Impl::forget(std::list<Connection>::iterator connection) {
  connections.erase(connection);
  note_open();
  if (!stopping || !connections.empty()) return;
  const std::lock_guard lock(mutex);
  is_drained = true;
  drained.notify_all();
}

void HttpServer::Impl::count(std::uint64_t HttpCounters::*counter) {
  const std::lock_guard lock(mutex);
  ++(counters.*counter);
}

void HttpServer::Impl::note_open() {
  const std::lock_guard lock(mutex);
  counters.connections_open = connections.size();
}

// ---- connections ----------------------------------------------------------------------------------------------------

asio::awaitable<void> HttpServer::Impl::accept_clients() {
  asio::steady_timer pause(io);
  while (acceptor.is_open()) {
    error_code failed;
    tcp::socket socket = co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, failed));
    if (!acceptor.is_open()) break;
    if (!failed) {
      admit(std::move(socket));
      continue;
    }
    pause.expires_after(kAcceptPause);
    co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, failed));
  }
}

void HttpServer::Impl::admit(tcp::socket socket) {
  error_code ignored;
  if (connections.size() >= bounds.connections) {
    count(&HttpCounters::connections_refused);
    socket.non_blocking(true, ignored);
    socket.write_some(asio::buffer(kTooManyConnections), ignored);
    socket.close(ignored);
    return;
  }
  count(&HttpCounters::connections);
  connections.emplace_front(std::move(socket), bounds.header_bytes + limits::kPageBytes);
  note_open();
  const auto connection = connections.begin();
  asio::co_spawn(io, serve(connection), [this, connection](const std::exception_ptr&) { forget(connection); });
}

asio::awaitable<void> HttpServer::Impl::serve(std::list<Connection>::iterator connection) {
  After after = After::keep;
  while (after == After::keep && !stopping) after = co_await serve_one(*connection);
  if (after == After::linger) co_await close_gently(*connection);
  connection->stream.close();
}

// A refused request may not have been read to its end; closing at once would reset the connection, and the client might
// never see why.
asio::awaitable<void> HttpServer::Impl::close_gently(Connection& connection) {
  error_code failed;
  connection.stream.socket().shutdown(tcp::socket::shutdown_send, failed);
  connection.stream.expires_after(kLingerTime);
  std::array<char, 4096> unread;
  std::size_t read_bytes = 0;
  while (!failed && read_bytes < kLingerBytes) {
    read_bytes += co_await connection.stream.async_read_some(asio::buffer(unread),
                                                             asio::redirect_error(asio::use_awaitable, failed));
  }
}

// ---- one request ----------------------------------------------------------------------------------------------------

asio::awaitable<bool> HttpServer::Impl::await_first_byte(Connection& connection) {
  if (connection.buffer.size() > 0) co_return true;
  connection.is_idle = true;
  connection.stream.expires_after(bounds.idle_time);
  error_code failed;
  const std::size_t got = co_await connection.stream.async_read_some(connection.buffer.prepare(limits::kPageBytes),
                                                                     asio::redirect_error(asio::use_awaitable, failed));
  connection.buffer.commit(got);
  connection.is_idle = false;
  co_return !failed && got > 0;
}

asio::awaitable<After> HttpServer::Impl::serve_one(Connection& connection) {
  if (!co_await await_first_byte(connection)) co_return After::close;
  Parser parser;
  parser.header_limit(static_cast<std::uint32_t>(bounds.header_bytes));
  parser.body_limit(bounds.body_bytes);
  connection.stream.expires_after(bounds.header_time);
  error_code failed;
  co_await http::async_read_header(connection.stream, connection.buffer, parser,
                                   asio::redirect_error(asio::use_awaitable, failed));
  if (!failed) failed = co_await read_body(connection, parser);
  if (failed) co_return co_await reject(connection, failed);
  count(&HttpCounters::requests);
  co_return co_await answer(connection, parser);
}

asio::awaitable<error_code> HttpServer::Impl::read_body(Connection& connection, Parser& parser) {
  error_code failed;
  connection.stream.expires_after(bounds.body_time);
  if (!parser.is_done() && parser.get().version() == 11 &&
      beast::iequals(parser.get()[http::field::expect], "100-continue")) {
    co_await asio::async_write(connection.stream, asio::buffer(kContinue),
                               asio::redirect_error(asio::use_awaitable, failed));
  }
  if (!failed) {
    co_await http::async_read(connection.stream, connection.buffer, parser,
                              asio::redirect_error(asio::use_awaitable, failed));
  }
  co_return failed;
}

asio::awaitable<After> HttpServer::Impl::reject(Connection& connection, error_code why) {
  HttpResponse response;
  if (why == http::error::body_limit) {
    count(&HttpCounters::refused_too_large);
    response = refuse(413, "the body is larger than " + std::to_string(bounds.body_bytes) + " bytes");
  } else if (why == http::error::header_limit || why == http::error::buffer_overflow) {
    count(&HttpCounters::refused_too_large);
    response = refuse(431, "the header is larger than " + std::to_string(bounds.header_bytes) + " bytes");
  } else if (why.category() == make_error_code(http::error::bad_method).category() &&
             why != http::error::end_of_stream && why != http::error::partial_message) {
    count(&HttpCounters::refused_malformed);
    response = refuse(400, "this is not an HTTP/1.1 request: " + why.message());
  } else {
    // The client went away, or was too slow and has been cut off.
    if (why == beast::error::timeout) count(&HttpCounters::timeouts);
    co_return After::close;
  }
  Parser::value_type unread;
  unread.version(11);
  unread.keep_alive(false);
  const After after = co_await reply(connection, response, unread);
  co_return after == After::close ? After::linger : after;
}

asio::awaitable<After> HttpServer::Impl::answer(Connection& connection, Parser& parser) {
  HttpResponse response;
  Parser::value_type message = parser.release();
  // What the reply needs of the request, because the rest moves on to the handler.
  Parser::value_type to;
  to.version(message.version());
  to.method_string(message.method_string());
  to.keep_alive(message.keep_alive() && !stopping);
  auto request = to_request(std::move(message), connection.peer);
  if (!request) {
    count(&HttpCounters::refused_malformed);
    response = refuse(400, request.error().what);
  } else if (Lane& lane_taken = lane(lane_of(*request)); lane_taken.admitted.fetch_add(1) >= lane_taken.most) {
    lane_taken.admitted.fetch_sub(1);
    count(&HttpCounters::refused_busy);
    response = refuse(503, "too many requests are being served: try again");
  } else {
    connection.stream.expires_never();
    auto work = [&] {
      try {
        response = handler(*request);
      } catch (const std::exception&) {
        response = refuse(500, "the request failed for a reason of our own");
      }
      lane_taken.admitted.fetch_sub(1);
    };
    co_await on_worker(lane_taken, work);
  }
  co_return co_await reply(connection, response, to);
}

// Runs `work`, which lives in the caller's frame, on a worker, and comes back to the io thread.
template <typename Work>
asio::awaitable<void> HttpServer::Impl::on_worker(Lane& lane, Work& work) {
  auto start = [this, &lane, &work](auto done) {
    asio::post(lane.workers, [this, &work, done = std::move(done)]() mutable {
      work();
      asio::post(io, std::move(done));
    });
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(std::move(start), asio::use_awaitable);
}

// ---- replies --------------------------------------------------------------------------------------------------------

asio::awaitable<After> HttpServer::Impl::reply(Connection& connection, HttpResponse& response,
                                               const Parser::value_type& to) {
  const bool is_head = to.method() == http::verb::head;
  const bool keep = to.keep_alive() && !stopping;
  error_code failed;
  connection.stream.expires_after(bounds.write_time);
  if (!response.stream && !is_head) {
    http::response<http::string_body> message;
    fill_head(message, response);
    message.body() = std::move(response.body);
    message.keep_alive(keep);
    message.prepare_payload();
    co_await http::async_write(connection.stream, message, asio::redirect_error(asio::use_awaitable, failed));
    co_return failed || !keep ? After::close : After::keep;
  }
  http::response<http::empty_body> head;
  fill_head(head, response);
  head.keep_alive(keep);
  const bool is_chunked = response.stream && !response.stream->length_bytes && to.version() == 11;
  const bool ends_by_close = response.stream && !response.stream->length_bytes && to.version() == 10;
  if (ends_by_close) head.keep_alive(false);
  if (is_chunked) head.chunked(true);
  if (!response.stream) head.content_length(response.body.size());
  if (response.stream && response.stream->length_bytes) head.content_length(*response.stream->length_bytes);
  bool complete = true;
  if (is_head) {
    http::response_serializer<http::empty_body> serializer(head);
    co_await http::async_write_header(connection.stream, serializer, asio::redirect_error(asio::use_awaitable, failed));
  } else {
    complete = co_await send_stream(connection, response, head);
    if (!complete) count(&HttpCounters::streams_cut);
  }
  if (response.stream) {
    auto drop = [&] { response.stream.reset(); };  // may close files and pipelines: not the io thread's work
    co_await on_worker(usual, drop);
  }
  co_return failed || !complete || !keep || ends_by_close ? After::close : After::keep;
}

asio::awaitable<error_code> HttpServer::Impl::send(Connection& connection, asio::const_buffer bytes) {
  error_code failed;
  connection.stream.expires_after(bounds.write_time);
  co_await asio::async_write(connection.stream, bytes, asio::redirect_error(asio::use_awaitable, failed));
  co_return failed;
}

// Whether the client got the head and all of the stream.
asio::awaitable<bool> HttpServer::Impl::send_stream(Connection& connection, HttpResponse& response,
                                                    http::response<http::empty_body>& head) {
  error_code failed;
  http::response_serializer<http::empty_body> serializer(head);
  co_await http::async_write_header(connection.stream, serializer, asio::redirect_error(asio::use_awaitable, failed));
  if (failed) co_return false;
  const bool is_chunked = head.chunked();
  std::uint64_t left_bytes = response.stream->length_bytes.value_or(UINT64_MAX);
  // Room before and after the bytes for a chunk's size and end, so that a chunk leaves in one write.
  constexpr std::size_t kBefore = 10;
  constexpr std::size_t kAfter = 2;
  Bytes memory(kBefore + limits::kApiChunkBytes + kAfter);
  const ByteSpan payload = ByteSpan(memory).subspan(kBefore, limits::kApiChunkBytes);
  for (;;) {
    Result<std::size_t> pulled = std::size_t{0};
    auto pull = [&] {
      try {
        pulled = response.stream->pull(payload.first(std::min<std::uint64_t>(payload.size(), left_bytes)));
      } catch (const std::exception&) {
        pulled = error(Errc::unavailable, "the stream failed for a reason of our own");
      }
    };
    co_await on_worker(usual, pull);
    if (!pulled) co_return false;
    if (*pulled == 0) break;
    left_bytes -= *pulled;
    std::size_t from = kBefore;
    std::size_t to = kBefore + *pulled;
    if (is_chunked) {
      std::array<char, kBefore + 1> size{};
      from = kBefore - static_cast<std::size_t>(std::snprintf(size.data(), size.size(), "%zx\r\n", *pulled));
      std::memcpy(&memory[from], size.data(), kBefore - from);
      std::memcpy(&memory[to], "\r\n", kAfter);
      to += kAfter;
    }
    failed = co_await send(connection, asio::buffer(&memory[from], to - from));
    if (failed) co_return false;
    if (left_bytes == 0) co_return true;
  }
  if (response.stream->length_bytes) co_return false;  // ended short of what the head promised
  if (is_chunked) failed = co_await send(connection, asio::buffer(std::string_view("0\r\n\r\n")));
  co_return !failed;
}

// ---- the outside ----------------------------------------------------------------------------------------------------

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<HttpServer>> HttpServer::listen(const Endpoint& at, Handler handler, Refuse refuse,
                                                       const HttpLimits& http_limits, LaneOf lane_of) {
  auto impl = std::make_unique<Impl>(std::move(handler), std::move(refuse), std::move(lane_of), http_limits);
  if (auto bound = impl->bind(at); !bound) return bound.error();
  impl->start();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::~HttpServer() { stop(0ms); }

void HttpServer::stop(milliseconds patience) {
  std::call_once(impl_->stopped, [&] { impl_->stop(patience); });
}

Endpoint HttpServer::endpoint() const { return impl_->local; }

HttpCounters HttpServer::counters() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->counters;
}

}  // namespace assent
