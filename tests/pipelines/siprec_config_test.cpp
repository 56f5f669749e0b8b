#include "pipelines/siprec_config.h"

#include "catch.h"
#include "loaded_settings.h"

namespace assent {
namespace {

const std::string kTrunk = "[[siprec.trunks]]\nname = \"sbc\"\nfrom = [\"192.0.2.0/24\"]\n";

std::string errors_with(const std::string& section, const std::string& trunk = kTrunk) {
  return errors_of("[siprec]\nlisten = [\"udp:127.0.0.1:5060\"]\n" + section + trunk);
}

}  // namespace

TEST_CASE("without [siprec] nothing listens for SIP") { CHECK(settings_of("").siprec.listen.empty()); }

TEST_CASE("recording sessions have listeners, a certificate, timers and trunks") {
  const pipeline::Siprec siprec = settings_of(R"(
[capacity]
calls = 40
[notice]
id = "spoken"
version = "1"
language = "en"
text = "This call is recorded"
[siprec]
listen = ["udp:0.0.0.0:5060", "tcp:[::]:5060", "tls:192.0.2.1:5061", "mtls:192.0.2.1:5062"]
advertise = "192.0.2.1"
certificate = "sip.pem"
key = "/etc/assent/sip.key"
ca = "ca.pem"
realm = "example.com"
session_expires = "10m"
min_session_expires = "2m"
[[siprec.trunks]]
name = "first"
from = ["192.0.2.0/24", "2001:db8::1"]
user = "recorder"
tenant = "acme"
policy = "per-party"
notice = "spoken"
agents = ["@example.com"]
max_sessions = 7
unmarked = true
media_from = "anywhere"
[[siprec.trunks]]
name = "second"
tls_names = ["sbc.example.com"]
digest_username = "sbc"
secret_env = "SBC_SECRET"
)")
                                      .siprec;
  REQUIRE(siprec.listen.size() == 4);
  CHECK(to_text(siprec.listen[0]) == "udp:0.0.0.0:5060");
  CHECK(to_text(siprec.listen[1]) == "tcp:[::]:5060");
  CHECK(!siprec.listen[2].asks_for_certificate);
  CHECK(to_text(siprec.listen[3]) == "mtls:192.0.2.1:5062");
  CHECK(siprec.advertise == parse_address("192.0.2.1", 0));
  CHECK(siprec.max_sessions == 40);
  CHECK(siprec.session_expires == 10min);
  REQUIRE(siprec.trunks.size() == 2);
  const pipeline::SiprecTrunk& first = siprec.trunks[0];
  CHECK(first.from.size() == 2);
  CHECK(first.policy == "per-party");
  CHECK(first.notice->text == "This call is recorded");
  CHECK(first.max_sessions == 7);
  CHECK(first.takes_unmarked);
  CHECK(first.media_from == SiprecTrunk::MediaFrom::anywhere);
  CHECK(siprec.trunks[1].secret->where == "SBC_SECRET");
  const auto summary = siprec_summary(siprec);
  REQUIRE(summary.size() == 3);
  CHECK(summary[1] == "trunk first: 192.0.2.0/24, 2001:db8::1/128, user recorder; tenant acme");
  CHECK(summary[2] == "trunk second: certificate of sbc.example.com, digest of sbc");
}

TEST_CASE("listeners that are wrong say so") {
  const auto wrong = [](const std::string& listen) {
    return errors_of("[siprec]\nlisten = " + listen + "\n" + kTrunk);
  };
  CHECK(wrong("[]").find("names nothing") != std::string::npos);
  for (const char* bad : {"sctp:127.0.0.1:5060", "udp:example.com:5060", "udp:127.0.0.1", "127.0.0.1:5060", ""}) {
    INFO(bad);
    CHECK(wrong("[\"" + std::string(bad) + "\"]").find("is not where to listen") != std::string::npos);
  }
  CHECK(wrong("[\"udp:127.0.0.1:5060\", \"udp:127.0.0.1:5060\"]").find("stands there twice") != std::string::npos);
  CHECK(wrong("[\"tls:127.0.0.1:5061\"]").find("siprec.certificate: is missing") != std::string::npos);
  CHECK(wrong("[\"mtls:127.0.0.1:5061\"]").find("siprec.ca: is missing") != std::string::npos);
  CHECK(errors_of("[siprec]\n" + kTrunk).find("siprec.listen: is missing") != std::string::npos);
}

TEST_CASE("trunks that are wrong say so") {
  CHECK(errors_with("", "").find("siprec.trunks: are missing") != std::string::npos);
  CHECK(errors_with("", "[[siprec.trunks]]\nname = \"all\"\nuser = \"srs\"\n").find("anybody would be this trunk") !=
        std::string::npos);
  CHECK(errors_with("", kTrunk + kTrunk).find("stands there twice") != std::string::npos);
  CHECK(errors_with("", kTrunk + "policy = \"nobody\"\n").find("is unknown") != std::string::npos);
  CHECK(errors_with("", kTrunk + "notice = \"spoken\"\n").find("is not declared") != std::string::npos);
  CHECK(errors_with("", kTrunk + "digest_username = \"sbc\"\n").find("has no secret") != std::string::npos);
  CHECK(errors_with("", kTrunk + "secret_env = \"X\"\n").find("digest_username: is missing") != std::string::npos);
  CHECK(errors_with("", kTrunk + "tls_name = [\"x\"]\n").find("did you mean \"tls_names\"") != std::string::npos);
  CHECK(errors_with("", "[[siprec.trunks]]\nname = \"x\"\nfrom = [\"192.0.2.1/24\"]\n")
            .find("is not a range of addresses") != std::string::npos);
  CHECK(errors_with("realm = \"a\\\"b\"\n").find("has a quote") != std::string::npos);
  CHECK(errors_with("session_expires = \"2m\"\nmin_session_expires = \"3m\"\n").find("less than min_session_expires") !=
        std::string::npos);
}

}  // namespace assent
