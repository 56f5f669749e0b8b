#include "engine/control/json_input.h"

#include <algorithm>

#include "base/limits.h"
#include "catch.h"

namespace assent {
namespace {

constexpr std::string_view kWhole = R"({
  "ref": "call-7", "tenant": "acme", "policy": "all-party",
  "notice": {"id": "n1", "version": "3", "language": "de", "hash": "ab"},
  "participants": [
    {"ref": "customer", "subject": "c-1", "role": "customer", "name": "Zoë", "address": "+4930123"},
    {"ref": "agent", "role": "agent"}],
  "legs": [
    {"label": "in", "participant": "customer", "codec": {"name": "pcmu", "payload_type": 0, "clock_rate": 8000},
     "dtmf_payload_type": 101, "source": "192.0.2.1:4000"},
    {"label": "out", "participant": "agent", "codec": {"name": "L16", "payload_type": 96, "clock_rate": 44100, "channels": 2},
     "source": {"address": "2001:db8::1", "port": 5}}]})";

// `kWhole` with the first `what` replaced.
std::string with(std::string_view what, std::string_view instead) {
  std::string text(kWhole);
  const std::size_t at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), instead);
}

template <typename T>
std::vector<std::string> pointers_of(const Read<T>& read) {
  REQUIRE_FALSE(read);
  std::vector<std::string> pointers;
  for (const FieldError& fault : read.error().errors) pointers.push_back(fault.pointer);
  return pointers;
}

using Pointers = std::vector<std::string>;

}  // namespace

TEST_CASE("a whole call is read with everything in it") {
  const auto call = read_call_spec(kWhole);
  REQUIRE(call);
  CHECK(call->ref == "call-7");
  CHECK(call->tenant == "acme");
  CHECK(call->policy == "all-party");
  CHECK(call->notice->version == "3");
  REQUIRE(call->participants.size() == 2);
  CHECK(call->participants[0].subject == "c-1");
  CHECK(call->participants[0].name == "Zoë");
  CHECK_FALSE(call->participants[1].subject);
  REQUIRE(call->legs.size() == 2);
  CHECK(call->legs[0].payloads.formats == std::vector<LegFormat>{{0, {CodecName::pcmu, 8000, 1}}});
  CHECK(call->legs[0].payloads.dtmf == 101);
  CHECK(to_text(*call->legs[0].source) == "192.0.2.1:4000");
  CHECK(call->legs[1].payloads.formats == std::vector<LegFormat>{{96, {CodecName::l16, 44100, 2}}});
  CHECK(to_text(*call->legs[1].source) == "[2001:db8::1]:5");
}

