// The small texts of recording sessions: addresses of record, keys, names, and what is kept for a restart.
#include "catch.h"
#include "engine/signalling/address_of_record.h"
#include "engine/signalling/plain_text.h"
#include "engine/signalling/pressed_key.h"
#include "engine/signalling/session_state.h"

using namespace assent;

TEST_CASE("an address stands for the same person however it is written") {
  const std::pair<const char*, const char*> same[] = {
      {"sip:bob@biloxi.example", "sip:bob@biloxi.example"},
      {"SIP:bob@Biloxi.EXAMPLE.;user=phone?subject=x", "sip:bob@biloxi.example"},
      {"sips:bob:secret@biloxi.example:5061;transport=tls", "sip:bob@biloxi.example"},
      {"\"Bob\" <sip:bob@biloxi.example>;tag=1", "sip:bob@biloxi.example"},
      {"bob@biloxi.example", "sip:bob@biloxi.example"},
      {"sip:%62ob@biloxi.example", "sip:bob@biloxi.example"},
      {"sip:Bob@biloxi.example", "sip:Bob@biloxi.example"},  // users are told by case (RFC 3261 section 19.1.4)
      {"sip:bob@[2001:DB8::1]:5060", "sip:bob@[2001:db8::1]"},
      {"tel:+1-201-555-0123", "tel:+12015550123"},
      {"tel:+1(201)555.0123;ext=7", "tel:+12015550123"},
      {"sip:+12015550123@192.0.2.1;user=phone", "tel:+12015550123"},
      {"sip:%2B12015550123@192.0.2.1", "tel:+12015550123"},
      {"sip:+1-201-555-0123;phone-context=x@sbc.example", "tel:+12015550123"},
      {"+49 30 1234", "tel:+49301234"},
      {"tel:7042;phone-context=Example.com", "tel:7042;phone-context=example.com"},
      {"7042", "tel:7042"},
      {"sip:7042@pbx.example", "sip:7042@pbx.example"},
      {"im:bob@biloxi.example", "im:bob@biloxi.example"},
      {"sip:+bob@biloxi.example", "sip:+bob@biloxi.example"},
      {"sip:100%@pbx.example", "sip:100%@pbx.example"}};
  for (const auto& [aor, subject] : same) {
    CAPTURE(aor);
    CHECK(subject_of(aor).value_or("nobody") == subject);
  }
}

TEST_CASE("an address that names no one makes no person") {
  const std::string long_one = "sip:" + std::string(300, 'b') + "@b.example";
  for (const char* aor : {"", " ", "sip:", "sip:@b.example", "sip:192.0.2.1", "tel:", "sip:anonymous@anonymous.invalid",
                          "sip:ANONYMOUS@10.0.0.1", "sip:bob@anonymous.invalid", "anonymous", "sip:unknown@x",
                          "tel:restricted", long_one.c_str()}) {
    CAPTURE(aor);
    CHECK_FALSE(subject_of(aor));
  }
}

TEST_CASE("agents are told by their addresses or their domain") {
  const std::vector<std::string> agents{"@agents.example", "sip:carl@other.example", "tel:+49-30-1234"};
  CHECK(is_among("sip:anna@Agents.Example;x=y", agents));
  CHECK(is_among("sips:carl@other.example", agents));
  CHECK(is_among("sip:+49301234@192.0.2.1", agents));
  CHECK_FALSE(is_among("sip:dora@other.example", agents));
  CHECK_FALSE(is_among("sip:anna@evil.agents.example", agents));
  CHECK_FALSE(is_among("sip:agents.example", agents));
  CHECK_FALSE(is_among("", agents));
  CHECK_FALSE(is_among("sip:anonymous@agents.example", agents));
  CHECK_FALSE(is_among("", {""}));
}

