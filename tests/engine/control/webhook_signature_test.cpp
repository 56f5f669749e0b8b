#include "engine/control/webhook_signature.h"

#include <string>

#include "base/bytes.h"
#include "catch.h"

namespace assent {
namespace {

const std::string kTag = "5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd";

}  // namespace

TEST_CASE("a signature has the time as it is written, and the tags") {
  const std::string header = "t=01700000000, v1=" + kTag + ",v0=ignored,v1=" + std::string(64, 'A');
  const auto signature = parse_webhook_signature(header);
  REQUIRE(signature);
  CHECK(signature->signed_at_s == 1700000000);
  CHECK(signature->time_text == "01700000000");
  REQUIRE(signature->tags.size() == 2);
  CHECK(to_hex(signature->tags[0]) == kTag);
  CHECK(to_hex(signature->tags[1]) == std::string(64, 'a'));
}

TEST_CASE("what is not a signature is none") {
  const std::string tag = ",v1=" + kTag;
  for (const std::string& header :
       {std::string(), std::string("t=1700000000"), "v1=" + kTag, "t=" + tag, "t=-1" + tag, "t=+1" + tag, "t=1.5" + tag,
        "t= 1" + tag, "t=0x10" + tag, "t=1234567890123" + tag, "t=1,t=1" + tag, "t=1,v1=" + kTag.substr(1),
        "t=1,v1=" + kTag + "00", "t=1,v1=" + std::string(64, 'g'), "t=1" + tag + tag + tag + tag + tag,
        "t=1" + tag + ",x=" + std::string(1024, 'y'), std::string(",,,"), std::string("Bearer x")}) {
    INFO(header);
    CHECK_FALSE(parse_webhook_signature(header));
  }
  CHECK(parse_webhook_signature("t=1" + tag + tag + tag + tag));
}

}  // namespace assent
