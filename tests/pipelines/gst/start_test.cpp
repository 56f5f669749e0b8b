#include "pipelines/gst/start.h"

#include <clocale>
#include <cstdlib>
#include <string>

#include "catch.h"

using namespace assent;

TEST_CASE("GStreamer starts with every element we use, twice as well as once, and leaves the locale alone") {
  const std::string before = std::setlocale(LC_ALL, nullptr);
  const auto first = gst::start_gstreamer();
  INFO((first ? "" : first.error().what));
  REQUIRE(first.has_value());
  CHECK(gst::start_gstreamer().has_value());
  CHECK(std::setlocale(LC_ALL, nullptr) == before);
}
