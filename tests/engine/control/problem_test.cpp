#include "engine/control/problem.h"

#include <nlohmann/json.hpp>
#include <set>

#include "catch.h"

namespace assent {

using nlohmann::json;

TEST_CASE("a problem is problem+json with type, title, status and detail") {
  const HttpResponse response = to_response({ProblemType::conflict, "the call has ended", {}});
  CHECK(response.status == 409);
  CHECK(response.content_type == "application/problem+json");
  CHECK(json::parse(response.body) == json{{"type", "urn:assent:problem:conflict"},
                                           {"title", "The present state does not allow this"},
                                           {"status", 409},
                                           {"detail", "the call has ended"}});
}

TEST_CASE("a problem lists what was wrong and where") {
  const HttpResponse response =
      to_response({ProblemType::invalid, "x", {{"/legs/0/label", "is missing"}, {"/ref", "no"}}});
  const json body = json::parse(response.body);
  CHECK(body["errors"] ==
        json::parse(R"([{"pointer":"/legs/0/label","detail":"is missing"},{"pointer":"/ref","detail":"no"}])"));
}

TEST_CASE("every problem has a name and a type of its own and a status that means failure") {
  std::set<std::string_view> names;
  for (const ProblemInfo& info : all_problems()) {
    INFO(info.name);
    CHECK(names.insert(info.name).second);
    CHECK(info.status >= 400);
    CHECK(info.status < 600);
    CHECK_FALSE(info.title.empty());
    CHECK(to_response({info.type, "", {}}).status == info.status);
  }
}

TEST_CASE("each kind of error becomes the status that tells a caller what to do") {
  const std::pair<Errc, unsigned> expected[] = {
      {Errc::invalid, 422}, {Errc::not_found, 404},  {Errc::conflict, 409},    {Errc::unauthenticated, 401},
      {Errc::denied, 403},  {Errc::exhausted, 503},  {Errc::unavailable, 503}, {Errc::io, 500},
      {Errc::corrupt, 500}, {Errc::unsupported, 422}};
  for (const auto& [code, status] : expected) {
    INFO(name_of(code));
    CHECK(to_response(problem_of(error(code, "why"))).status == status);
  }
}

TEST_CASE("who is not known is told how to be, and who came too early when to come again") {
  const auto has = [](const HttpResponse& response, const std::string& name) {
    return std::any_of(response.headers.begin(), response.headers.end(),
                       [&](const auto& header) { return header.first == name; });
  };
  CHECK(has(to_response({ProblemType::unauthenticated, "", {}}), "WWW-Authenticate"));
  CHECK(has(to_response({ProblemType::busy, "", {}}), "Retry-After"));
  CHECK_FALSE(has(to_response({ProblemType::denied, "", {}}), "WWW-Authenticate"));
}

TEST_CASE("a detail that quotes bytes that are not UTF-8 still is JSON") {
  CHECK(json::parse(to_response({ProblemType::invalid, "\xff\xfe", {}}).body)["status"] == 422);
}

TEST_CASE("refusals of the HTTP server have problem types, too") {
  for (const unsigned status : {400U, 413U, 431U, 500U, 503U}) {
    CHECK(to_response({problem_type_of_status(status), "", {}}).status == status);
  }
}

}  // namespace assent
