// What the API's messages and addresses are to Boost.Beast and Asio, and the other way round.
//
// For http_server.cpp alone, so that the libraries are compiled once. Pure but for the date; any thread.
#pragma once

#include <netinet/in.h>

#include <array>
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <cstring>
#include <ctime>
#include <string>
#include <utility>

#include "base/endpoint.h"
#include "base/result.h"
#include "base/time.h"
#include "engine/control/http_message.h"
#include "engine/control/request_target.h"

namespace assent {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using Parser = http::request_parser<http::string_body>;

inline tcp::endpoint to_asio(const Endpoint& at) {
  sockaddr_storage storage{};
  const unsigned length = fill_sockaddr(at, storage);
  tcp::endpoint endpoint;
  std::memcpy(endpoint.data(), &storage, length);
  endpoint.resize(length);
  return endpoint;
}

inline Endpoint from_asio(const tcp::endpoint& endpoint) {
  sockaddr_storage storage{};
  std::memcpy(&storage, endpoint.data(), endpoint.size());
  return endpoint_from(reinterpret_cast<const sockaddr*>(&storage)).value_or(Endpoint{});
}

// RFC 9110 section 5.6.7.
inline std::string http_date() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 64> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

// The request as the handler sees it, or why it cannot be one.
inline Result<HttpRequest> to_request(Parser::value_type&& message, const Endpoint& peer) {
  if (message.version() != 11 && message.version() != 10)
    return error(Errc::invalid, "only HTTP/1.1 and 1.0 are spoken");
  if (message.version() == 11 && message.count(http::field::host) != 1) {
    return error(Errc::invalid, "an HTTP/1.1 request has exactly one Host field");
  }
  auto target = parse_target(message.target());
  if (!target) return target.error();
  HttpRequest request;
  request.method = std::string(message.method_string());
  request.path = std::move(target->path);
  request.query = std::move(target->query);
  for (const auto& field : message) {
    std::string name(field.name_string());
    for (char& c : name) c = beast::detail::ascii_tolower(c);
    auto [place, is_new] = request.headers.emplace(std::move(name), field.value());
    if (!is_new) place->second.append(", ").append(field.value());
  }
  request.body = std::move(message.body());
  request.peer = peer;
  request.received_at = read_mono();
  return request;
}

template <typename Body>
void fill_head(http::response<Body>& message, const HttpResponse& from) {
  message.result(from.status);
  message.set(http::field::date, http_date());
  if (!from.content_type.empty()) message.set(http::field::content_type, from.content_type);
  for (const auto& [name, value] : from.headers) message.insert(name, value);
}

}  // namespace assent
