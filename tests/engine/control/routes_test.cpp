#include "engine/control/routes.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "catch.h"
#include "engine/control/openapi.h"

namespace assent {
namespace {

using nlohmann::json;

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string right_name(Right right) {
  switch (right) {
    case Right::read_calls: return "read_calls";
    case Right::change_calls: return "change_calls";
    case Right::consent: return "consent";
    case Right::pause: return "pause";
    case Right::note: return "note";
    case Right::read_recordings: return "read_recordings";
    case Right::read_ledger: return "read_ledger";
    case Right::export_keys: return "export_keys";
    case Right::erase: return "erase";
    case Right::disclose: return "disclose";
    case Right::standing_consents: return "standing_consents";
    case Right::withdraw: return "withdraw";
    case Right::read_registers: return "read_registers";
    case Right::write_registers: return "write_registers";
    case Right::read_holds: return "read_holds";
    case Right::hold: return "hold";
    case Right::keys: return "keys";
    case Right::tokens: return "tokens";
  }
  return "?";
}

// Every "$ref" in a document.
void collect_refs(const json& node, std::set<std::string>& refs) {
  if (node.is_object() && node.contains("$ref")) refs.insert(node["$ref"]);
  for (const json& child : node) {
    if (child.is_structured()) collect_refs(child, refs);
  }
}

}  // namespace

TEST_CASE("a path with an id matches its route and gives the id") {
  const auto match = match_route("POST", "/v1/calls/abc/consent");
  REQUIRE(match.route != nullptr);
  CHECK(match.route->operation == Operation::record_consent);
  CHECK(match.parameters == std::vector<std::string>{"abc"});
}

TEST_CASE("HEAD is served where GET is") {
  CHECK(match_route("HEAD", "/v1/recordings/x/audio").route->operation == Operation::play_recording);
  CHECK(match_route("HEAD", "/v1/calls/x/consent").route == nullptr);
}

TEST_CASE("a literal path is not taken for an id") {
  CHECK(match_route("GET", "/v1/ledger/verify").route->operation == Operation::verify_ledger);
}

TEST_CASE("a path that exists with another method says which it takes") {
  const auto match = match_route("PUT", "/v1/calls/abc");
  CHECK(match.route == nullptr);
  CHECK(match.allowed == std::vector<std::string_view>{"GET", "HEAD", "DELETE"});
}

TEST_CASE("a path that is none matches nothing") {
  for (const char* path :
       {"/", "/v1", "/v1/", "/v1/calls/", "/v1/calls//consent", "/v1/calls/a/b", "/v1/calls/a/consent/", "//v1/calls",
        "/V1/calls", "/v1/calls/a/consent/b", "", "v1/calls"}) {
    INFO(path);
    const auto match = match_route("GET", path);
    CHECK(match.route == nullptr);
    CHECK(match.allowed.empty());
  }
}

TEST_CASE("roles may do what the table says and nothing more") {
  const std::map<Right, std::set<Role>> expected = {
      {Right::read_calls, {Role::ingest, Role::agent, Role::supervisor, Role::admin}},
      {Right::change_calls, {Role::ingest, Role::agent, Role::supervisor, Role::admin}},
      {Right::consent, {Role::ingest, Role::agent, Role::supervisor, Role::admin}},
      {Right::pause, {Role::agent, Role::supervisor, Role::admin}},
      {Right::note, {Role::agent, Role::supervisor, Role::admin}},
      {Right::read_recordings, {Role::supervisor, Role::admin}},
      {Right::read_ledger, {Role::supervisor, Role::admin}},
      {Right::standing_consents, {Role::supervisor, Role::admin}},
      {Right::withdraw, {Role::supervisor, Role::admin}},
      {Right::read_registers, {Role::supervisor, Role::admin}},
      {Right::write_registers, {Role::admin}},
      {Right::read_holds, {Role::supervisor, Role::admin}},
      {Right::hold, {Role::admin}},
      {Right::export_keys, {Role::admin}},
      {Right::erase, {Role::admin}},
      {Right::disclose, {Role::admin}},
      {Right::tokens, {Role::admin}}};
  for (const auto& [right, roles] : expected) {
    for (const Role role : kRoles) {
      INFO(right_name(right) << " " << name_of(role));
      CHECK(allows(role, right) == roles.contains(role));
    }
  }
}

TEST_CASE("only status and description are open to everyone, and what is signed") {
  std::set<std::string_view> open;
  for (const Route& route : all_routes()) {
    if (!route.right) open.insert(route.pattern);
  }
  CHECK(open == std::set<std::string_view>{"/metrics", "/healthz", "/readyz", "/openapi.json", "/.well-known/jwks.json",
                                           "/v1/signals/{source}", "/v1/processors/{name}/confirmations"});
}

TEST_CASE(
    "every change can be made idempotent, except a token, which is shown once, and what must be on record each time") {
  for (const Route& route : all_routes()) {
    const bool is_later = (route.pattern.starts_with("/v1/subjects") && route.name.ends_with("_subject")) ||
                          route.pattern.starts_with("/v1/tenants");
    const bool has_own_way =
        route.operation == Operation::add_token || route.operation == Operation::record_key_export ||
        route.operation == Operation::receive_signal || route.operation == Operation::confirm_erasure;
    if (is_later || has_own_way) continue;
    INFO(route.name);
    CHECK((route.on_repeat == OnRepeat::replay) == (route.method != "GET"));
  }
}

TEST_CASE("every route is in the OpenAPI document, and the document has no other") {
  const json document = json::parse(openapi_json());
  CHECK(document["openapi"] == "3.1.0");
  std::size_t documented = 0;
  for (const auto& [path, methods] : document["paths"].items()) documented += methods.size();
  CHECK(documented == all_routes().size());
  for (const Route& route : all_routes()) {
    INFO(route.method << " " << route.pattern);
    const std::string path(route.pattern);
    REQUIRE(document["paths"].contains(path));
    REQUIRE(document["paths"][path].contains(lower(route.method)));
    const json& operation = document["paths"][path][lower(route.method)];
    CHECK(operation["operationId"] == route.name);
    CHECK(operation.value("x-assent-right", "") == (route.right ? right_name(*route.right) : std::string()));
    const bool is_signed =
        route.operation == Operation::receive_signal || route.operation == Operation::confirm_erasure;
    CHECK(operation["security"].empty() == (!route.right.has_value() && !is_signed));
    if (is_signed) CHECK(operation["security"] == json::parse(R"([{"signature": []}])"));
    const bool has_key = operation.dump().find("IdempotencyKey") != std::string::npos;
    CHECK(has_key == (route.on_repeat == OnRepeat::replay));
  }
}

TEST_CASE("every reference in the OpenAPI document leads somewhere, and every schema is used") {
  const json document = json::parse(openapi_json());
  std::set<std::string> refs;
  collect_refs(document, refs);
  for (const std::string& ref : refs) {
    INFO(ref);
    REQUIRE(ref.starts_with("#/"));
    CHECK(document.contains(json::json_pointer(ref.substr(1))));
  }
  for (const auto& [name, schema] : document["components"]["schemas"].items()) {
    INFO(name);
    CHECK(refs.contains("#/components/schemas/" + name));
  }
}

}  // namespace assent