TEST_CASE("a leg may name several codecs, and what else its payload types stand for") {
  const auto call = read_call_spec(with(R"("codec": {"name": "pcmu", "payload_type": 0, "clock_rate": 8000})", R"(
    "codecs": [{"name": "opus", "payload_type": 111, "clock_rate": 48000, "channels": 2, "fmtp": "sprop-stereo=1"},
               {"name": "G722", "payload_type": 9, "clock_rate": 8000}],
    "comfort_noise_payload_type": 13, "redundancy_payload_type": 121)"));
  REQUIRE(call);
  const LegPayloads expected{
      {{111, {CodecName::opus, 48000, 2}}, {9, {CodecName::g722, 8000, 1}}}, 101, std::uint8_t{13}, std::uint8_t{121}};
  CHECK(call->legs[0].payloads == expected);
}

TEST_CASE("a payload type stands for one thing, and a list of codecs has some and not too many") {
  const auto faults_of = [](const std::string& instead) {
    return pointers_of(
        read_call_spec(with(R"("codec": {"name": "pcmu", "payload_type": 0, "clock_rate": 8000})", instead)));
  };
  const std::string pcmu = R"({"name": "pcmu", "payload_type": 0, "clock_rate": 8000})";
  CHECK(faults_of(R"("codecs": [])") == Pointers{"/legs/0/codecs"});
  CHECK(faults_of(R"("codecs": {})") == Pointers{"/legs/0/codecs"});
  CHECK(faults_of(R"("codecs": [)" + pcmu + "," + pcmu + "]") == Pointers{"/legs/0/codecs"});
  CHECK(faults_of(R"("codecs": [)" + pcmu + R"(], "codec": )" + pcmu) == Pointers{"/legs/0/codecs"});
  CHECK(faults_of(R"("codecs": [)" + pcmu + R"(, {"name": "GSM", "payload_type": 3, "clock_rate": 8000}])") ==
        Pointers{"/legs/0/codecs/1"});
  CHECK(faults_of(R"("codecs": [)" + pcmu + R"(], "redundancy_payload_type": 0)") ==
        Pointers{"/legs/0/redundancy_payload_type"});
  CHECK(faults_of(R"("codecs": [{"name": "pcmu", "payload_type": 13, "clock_rate": 8000}])") ==
        Pointers{"/legs/0/codecs"});
  std::string many = pcmu;
  for (int i = 1; i < 13; ++i) many += "," + pcmu;
  CHECK(faults_of(R"("codecs": [)" + many + "]") == Pointers{"/legs/0/codecs"});
}

TEST_CASE("the least a call needs is a ref and one participant") {
  const auto call = read_call_spec(R"({"ref":"x","participants":[{"ref":"a","role":"agent"}]})");
  REQUIRE(call);
  CHECK(call->legs.empty());
  CHECK(call->tenant.empty());
  CHECK_FALSE(call->policy);
}

TEST_CASE("each wrong value of a call is an error at its place") {
  struct Wrong {
    std::string_view what;
    std::string_view instead;
    std::string_view pointer;
  };
  const Wrong wrongs[] = {
      {R"("ref": "call-7", )", "", "/ref"},
      {R"("call-7")", R"("")", "/ref"},
      {R"("call-7")", "7", "/ref"},
      {R"("call-7")", "null", "/ref"},
      {R"("call-7")", R"("a\u0000b")", "/ref"},
      {R"("call-7")", R"("a\nb")", "/ref"},
      {R"("tenant")", R"("tenent")", "/tenent"},
      {R"("all-party")", "true", "/policy"},
      {R"("id": "n1", )", "", "/notice/id"},
      {R"({"id": "n1", "version": "3", "language": "de", "hash": "ab"})", "[]", "/notice"},
      {R"("ref": "agent", "role")", R"("ref": "customer", "role")", "/participants/1/ref"},
      {R"("role": "customer", )", "", "/participants/0/role"},
      {R"("name": "Zoë")", R"("name": ["Zoë"])", "/participants/0/name"},
      {R"("label": "out")", R"("label": "in")", "/legs/1/label"},
      {R"("participant": "agent")", R"("participant": "nobody")", "/legs/1/participant"},
      {R"("payload_type": 0)", R"("payload_type": -1)", "/legs/0/codec/payload_type"},
      {R"("payload_type": 0)", R"("payload_type": 128)", "/legs/0/codec/payload_type"},
      {R"("payload_type": 0)", R"("payload_type": 72)", "/legs/0/codec/payload_type"},
      {R"("payload_type": 0)", R"("payload_type": "0")", "/legs/0/codec/payload_type"},
      {R"("payload_type": 0)", R"("payload_type": false)", "/legs/0/codec/payload_type"},
      {R"("payload_type": 0)", R"("payload_type": 0.0)", "/legs/0/codec/payload_type"},
      {R"("payload_type": 0)", R"("payload_type": 1e1)", "/legs/0/codec/payload_type"},
      {R"("payload_type": 0)", R"("payload_type": 18446744073709551616)", "/legs/0/codec/payload_type"},
      {R"("payload_type": 0)", R"("payload_type": 9223372036854775808)", "/legs/0/codec/payload_type"},
      {R"("payload_type": 0)", R"("payload_type": -9223372036854775809)", "/legs/0/codec/payload_type"},
      {R"("payload_type": 0, )", "", "/legs/0/codec/payload_type"},
      {R"("clock_rate": 8000)", R"("clock_rate": 0)", "/legs/0/codec/clock_rate"},
      {R"("clock_rate": 8000)", R"("clock_rate": 8001)", "/legs/0/codec"},
      {R"("pcmu")", R"("opus")", "/legs/0/codec"},
      {R"("channels": 2)", R"("channels": 3)", "/legs/1/codec"},
      {R"("channels": 2)", R"("channels": 2, "fmt": "x")", "/legs/1/codec/fmt"},
      {R"("dtmf_payload_type": 101)", R"("dtmf_payload_type": 0)", "/legs/0/dtmf_payload_type"},
      {R"("dtmf_payload_type": 101)", R"("dtmf_payload_type": 95)", "/legs/0/dtmf_payload_type"},
      {R"("192.0.2.1:4000")", R"("host:4000")", "/legs/0/source"},
      {R"("192.0.2.1:4000")", R"("192.0.2.1")", "/legs/0/source"},
      {R"("192.0.2.1:4000")", "4000", "/legs/0/source"},
      {R"("port": 5)", R"("port": 65536)", "/legs/1/source/port"},
      {R"("2001:db8::1")", R"("example.org")", "/legs/1/source"}};
  for (const Wrong& wrong : wrongs) {
    INFO(wrong.instead << " at " << wrong.pointer);
    const auto read = read_call_spec(with(wrong.what, wrong.instead));
    REQUIRE_FALSE(read);
    CHECK(read.error().type == ProblemType::invalid);
    const auto pointers = pointers_of(read);
    CHECK(std::find(pointers.begin(), pointers.end(), wrong.pointer) != pointers.end());
  }
}

TEST_CASE("a leg that rtpengine sends says where to ask, and nothing that rtpengine says itself") {
  const auto read = [](const std::string& leg) {
    return read_call_spec(
        R"({"ref":"x","participants":[{"ref":"a","role":"agent"}],"legs":[{"label":"l","participant":"a",)" + leg +
        "}]}");
  };
  const auto call = read(R"("source":{"rtpengine":{"control":"[2001:db8::1]:2223","call_id":"c@p","tag":"t"}})");
  REQUIRE(call);
  REQUIRE(call->legs[0].rtpengine);
  CHECK(to_text(call->legs[0].rtpengine->control) == "[2001:db8::1]:2223");
  CHECK(call->legs[0].rtpengine->call_id == "c@p");
  CHECK(call->legs[0].rtpengine->tag == "t");
  CHECK_FALSE(call->legs[0].source);
  const std::string good = R"("source":{"rtpengine":{"control":"192.0.2.1:2223","call_id":"c","tag":"t"}})";
  CHECK(pointers_of(read(good + R"(,"dtmf_payload_type":101)")) == Pointers{"/legs/0/dtmf_payload_type"});
  CHECK(pointers_of(read(good + R"(,"codec":{"name":"PCMU","payload_type":0,"clock_rate":8000})")) ==
        Pointers{"/legs/0/codec"});
  CHECK(pointers_of(read(good + R"(,"more":1)")) == Pointers{"/legs/0/more"});
  CHECK(pointers_of(read(R"("source":{"rtpengine":{"control":"host:2223","call_id":"c"},"port":1})")) ==
        Pointers{"/legs/0/source/rtpengine/control", "/legs/0/source/rtpengine/tag", "/legs/0/source"});
  CHECK(pointers_of(read(R"("source":{"rtpengine":{"control":"192.0.2.1:0","call_id":"c","tag":"t"}})")) ==
        Pointers{"/legs/0/source/rtpengine/control"});
}

TEST_CASE("all faults of a body are reported together") {
  const auto read = read_call_spec(R"({"ref":1,"x":2,"participants":[{"ref":"a"}],"legs":[{"label":true}]})");
  CHECK(pointers_of(read) ==
        Pointers{"/ref", "/participants/0/role", "/legs/0/label", "/legs/0/participant", "/legs/0/codec", "/x"});
}

TEST_CASE("an unknown member is refused by its name, and told which there are") {
  const auto read = read_pause_spec(R"({"reason":"card","re/a~son":1})");
  REQUIRE(pointers_of(read) == Pointers{"/re~1a~0son"});
  CHECK(read.error().errors[0].what.find("allowed are reason") != std::string::npos);
}

namespace {

// 30 bytes, 0 to 29.
const std::string kSrtpKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd";

const std::string kFingerprint =
    "0A:1B:2C:3D:4E:5F:60:71:82:93:A4:B5:C6:D7:E8:F9:0A:1B:2C:3D:4E:5F:60:71:82:93:A4:B5:C6:D7:E8:F9";

Read<CallSpec> with_srtp(const std::string& srtp) {
  return read_call_spec(with(R"("source": "192.0.2.1:4000")", R"("srtp": )" + srtp));
}

}  // namespace

TEST_CASE("a leg's SRTP is read in each of its forms") {
  const auto check_one = [](const Read<CallSpec>& read, std::size_t keys) {
    REQUIRE(read);
    REQUIRE(read->legs[0].srtp != nullptr);
    CHECK(read->legs[0].srtp->suite == SrtpSuite::aes_cm_128_hmac_sha1_80);
    REQUIRE(read->legs[0].srtp->keys.size() == keys);
    CHECK(to_base64(read->legs[0].srtp->keys.back().reveal()) == kSrtpKey);
  };
  check_one(with_srtp(R"({"suite": "AES_CM_128_HMAC_SHA1_80", "key": ")" + kSrtpKey + R"("})"), 1);
  check_one(with_srtp(R"({"suite": "AES_CM_128_HMAC_SHA1_80", "key": ")" + kSrtpKey + R"(", "mki": "00a1"})"), 1);
  check_one(with_srtp(R"("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:)" + kSrtpKey + R"(|2^20|1:4")"), 1);
  const auto two = with_srtp(R"({"suite": "AES_CM_128_HMAC_SHA1_80", "keys": [{"mki": "01", "key": ")" + kSrtpKey +
                             R"("}, {"mki": "02", "key": ")" + kSrtpKey + R"("}]})");
  check_one(two, 2);
  CHECK(two->legs[0].srtp->keys[1].mki()[0] == 2);
  const auto by_dtls = with_srtp(R"({"fingerprint": "SHA-256 )" + kFingerprint + R"("})");
  REQUIRE(by_dtls);
  CHECK_FALSE(by_dtls->legs[0].srtp->has_keys());
  CHECK(to_text(by_dtls->legs[0].srtp->by_dtls.value()) == "sha-256 " + kFingerprint);
  CHECK(read_call_spec(kWhole)->legs[0].srtp == nullptr);
}

