#include "bench/load/payload_pattern.h"

#include "catch.h"

using namespace assent;
using namespace assent::load;

namespace {
const PayloadPattern kPattern(Seed(9));
constexpr LegNumber kLeg{5};
constexpr PacketNumber kPacket{1234};
}  // namespace

TEST_CASE("a payload matches its own leg and packet alone, to the last byte") {
  for (const std::size_t bytes : {1U, 80U, 160U, 163U, 480U}) {
    Bytes payload(bytes);
    kPattern.fill(kLeg, kPacket, payload);
    CHECK(kPattern.matches(kLeg, kPacket, payload));
    payload.back() ^= 1U;
    CHECK_FALSE(kPattern.matches(kLeg, kPacket, payload));
  }
  Bytes payload(160);
  kPattern.fill(kLeg, kPacket, payload);
  CHECK_FALSE(kPattern.matches(LegNumber(6), kPacket, payload));
  CHECK_FALSE(kPattern.matches(kLeg, PacketNumber(1235), payload));
  CHECK_FALSE(PayloadPattern(Seed(10)).matches(kLeg, kPacket, payload));
}
