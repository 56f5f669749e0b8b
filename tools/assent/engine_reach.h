// Finding the engine that a command is to talk to, and the token it wants. One thread.
#pragma once

#include "base/result.h"
#include "tools/assent/api_client.h"
#include "tools/assent/arguments.h"

namespace assent {

// The address: --api, else the state folder's engine.json, else 127.0.0.1:8090. The token: --token, else ASSENT_TOKEN,
// else the state folder's admin.token. The Error says what to give.
Result<ApiClient> reach_engine(const EngineReach& reach);

// For what an engine tells everybody: a token is sent when there is one, and not wanted.
struct OpenEngine {
  Endpoint address;
  ApiClient client;
};
Result<OpenEngine> reach_open_engine(const EngineReach& reach);

}  // namespace assent
