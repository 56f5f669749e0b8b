#include "engine/catalog/canonical_json.h"

#include <nlohmann/json.hpp>
#include <random>

#include "base/limits.h"
#include "base/text.h"
#include "catch.h"
#include "crypto/message_format.h"

using namespace assent;

namespace {

std::string canonical(std::string_view text) {
  const auto made = canonical_json(text);
  return made ? *made : made.error().what;
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

}  // namespace

TEST_CASE("canonical JSON has sorted keys, no white space and the shortest escapes") {
  CHECK(canonical(" { \"b\" : [ 1 , true, null ] , \"a\" : {} } ") == R"({"a":{},"b":[1,true,null]})");
  CHECK(canonical(R"({"b":1,"B":2,"":3,"ab":4,"a":5})") == R"({"":3,"B":2,"a":5,"ab":4,"b":1})");
  CHECK(canonical(R"({"\u00e4":1,"z":2})") == "{\"z\":2,\"\xc3\xa4\":1}");
  CHECK(canonical(R"("\u0041\/\u0008\u000a\u001F\u007f\"\\")") == "\"A/\\b\\n\\u001f\x7f\\\"\\\\\"");
  CHECK(canonical(R"("\ud83d\ude00")") == "\"\xf0\x9f\x98\x80\"");
}

TEST_CASE("canonical JSON has integers of 64 bits and no other numbers") {
  CHECK(canonical("[0,-0,-1,9223372036854775807,-9223372036854775808,18446744073709551615]") ==
        "[0,0,-1,9223372036854775807,-9223372036854775808,18446744073709551615]");
  for (const char* number : {"1.0", "1e3", "0.5", "18446744073709551616", "-9223372036854775809", "1E+2"}) {
    CHECK_THAT(canonical(number), Catch::Contains("not an integer of 64 bits"));
  }
}

TEST_CASE("what has no canonical form is refused, and why") {
  CHECK_THAT(canonical(R"({"a":1,"b":2,"a":1})"), Catch::Contains("the key \"a\" is there twice"));
  CHECK_THAT(canonical(R"({"x":{"\u0061":1,"a":2}})"), Catch::Contains("there twice"));
  for (const char* bytes :
       {"\"\xff\"", "\"\xc0\xaf\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\xe2\x82\"", R"("\ud800")",
        R"("\udc00x")", "\"a\nb\"", "", " ", "{", "[1,]", "{\"a\":1}x", "nul", "01", "NaN", "'a'", "// x\n1"}) {
    CAPTURE(bytes);
    const auto refused = canonical_json(bytes);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::invalid);
    CHECK_THAT(refused.error().what, Catch::Contains("not JSON in UTF-8"));
  }
  CHECK(canonical_json(nested(limits::kCanonicalJsonDepth)));
  CHECK_THAT(canonical(nested(limits::kCanonicalJsonDepth + 1)), Catch::Contains("nested too deeply"));
}

TEST_CASE("only the canonical text of an object is taken for one") {
  for (const char* text :
       {"{}", R"({"a":1})", R"({"":"","a":[],"b":{"c":[1,-2,null,true,false,"\"\\\b\t\n\f\r\u0000\u001f"]}})",
        "{\"a\":18446744073709551615,\"b\":-9223372036854775808}", "{\"a\":\"\xc3\xa4\x7f\"}",
        "{\"\\n\":1,\"\\u0001\":2}"}) {
    CAPTURE(text);
    // Keys compare by what they mean: U+0001 comes before the line feed.
    CHECK(is_canonical_object(text) == (std::string_view(text) != "{\"\\n\":1,\"\\u0001\":2}"));
  }
  CHECK(is_canonical_object("{\"\\u0001\":2,\"\\n\":1}"));
  for (const char* text : {"",
                           "[]",
                           "1",
                           "\"a\"",
                           "{",
                           "}",
                           "{}x",
                           " {}",
                           "{} ",
                           R"({"a" :1})",
                           R"({"a": 1})",
                           R"({"b":1,"a":2})",
                           R"({"a":1,"a":2})",
                           R"({"a":1,})",
                           R"({"a":1.0})",
                           R"({"a":1e2})",
                           R"({"a":01})",
                           R"({"a":-0})",
                           R"({"a":-})",
                           R"({"a":+1})",
                           R"({"a":18446744073709551616})",
                           R"({"a":-9223372036854775809})",
                           R"({"a":"\u0041"})",
                           R"({"a":"\/"})",
                           R"({"a":"\u0008"})",
                           R"({"a":"\u001F"})",
                           R"({"a":"\x"})",
                           R"({"a":"\)",
                           R"({"a":"\u00)",
                           "{\"a\":\"\n\"}",
                           "{\"a\":\"\\\x01\"}",
                           "{\"a\":\"\\\n\"}",
                           "{\"a\":\"\xff\"}",
                           R"({"a":nul})",
                           R"({a:1})",
                           R"({"a"})",
                           R"({"a":})",
                           R"({"a":[1,]})",
                           R"({"a":[1 ]})",
                           "{\"a\":\"b"}) {
    CAPTURE(text);
    CHECK_FALSE(is_canonical_object(text));
  }
}

TEST_CASE("made and recognised are the same: for whatever is made of a canonical text by a change of bytes") {
  const std::string base =
      "{\"a\":[1,-20,{\"b\":null}],\"\xc3\xa4\":\"x\\n\\u0001\\\"\",\"z\":{\"k\":true,\"l\":false}}";
  std::string start = *canonical_json(base);
  std::mt19937 random(7);
  const std::string_view alphabet = "{}[]\":,\\ntruefalse0123456789-+.eEu \xc3\xa4\xff\n";
  std::size_t alike = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string text = start;
    for (auto changes = 1 + random() % 3; changes != 0; --changes) {
      const std::size_t at = random() % text.size();
      const char c = alphabet[random() % alphabet.size()];
      switch (random() % 3) {
        case 0: text[at] = c; break;
        case 1: text.insert(at, 1, c); break;
        default: text.erase(at, 1);
      }
    }
    const auto made = canonical_json(text);
    const bool is_canonical = made && *made == text && text.front() == '{';
    CAPTURE(text);
    REQUIRE(is_canonical_object(text) == is_canonical);
    alike += is_canonical ? 1 : 0;
  }
  CHECK(alike > 100);  // and some of them are
}

TEST_CASE("UTF-8 is what RFC 3629 calls so") {
  for (const char* good : {"", "a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                           "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    CHECK(is_utf8(good));
  }
  for (const char* bad : {"\x80", "\xc1\xbf", "\xc2", "\xc2\x20", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
                          "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "a\xff", "\xe2\x82"}) {
    CHECK_FALSE(is_utf8(bad));
  }
}