TEST_CASE("a key is read from either type, as it is sent") {
  const std::pair<const char*, char> keys[] = {{"Signal=1\r\nDuration=160\r\n", '1'},
                                               {"Signal= 5\r\nDuration= 160", '5'},
                                               {"signal=*\n", '*'},
                                               {"Duration=160\r\nSignal=#", '#'},
                                               {"10", '*'},
                                               {"Signal=11\r\n", '#'},
                                               {"7", '7'},
                                               {" d \r\n", 'D'},
                                               {"\r\n0", '0'}};
  for (const auto& [body, key] : keys) {
    CAPTURE(body);
    const auto read = pressed_key(body);
    REQUIRE(read);
    CHECK(*read == key);
  }
  for (const char* body : {"", "Signal=", "Signal=12", "Duration=1", "E", "!", "16", "Signal\r\n=1", "\xff"}) {
    CAPTURE(body);
    CHECK_FALSE(pressed_key(body));
  }
}

TEST_CASE("text is made proper UTF-8 of bounded length, without controls") {
  const std::tuple<std::string, std::size_t, std::string> table[] = {{"Bob", 10, "Bob"},
                                                                     {" \tBob \r\n", 10, "Bob"},
                                                                     {"a\nb\x7f"
                                                                      "c",
                                                                      10, "a b c"},
                                                                     {"J\xc3\xb6rg", 10, "J\xc3\xb6rg"},
                                                                     {"J\xc3\xb6rg", 2, "J"},
                                                                     {"J\xc3\xb6rg", 3, "J\xc3\xb6"},
                                                                     {"\xf0\x9f\x98\x80", 3, ""},
                                                                     {"\xc3", 10, "?"},
                                                                     {"\xc0\x80", 10, "??"},
                                                                     {"\xe0\x80\x80", 10, "???"},
                                                                     {"\xed\xa0\x80", 10, "???"},
                                                                     {"\xf4\x90\x80\x80", 10, "????"},
                                                                     {"\xf0\x80\x80\x80", 10, "????"},
                                                                     {"\xe2\x82", 10, "??"},
                                                                     {"ab cd", 3, "ab"}};
  for (const auto& [text, most, plain] : table) CHECK(plain_text(text, most) == plain);
}

TEST_CASE("what is kept of a session comes back as it was") {
  SessionState state;
  state.dialog = {"call@host", "ours", "theirs"};
  state.trunk = "sbc";
  state.metadata.participants = {{"b", "sip:b@b.example", "Bob", {"s1"}, {"s2", "s3"}, true, true}};
  state.metadata.streams = {{"s1", "96"}};
  state.people = {{"b", "b", true, false}, {"stream-1", "", false, true}};
  state.legs = {{"96", "b", {}, parse_endpoint("192.0.2.1:0"), parse_endpoint("192.0.2.1:40000"), false},
                {"97", "b", {}, {}, {}, true, true}};
  SessionLine line{"audio",
                   "RTP/AVP",
                   "96",
                   "96",
                   {{101, "telephone-event", 8000, 1, "0-15"}},
                   SdpDirection::inactive,
                   true,
                   "on",
                   "off",
                   "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAA"};
  state.lines = {line, {"video", "RTP/SAVP", "", "", {}, SdpDirection::recvonly, false, "", ""}};
  state.sdp_id = std::uint64_t{1} << 61;
  state.sdp_version = 7;
  state.is_paused = true;
  const std::string text = to_json(state);
  const auto back = session_state_from(text);
  REQUIRE(back);
  CHECK(to_json(*back) == text);
  CHECK(back->dialog == state.dialog);
  CHECK(back->metadata.participants == state.metadata.participants);
  CHECK(back->people == state.people);
  CHECK(back->legs == state.legs);
  CHECK(back->lines[0].formats[0].parameters == "0-15");
  CHECK(back->lines[0].direction == SdpDirection::inactive);
  CHECK(back->lines[0].crypto == line.crypto);
  CHECK(back->sdp_id == state.sdp_id);
  CHECK(back->is_paused);
  for (const char* wrong : {"", "{}", "[]", R"({"dialog":[1,2,3]})"}) {
    CHECK(session_state_from(wrong).error().code == Errc::corrupt);
  }
}
