#include "engine/signalling/bencode.h"

#include "base/limits.h"
#include "catch.h"

using namespace assent;

TEST_CASE("what rtpengine answers is read, in the order of its keys") {
  const auto answer = parse_bencode("d6:result2:ok3:sdp5:v=0\r\n4:tagsl1:A1:Be7:createdi-12ee");
  REQUIRE(answer);
  CHECK(answer->text_of("result") == "ok");
  CHECK(answer->text_of("sdp") == "v=0\r\n");
  CHECK(answer->text_of("created").empty());
  CHECK(answer->text_of("nothing").empty());
  CHECK(*answer->find("created")->number() == -12);
  REQUIRE(answer->find("tags")->list() != nullptr);
  CHECK(*answer->find("tags")->list()->at(1).text() == "B");
  CHECK(answer->find("tags")->find("A") == nullptr);
  CHECK(answer->dictionary()->front().first == "result");
}

TEST_CASE("what is written is read as it was") {
  const Bencode value = Bencode::Dictionary{{"command", "offer"},
                                            {"flags", Bencode::List{"all", std::int64_t{7}, Bencode::List{}}},
                                            {"sdp", std::string("a\0b", 3)}};
  CHECK(to_text(value) == std::string("d7:command5:offer5:flagsl3:alli7elee3:sdp3:a\0be", 47));
  CHECK(*parse_bencode(to_text(value)) == value);
}

TEST_CASE("what is no bencode is refused whole, with its place") {
  for (const char* wrong : {"",
                            "i",
                            "ie",
                            "i1",
                            "i01e",
                            "i-0e",
                            "i 1e",
                            "i1.5e",
                            "i99999999999999999999e",
                            "3:ab",
                            "03:abc",
                            "-1:a",
                            "999999999999:a",
                            "l",
                            "li1e",
                            "d",
                            "d1:ae",
                            "di1ei2ee",
                            "d1:a1:b",
                            "i1ei2e",
                            "x",
                            "2:ab "}) {
    CAPTURE(wrong);
    const auto read = parse_bencode(wrong);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == Errc::invalid);
    CHECK_THAT(read.error().what, Catch::Contains("at byte"));
  }
}

TEST_CASE("a text that would grow without bound is refused") {
  CHECK(
      parse_bencode(std::string(limits::kBencodeDepth - 1, 'l') + "le" + std::string(limits::kBencodeDepth - 1, 'e')));
  CHECK_FALSE(parse_bencode(std::string(limits::kBencodeDepth, 'l') + "le" + std::string(limits::kBencodeDepth, 'e')));
  CHECK_FALSE(parse_bencode(std::string(limits::kNgBytes, 'l')));
  CHECK_FALSE(parse_bencode(std::to_string(limits::kNgBytes) + ":" + std::string(limits::kNgBytes, 'x')));
}
