#include "engine/disclosure/html_page.h"

#include <regex>
#include <vector>

#include "catch.h"
#include "disclosed_call.h"

namespace assent {
namespace {

DisclosedPerson person() {
  DisclosedPerson one;
  one.subject = id_of<SubjectId>(40);
  one.reference = "cust & \"co\"";
  one.tenant = "acme";
  one.at = kCallStart + 240h;
  one.calls = 1;
  StandingConsentRow row;
  row.purposes_json = R"(["quality"])";
  row.from = kCallStart;
  one.standing.push_back({row, "drawer <7>"});
  return one;
}

std::string page(const DisclosedCall& call) { return page_head(person()) + page_of_call(call) + page_end(); }

// Whether every tag that is opened is closed in its order; what needs no end is left out.
bool is_nested(const std::string& html) {
  static const std::regex tag("<(/?)([a-z0-9]+)[^>]*>");
  std::vector<std::string> open;
  for (auto at = std::sregex_iterator(html.begin(), html.end(), tag); at != std::sregex_iterator(); ++at) {
    const std::string name = (*at)[2];
    if (name == "meta" || name == "link") continue;
    if ((*at)[1].length() == 0) {
      open.push_back(name);
    } else if (open.empty() || open.back() != name) {
      return false;
    } else {
      open.pop_back();
    }
  }
  return open.empty();
}

}  // namespace

TEST_CASE("text is escaped for between tags and for attributes") {
  CHECK(html_text("<a href=\"x\">&'</a>") == "&lt;a href=&quot;x&quot;&gt;&amp;&#39;&lt;/a&gt;");
  CHECK(html_text("a\nb\tc") == "a\nb\tc");
  CHECK(html_text(std::string("a\0b\x1b", 4)) ==
        "a\xEF\xBF\xBD"
        "b\xEF\xBF\xBD");
  CHECK(html_text("\xC3\xA4") == "\xC3\xA4");
}

TEST_CASE("what callers wrote cannot become part of the page") {
  const std::string html = page(disclosed_call());
  CHECK(html.find("<script") == std::string::npos);
  CHECK(html.find("<b>bold") == std::string::npos);
  CHECK(html.find("Ada &lt;script&gt;") != std::string::npos);
  CHECK(html.find("drawer &lt;7&gt;") != std::string::npos);
  CHECK(html.find("dtmf form &lt;7&gt;") != std::string::npos);
  CHECK(is_nested(html));
}

TEST_CASE("the page asks nobody for anything and has no script") {
  const std::string html = page(disclosed_call());
  for (const char* never : {"http:", "https:", "<script", "@import", "url(", "onload", "<link", "<img"}) {
    INFO(never);
    CHECK(html.find(never) == std::string::npos);
  }
  CHECK(html.find("color-scheme:light dark") != std::string::npos);
}

TEST_CASE("the page plays the audio and has a table for each kind of facts") {
  const std::string html = page(disclosed_call());
  CHECK(html.find("<audio controls preload=\"none\" src=\"calls/x/y.wav\"></audio>") != std::string::npos);
  for (const char* caption : {"Consents on file", "What you agreed to", "Who used it", "Notes",
                              "What the call was like", "Who receives what"}) {
    INFO(caption);
    CHECK(html.find("<caption>" + std::string(caption) + "</caption>") != std::string::npos);
  }
  CHECK(html.find("with your spoken answer") != std::string::npos);
  CHECK(html.find("supervisor-3") != std::string::npos);
  CHECK(html.find("You took back your consent to quality") != std::string::npos);
}

TEST_CASE("a call of which nothing is left says so") {
  DisclosedCall call = disclosed_call();
  call.legs.clear();
  call.erased = kCallStart + 72h;
  const std::string html = page(call);
  CHECK(html.find("Nothing that you said is stored") != std::string::npos);
  CHECK(html.find("The recording was erased") != std::string::npos);
  CHECK(is_nested(html));
}

}  // namespace assent
