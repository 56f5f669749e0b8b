#include "engine/signalling/multipart.h"

#include "catch.h"

using namespace assent;

namespace {

// As in RFC 7866, figure 5, with what real senders add.
const std::string kBody =
    "This is the preamble\r\n--foobar\r\nContent-Type: application/sdp\r\n\r\nv=0\r\nm=audio 1 RTP/AVP 0\r\n"
    "\r\n--foobar\r\nContent-Type : "
    "Application/RS-Metadata+XML;charset=utf-8\r\nContent-Disposition:recording-session\r\n"
    "X-Long: one\r\n two\r\n\r\n<a/>\r\n--foobarbaz\r\n--foobar\r\n\r\nplain\r\n--foobar--\r\nepilogue";

}  // namespace

TEST_CASE("the parts of a body are told by their types") {
  const auto parts = body_parts("multipart/mixed;boundary=foobar", kBody);
  REQUIRE(parts);
  REQUIRE(parts->size() == 3);
  CHECK((*parts)[0].type == "application/sdp");
  CHECK((*parts)[0].content == "v=0\r\nm=audio 1 RTP/AVP 0\r\n");
  CHECK((*parts)[1].type == "application/rs-metadata+xml");
  CHECK((*parts)[1].disposition == "recording-session");
  CHECK((*parts)[1].content == "<a/>\r\n--foobarbaz");
  CHECK((*parts)[2].type == "text/plain");
  CHECK((*parts)[2].content == "plain");
  CHECK(part_of_type(*parts, "application/sdp") == (*parts)[0].content);
  CHECK(part_of_type(*parts, "image/png").empty());
}

TEST_CASE("boundaries may be quoted, lines end with LF alone, and the last boundary be missing") {
  const auto parts = body_parts("Multipart/Mixed ; charset=utf-8; Boundary=\"a b;c\" ; x=y",
                                "--a b;c\nContent-Type: application/sdp\n\nv=0\n--a b;c\n\nrest\n");
  REQUIRE(parts);
  REQUIRE(parts->size() == 2);
  CHECK((*parts)[0].content == "v=0");
  CHECK((*parts)[1].content == "rest\n");
}

TEST_CASE("a body of one type is its only part") {
  const auto parts = body_parts("application/SDP; charset=utf-8", "v=0\r\n");
  REQUIRE(parts);
  REQUIRE(parts->size() == 1);
  CHECK(parts->front().type == "application/sdp");
  CHECK(parts->front().content == "v=0\r\n");
}

TEST_CASE("a boundary is a line of its own") {
  const auto parts =
      body_parts("multipart/mixed;boundary=x", "--x\r\n\r\nnot --x\r\n--xy\r\n--x y\r\n--x \t\r\n\r\nb\r\n--x--");
  REQUIRE(parts);
  REQUIRE(parts->size() == 2);
  CHECK((*parts)[0].content == "not --x\r\n--xy\r\n--x y");
  CHECK((*parts)[1].content == "b");
}

TEST_CASE("empty parts are parts") {
  const auto parts = body_parts("multipart/mixed;boundary=x", "--x\r\n\r\n--x\r\n--x--");
  REQUIRE(parts);
  REQUIRE(parts->size() == 2);
  CHECK((*parts)[0].content.empty());
  CHECK((*parts)[1].content.empty());
}

TEST_CASE("what is not a body of parts is refused, with what is wrong") {
  std::string many;
  for (int i = 0; i < 17; ++i) many += "--x\r\n\r\n\r\n";
  std::string headers = "--x\r\n";
  for (int i = 0; i < 17; ++i) headers += "A: b\r\n";
  const std::pair<std::pair<std::string, std::string>, const char*> wrongs[] = {
      {{"multipart/mixed", "--x"}, "names no proper boundary"},
      {{"multipart/mixed;boundary=", "--x"}, "names no proper boundary"},
      {{"multipart/mixed;boundary=\"x", "--x"}, "names no proper boundary"},
      {{"multipart/mixed;boundary=" + std::string(71, 'x'), "--x"}, "names no proper boundary"},
      {{"multipart/mixed;boundary=x", "--y\r\n"}, "does not occur"},
      {{"multipart/mixed;boundary=x", many}, "too many parts"},
      {{"multipart/mixed;boundary=x", headers + "\r\n"}, "too many headers"},
      {{"multipart/mixed;boundary=x", std::string(std::size_t{513} * 1024, 'x')}, "too long"}};
  for (const auto& [body, words] : wrongs) {
    CAPTURE(words);
    const auto read = body_parts(body.first, body.second);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == Errc::invalid);
    CHECK_THAT(read.error().what, Catch::Contains(words));
  }
}
