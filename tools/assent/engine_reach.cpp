#include "tools/assent/engine_reach.h"

#include <cstdlib>

#include "tools/assent/engine_file.h"
#include "tools/assent/small_file.h"

namespace assent {
namespace {

Result<Endpoint> address_of(const EngineReach& reach) {
  if (reach.api) return *reach.api;
  if (!reach.state) return pipeline::Listen{}.api;
  const auto file = read_engine_file(StateFolder(*reach.state));
  if (file) return file->api;
  if (file.error().code != Errc::not_found) return file.error();
  return error(Errc::unavailable, "no engine runs on " + reach.state->string() +
                                      " (there is no engine.json in it): start " +
                                      "one with `assent run`, or give --api ADDR:PORT");
}

Result<std::string> token_of(const EngineReach& reach) {
  if (reach.token) return *reach.token;
  if (const char* token = std::getenv("ASSENT_TOKEN"); token != nullptr && *token != '\0') return std::string(token);
  if (!reach.state) {
    return error(Errc::unauthenticated,
                 "the engine wants a token: give --state DIR, set ASSENT_TOKEN, or give --token");
  }
  auto text = read_small_file(StateFolder(*reach.state).admin_token());
  if (!text) {
    return error(Errc::unauthenticated,
                 text.error().what + ": set ASSENT_TOKEN, give --token, or run this as the engine's user");
  }
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
  return text;
}

}  // namespace

Result<ApiClient> reach_engine(const EngineReach& reach) {
  const auto api = address_of(reach);
  if (!api) return api.error();
  auto token = token_of(reach);
  if (!token) return token.error();
  return ApiClient::create(*api, *std::move(token));
}

Result<OpenEngine> reach_open_engine(const EngineReach& reach) {
  const auto api = address_of(reach);
  if (!api) return api.error();
  const auto token = token_of(reach);
  auto client = ApiClient::create(*api, token ? *token : "none");
  if (!client) return client.error();
  return OpenEngine{*api, *std::move(client)};
}

}  // namespace assent