TEST_CASE("SRTP that makes no sense is refused with its place, and no key is repeated") {
  struct Wrong {
    std::string srtp;
    std::string pointer;
  };
  const std::string suite = R"("suite": "AES_CM_128_HMAC_SHA1_80")";
  const std::string key = R"("key": ")" + kSrtpKey + '"';
  const Wrong all[] = {
      {"null", "/legs/0/srtp"},
      {"7", "/legs/0/srtp"},
      {"{" + key + "}", "/legs/0/srtp/suite"},
      {R"({"suite": "AES_CM_128_HMAC_SHA1_81", )" + key + "}", "/legs/0/srtp/suite"},
      {"{" + suite + "}", "/legs/0/srtp/key"},
      {"{" + suite + R"(, "key": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBka"})", "/legs/0/srtp/key"},
      {"{" + suite + R"(, "key": "%%%"})", "/legs/0/srtp/key"},
      {"{" + suite + ", " + key + R"(, "mki": "0"})", "/legs/0/srtp/mki"},
      {"{" + suite + ", " + key + R"(, "keys": []})", "/legs/0/srtp/keys"},
      {"{" + suite + R"(, "keys": []})", "/legs/0/srtp/keys"},
      {"{" + suite + R"(, "keys": [{)" + key + R"(, "more": 1}]})", "/legs/0/srtp/keys/0/more"},
      {"{" + suite + R"(, "keys": [{)" + key + "}, {" + key + "}]}", "/legs/0/srtp"},
      {R"("a=crypto:1 AES_CM_128_HMAC_SHA1_80")", "/legs/0/srtp"},
      {R"("a=crypto:1 NONE inline:)" + kSrtpKey + '"', "/legs/0/srtp"},
      {R"({"fingerprint": "sha-256 AB:CD"})", "/legs/0/srtp/fingerprint"},
      {R"({"fingerprint": "md5 AB:CD"})", "/legs/0/srtp/fingerprint"},
      {R"({"fingerprint": 7})", "/legs/0/srtp/fingerprint"},
      {R"({"fingerprint": "sha-256 )" + kFingerprint + R"(", )" + key + "}", "/legs/0/srtp/key"},
      {R"({"fingerprint": "sha-256 )" + kFingerprint + R"(", "setup": "active"})", "/legs/0/srtp/setup"},
  };
  for (const Wrong& wrong : all) {
    CAPTURE(wrong.srtp);
    const auto read = with_srtp(wrong.srtp);
    REQUIRE_FALSE(read);
    CHECK(read.error().type == ProblemType::invalid);
    const auto pointers = pointers_of(read);
    CHECK(std::find(pointers.begin(), pointers.end(), wrong.pointer) != pointers.end());
    for (const FieldError& fault : read.error().errors) {
      CHECK(fault.what.find(kSrtpKey.substr(0, 12)) == std::string::npos);
    }
  }
}

