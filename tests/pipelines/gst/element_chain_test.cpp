#include "pipelines/gst/element_chain.h"

#include "catch.h"

using namespace assent;
using namespace assent::gst;

TEST_CASE("bytes run through a chain in the caller's thread and come out of the same push") {
  auto chain = ElementChain::open(
      {"audio/x-raw,format=S16BE,layout=interleaved,rate=8000,channels=1", "audioconvert", "audio/x-raw,format=S16LE"});
  REQUIRE(chain.has_value());
  Bytes out;
  REQUIRE((*chain)->push(Bytes{0x12, 0x34, 0x56, 0x78}, out).has_value());
  CHECK(out == Bytes{0x34, 0x12, 0x78, 0x56});
  REQUIRE((*chain)->drain(out).has_value());
  CHECK(out.size() == 4);
}

TEST_CASE("a chain of elements that do not exist or do not fit is an error that names them") {
  const auto unknown = ElementChain::open({"audio/x-raw", "nosuchelement", "audio/x-raw"});
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().what.find("nosuchelement") != std::string::npos);
  const auto unfit = ElementChain::open({"audio/x-mulaw,rate=8000,channels=1", "alawdec", "audio/x-raw"});
  REQUIRE_FALSE(unfit);
  CHECK(unfit.error().code == Errc::unavailable);
  CHECK(unfit.error().what.find("audio/x-mulaw") != std::string::npos);
  CHECK_FALSE(ElementChain::open({"not caps at all(", "audioconvert", "audio/x-raw"}));
}
