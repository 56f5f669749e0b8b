#include "pipelines/ephemeral_ports.h"

#include "catch.h"

namespace assent {

TEST_CASE("ephemeral ports are the kernel's range without what is reserved") {
  const auto ports = ephemeral_ports_from("32768\t60999", "33000-33999,40000,80");
  CHECK(ports.count() == 60999 - 32768 + 1 - 1000 - 1);
  CHECK(has_any_of(ports, {30000, 32768}));
  CHECK_FALSE(has_any_of(ports, {20000, 32767}));
  CHECK_FALSE(has_any_of(ports, {33000, 33999}));
  CHECK(has_any_of(ports, {33000, 34000}));
  CHECK_FALSE(has_any_of(ports, {40000, 40000}));
  CHECK_FALSE(has_any_of(ports, {61000, 65535}));
}

TEST_CASE("text that the kernel would not write makes no port ephemeral") {
  CHECK(ephemeral_ports_from("", "").none());
  CHECK(ephemeral_ports_from("60999\t32768", "").none());
  CHECK(ephemeral_ports_from("32768 60999", "").none());
  CHECK(ephemeral_ports_from("32768\t99999", "").none());
  CHECK(ephemeral_ports_from("1\t65535", ",,x,5-,-7,9-8").count() == 65535);
}

}  // namespace assent
