#include "base/endpoint.h"

#include <sys/socket.h>

#include "catch.h"

using namespace assent;

TEST_CASE("endpoints of both families survive text and socket form") {
  for (const char* text : {"192.0.2.1:4000", "[2001:db8::1]:65535", "[::1]:1", "127.0.0.1:0"}) {
    const auto endpoint = parse_endpoint(text);
    REQUIRE(endpoint);
    CHECK(to_text(*endpoint) == text);
    sockaddr_storage raw{};
    fill_sockaddr(*endpoint, raw);
    CHECK(endpoint_from(reinterpret_cast<const sockaddr*>(&raw)) == endpoint);
  }
}

TEST_CASE("a mapped IPv6 address is the IPv4 address it maps") {
  CHECK(parse_endpoint("[::ffff:192.0.2.1]:4000") == parse_endpoint("192.0.2.1:4000"));
}

TEST_CASE("text that is not an endpoint is refused") {
  for (const char* text : {"", "192.0.2.1", "192.0.2.1:", "192.0.2.1:65536", "192.0.2.1:-1", "host:80", "::1:80",
                           "[::1]", "[192.0.2.1:80"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_endpoint(text));
  }
}