TEST_CASE("a call may be all that rtpengine has of one, and then needs no participants") {
  const auto read = read_call_spec(
      R"({"ref": "c", "source": {"rtpengine": {"control": "192.0.2.10:2223", "call_id": "1@proxy", "tags": ["a", "b"]}}})");
  REQUIRE(read);
  REQUIRE(read->rtpengine);
  CHECK(read->rtpengine->control == parse_endpoint("192.0.2.10:2223"));
  CHECK(read->rtpengine->call_id == "1@proxy");
  CHECK(read->rtpengine->tags == std::vector<std::string>{"a", "b"});
  CHECK(read->participants.empty());
  CHECK(read_call_spec(R"({"ref": "c", "source": {"rtpengine": {"control": "192.0.2.10:2223", "call_id": "1"}}})")
            ->rtpengine->tags.empty());

  const std::pair<const char*, const char*> all[] = {
      {R"("192.0.2.10:2223")", "/source"},
      {R"({})", "/source/rtpengine"},
      {R"({"rtpengine": {"control": "rtpengine:2223", "call_id": "1"}})", "/source/rtpengine/control"},
      {R"({"rtpengine": {"control": "192.0.2.10:2223"}})", "/source/rtpengine/call_id"},
      {R"({"rtpengine": {"control": "192.0.2.10:2223", "call_id": "1", "tags": []}})", "/source/rtpengine/tags"},
      {R"({"rtpengine": {"control": "192.0.2.10:2223", "call_id": "1", "tags": [""]}})", "/source/rtpengine/tags/0"},
      {R"({"rtpengine": {"control": "192.0.2.10:2223", "call_id": "1", "tag": "a"}})", "/source/rtpengine/tag"},
      {R"({"rtpengine": {"control": "192.0.2.10:2223", "call_id": "1"}, "address": "192.0.2.1"})", "/source/address"}};
  for (const auto& [source, pointer] : all) {
    CAPTURE(source);
    const auto wrong = read_call_spec(R"({"ref": "c", "source": )" + std::string(source) + "}");
    REQUIRE_FALSE(wrong);
    const auto pointers = pointers_of(wrong);
    CHECK(std::find(pointers.begin(), pointers.end(), pointer) != pointers.end());
  }
}

