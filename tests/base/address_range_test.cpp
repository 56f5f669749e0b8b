#include "base/address_range.h"

#include "catch.h"

using namespace assent;

namespace {

bool holds(const char* range, const char* address) {
  return parse_address_range(range)->contains(*parse_address(address, 5060));
}

}  // namespace

TEST_CASE("a range holds the addresses of its prefix") {
  CHECK(holds("192.0.2.0/24", "192.0.2.255"));
  CHECK(!holds("192.0.2.0/24", "192.0.3.0"));
  CHECK(holds("192.0.2.128/25", "192.0.2.129"));
  CHECK(!holds("192.0.2.128/25", "192.0.2.127"));
  CHECK(holds("192.0.2.7", "192.0.2.7"));
  CHECK(!holds("192.0.2.7", "192.0.2.8"));
  CHECK(holds("0.0.0.0/0", "203.0.113.9"));
  CHECK(!holds("0.0.0.0/0", "2001:db8::1"));
  CHECK(holds("2001:db8::/32", "2001:db8:1::1"));
  CHECK(!holds("2001:db8::/32", "2001:db9::1"));
  CHECK(holds("::/0", "192.0.2.1"));  // all of IPv6 has IPv4 mapped into it
}

TEST_CASE("a range says what it is") {
  CHECK(parse_address_range("192.0.2.0/24")->text() == "192.0.2.0/24");
  CHECK(parse_address_range("192.0.2.7")->text() == "192.0.2.7/32");
  CHECK(parse_address_range("2001:db8::/32")->text() == "2001:db8::/32");
}

TEST_CASE("what is no range, and bits beyond a prefix, are refused") {
  for (const char* text : {"", "/", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/", "192.0.2.1/24", "2001:db8::1/32",
                           "2001:db8::/129", "example.com", "192.0.2.0/24/8", "192.0.2.0/ 24"}) {
    INFO(text);
    CHECK(!parse_address_range(text));
  }
}
