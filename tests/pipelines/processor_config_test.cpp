#include "pipelines/processor_config.h"

#include "catch.h"
#include "loaded_settings.h"

namespace assent {
TEST_CASE("processors have a name, an address, what they are fed by, a secret's place, and their patience") {
  const auto processors = settings_of(R"(
[[purposes]]
id = "quality"
[[purposes]]
id = "transcription"
[consent]
default_purposes = ["quality"]
[[processors]]
name = "stt"
url = "https://stt.example.com/assent?x=1"
purposes = ["transcription", "quality", "quality"]
secret_file = "stt.secret"
[[processors]]
name = "crm"
url = "http://127.0.0.1:9000/"
purposes = ["quality"]
secret_env = "CRM_SECRET"
previous_secret_env = "CRM_OLD"
timeout = "3s"
retry_first = "1s"
retry_longest = "10m"
attempts = 7
give_up = "2h"
confirm_within = "30d"
window = "1m"
)")
                              .processors;
  REQUIRE(processors.size() == 2);
  CHECK(processors[0].host == "stt.example.com");
  CHECK(processors[0].purposes == std::vector<std::string>{"quality", "transcription"});
  CHECK(processors[0].secret.where == "stt.secret");
  CHECK(processors[0].limits == DeliveryLimits{});
  CHECK(processors[1].previous->where == "CRM_OLD");
  CHECK(processors[1].limits == DeliveryLimits{3s, 1s, 10min, 7, 2h, 24h * 30});
  CHECK(processors[1].window == 1min);
}

TEST_CASE("a processor that is wrong says so") {
  const auto wrong = [](const std::string& url, const std::string& more = "") {
    return errors_of("[[processors]]\nname = \"stt\"\nurl = \"" + url +
                     "\"\npurposes = [\"quality\"]\nsecret_env = \"X\"\n" + more);
  };
  for (const char* url :
       {"http://example.com/", "http://127.0.0.1.example.com/", "ftp://x/", "https://", "https://a@b/", "https://a b/",
        "https://a/#b", "https://a:x/", "http://[::2]/", "http://128.0.0.1/"}) {
    INFO(url);
    CHECK(wrong(url).find("is no address to send this to") != std::string::npos);
  }
  CHECK(wrong("https://a/", "retry_first = \"2h\"").find("is longer than retry_longest") != std::string::npos);
  CHECK(wrong("https://a/", "attempts = 0").find("processors.attempts") != std::string::npos);
  CHECK(errors_of("[[processors]]\nname = \"stt\"\nurl = \"https://a/\"\npurposes = [\"qualty\"]\nsecret_env = \"X\"")
            .find("is not a purpose of this file") != std::string::npos);
  CHECK(errors_of("[[processors]]\nname = \"stt\"\nurl = \"https://a/\"\npurposes = []\nsecret_env = \"X\"")
            .find("is empty") != std::string::npos);
  CHECK(errors_of("[[processors]]\nname = \"stt\"\nurl = \"https://a/\"\npurposes = [\"quality\"]")
            .find("processors.secret_file: is missing") != std::string::npos);
}

TEST_CASE("the host of an address is what stands on record") {
  CHECK(processor_host("https://stt.example.com:8443/a/b?c") == "stt.example.com");
  CHECK(processor_host("https://[2001:db8::1]:443") == "[2001:db8::1]");
  CHECK(processor_host("http://localhost:9000/x") == "localhost");
  CHECK(processor_host("http://[::1]/") == "[::1]");
  CHECK_FALSE(processor_host("http://localhost.example.com/"));
  CHECK_FALSE(processor_host("https://:443/"));
  CHECK_FALSE(processor_host(""));
}

}  // namespace assent