TEST_CASE("what changes of a leg is its source, its keys or both") {
  const auto read = read_legs_spec(R"({"changes": [{"label": "in", "source": "192.0.2.1:5000"}, {"label": "out",
      "srtp": {"suite": "AES_CM_128_HMAC_SHA1_80", "key": ")" +
                                   kSrtpKey + R"("}}]})");
  REQUIRE(read);
  REQUIRE(read->changes.size() == 2);
  CHECK(read->changes[0].source == parse_endpoint("192.0.2.1:5000"));
  CHECK(read->changes[0].srtp == nullptr);
  CHECK(read->changes[1].label == "out");
  CHECK(read->changes[1].srtp != nullptr);
  CHECK(pointers_of(read_legs_spec(R"({"changes": [{"label": "in"}, {"source": "x", "more": 1}]})")) ==
        Pointers{"/changes/0", "/changes/1/label", "/changes/1/source", "/changes/1/more"});
}

TEST_CASE("what is not one JSON object is malformed") {
  for (const std::string_view body :
       {std::string_view(""), std::string_view(" "), std::string_view("null"), std::string_view("[]"),
        std::string_view("7"), std::string_view("{"), std::string_view("{} {}"), std::string_view("{'a':1}"),
        std::string_view(R"({"a":1,})"), std::string_view("{\"ref\":\"\xff\"}"),
        std::string_view(R"({"ref":"\ud800"})"), std::string_view(R"({"a":NaN})"), std::string_view(R"({"a":1e999})"),
        std::string_view("\xef\xbb\xbf[]"), std::string_view("{\"a\":01}"), std::string_view("{\"a\":1}\0", 8),
        std::string_view("// x\n{}")}) {
    INFO(body);
    const auto read = read_pause_spec(body);
    REQUIRE_FALSE(read);
    CHECK(read.error().type == ProblemType::malformed_request);
  }
}

TEST_CASE("a name that comes twice in one object is refused, wherever it is") {
  for (const char* body : {R"({"reason":"a","reason":"b"})", R"({"reason":{"x":[{"y":1,"y":1}]}})",
                           R"({"reason":"a","reaso\u006e":"b"})"}) {
    const auto read = read_pause_spec(body);
    REQUIRE_FALSE(read);
    CHECK(read.error().type == ProblemType::malformed_request);
    CHECK(read.error().detail.find("twice") != std::string::npos);
  }
  CHECK(read_call_spec(kWhole));  // the same name in different objects is none
}

TEST_CASE("a body that is nested too deep or too large is refused before it is built") {
  const auto nested = [](std::size_t depth) {
    return "{\"reason\":" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
  };
  const auto just = read_pause_spec(nested(limits::kApiJsonDepth));
  CHECK(just.error().type == ProblemType::invalid);  // as deep as may be, and no text
  const auto deeper = read_pause_spec(nested(limits::kApiJsonDepth + 1));
  CHECK(deeper.error().type == ProblemType::malformed_request);
  CHECK(read_pause_spec(nested(30000)).error().type == ProblemType::malformed_request);
  CHECK(read_pause_spec(std::string(30000, '[')).error().type == ProblemType::malformed_request);
  const std::string large = "{\"reason\":\"" + std::string(limits::kApiBodyBytes, 'x') + "\"}";
  CHECK(read_pause_spec(large).error().type == ProblemType::too_large);
}

TEST_CASE("text is bounded in bytes") {
  const auto reason = [](std::size_t bytes) { return "{\"reason\":\"" + std::string(bytes, 'x') + "\"}"; };
  CHECK(read_pause_spec(reason(limits::kRefBytes)));
  CHECK_FALSE(read_pause_spec(reason(limits::kRefBytes + 1)));
  const auto note = [](std::size_t bytes) { return "{\"text\":\"" + std::string(bytes, 'x') + "\"}"; };
  CHECK(read_note_spec(note(limits::kNoteBytes)));
  CHECK_FALSE(read_note_spec(note(limits::kNoteBytes + 1)));
  CHECK(read_note_spec(R"({"text":"two\nlines"})")->text == "two\nlines");
}

TEST_CASE("lists are bounded") {
  std::string participants;
  for (std::size_t i = 0; i <= limits::kParticipantsPerCall; ++i) {
    participants += (i == 0 ? "" : ",") + std::string(R"({"ref":")") + std::to_string(i) + R"(","role":"x"})";
  }
  CHECK(pointers_of(read_call_spec(R"({"ref":"x","participants":[)" + participants + "]}")) ==
        Pointers{"/participants"});
  CHECK(pointers_of(read_call_spec(R"({"ref":"x","participants":[]})")) == Pointers{"/participants"});
}

TEST_CASE("a reply lists a bounded number of faults") {
  std::string body = "{\"reason\":\"x\"";
  for (int i = 0; i < 5000; ++i) body += ",\"" + std::to_string(i) + "\":1";
  const auto read = read_pause_spec(body + "}");
  REQUIRE_FALSE(read);
  CHECK(read.error().errors.size() == limits::kApiFaults);
  CHECK(read.error().detail.find("4999 more") != std::string::npos);
}

TEST_CASE("a decision is read with its purposes, signal and notice") {
  const auto spec = read_consent_spec(
      R"({"participant":"customer","decision":"granted","purposes":["quality","training"],"signal":{"type":"dtmf","value":"1"}})");
  REQUIRE(spec);
  CHECK(spec->participant == "customer");
  CHECK(spec->decision == "granted");
  CHECK(spec->purposes == Pointers{"quality", "training"});
  CHECK(spec->signal_type == "dtmf");
  CHECK(spec->signal_value == "1");
  const auto least = read_consent_spec(R"({"participant":"customer","decision":"withdrawn"})");
  REQUIRE(least);
  CHECK(least->purposes.empty());
  CHECK(least->signal_type == "api");
}

TEST_CASE("a decision nobody may make from outside is refused") {
  const std::pair<const char*, const char*> wrongs[] = {
      {R"({"participant":"a","decision":"expired"})", "/decision"},
      {R"({"participant":"a","decision":"Granted"})", "/decision"},
      {R"({"participant":"a"})", "/decision"},
      {R"({"participant":"a","decision":"granted","signal":{"type":"deadline"}})", "/signal/type"},
      {R"({"participant":"a","decision":"granted","signal":{"type":"hangup"}})", "/signal/type"},
      {R"({"participant":"a","decision":"granted","signal":"api"})", "/signal"},
      {R"({"participant":"a","decision":"granted","purposes":"quality"})", "/purposes"},
      {R"({"participant":"a","decision":"granted","purposes":[1]})", "/purposes/0"},
      {R"({"participant":"a","decision":"granted","purposes":["q","q"]})", "/purposes/1"}};
  for (const auto& [body, pointer] : wrongs) {
    INFO(body);
    CHECK(pointers_of(read_consent_spec(body)) == Pointers{pointer});
  }
}

TEST_CASE("a change of legs names at least one leg or participant") {
  CHECK(pointers_of(read_legs_spec("{}")) == Pointers{""});
  const auto spec = read_legs_spec(
      R"({"legs":[{"label":"in","participant":"customer","codec":{"name":"PCMA","payload_type":8,"clock_rate":8000}}]})");
  REQUIRE(spec);
  CHECK(spec->legs[0].payloads.formats.at(0).codec.name == CodecName::pcma);
}

TEST_CASE("a token's id and role are checked") {
  CHECK(read_token_spec(R"({"id":"pbx-1","role":"ingest"})")->role == Role::ingest);
  CHECK(pointers_of(read_token_spec(R"({"id":"PBX","role":"root"})")) == Pointers{"/id", "/role"});
}

TEST_CASE("a grant may say for how long it is, in whole seconds, and nothing else may") {
  CHECK(read_consent_spec(R"({"participant":"c","decision":"granted","validity_s":3600})")->validity == 3600s);
  CHECK_FALSE(read_consent_spec(R"({"participant":"c","decision":"granted"})")->validity);
  for (const char* body : {R"({"participant":"c","decision":"granted","validity_s":0})",
                           R"({"participant":"c","decision":"granted","validity_s":1.5})",
                           R"({"participant":"c","decision":"granted","validity_s":3153600001})",
                           R"({"participant":"c","decision":"denied","validity_s":60})"}) {
    INFO(body);
    CHECK(pointers_of(read_consent_spec(body)) == Pointers{"/validity_s"});
  }
}

TEST_CASE("no caller speaks as a consent on file, or as the engine") {
  for (const char* type : {"standing", "validity", "deadline", "hangup", "leave"}) {
    INFO(type);
    CHECK(pointers_of(read_consent_spec(R"({"participant":"c","decision":"granted","signal":{"type":")" +
                                        std::string(type) + R"("}})")) == Pointers{"/signal/type"});
  }
}

}  // namespace assent
