// Api: the HTTP API, from a request to its reply: token, role, route, Idempotency-Key, operation, problem.
//
// It owns the idempotency store and the request counts, and decides who may do what (roles.h) and what runs once; the
// domain is behind `ApiParts`, HTTP itself behind HttpServer. Every reply that is not a success is problem+json.
// Any thread; `handle` blocks for as long as the domain does.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <string_view>

#include "base/time.h"
#include "engine/catalog/catalog.h"
#include "engine/control/call_service.h"
#include "engine/control/disclosures.h"
#include "engine/control/erasures.h"
#include "engine/control/holds.h"
#include "engine/control/http_message.h"
#include "engine/control/http_server.h"
#include "engine/control/idempotency.h"
#include "engine/control/key_rotation.h"
#include "engine/control/metrics.h"
#include "engine/control/person_erasures.h"
#include "engine/control/processor_desk.h"
#include "engine/control/recordings.h"
#include "engine/control/registers.h"
#include "engine/control/routes.h"
#include "engine/control/standing_consents.h"
#include "engine/control/tokens.h"
#include "engine/control/webhook_sources.h"
#include "engine/control/withdrawals.h"
#include "engine/overload/overload_state.h"
#include "engine/receipts/receipt_desk.h"

namespace assent {

// What the API serves. Everything outlives it.
struct ApiParts {
  CallService& calls;
  EngineStatus& status;
  RecordingService& recordings;
  Erasures& erasures;
  PersonErasures& person_erasures;
  Holds& holds;
  KeyRotation& key_rotation;
  ReceiptDesk& receipts;
  StandingConsents& standing;
  Withdrawals& withdrawals;
  Registers& registers;
  Catalog& catalog;
  TokenStore& tokens;
  const OverloadState& overload;
  WebhookSources& webhooks;
  ProcessorDesk& processors;
  Disclosures& disclosures;
  std::function<Now()> clock = read_clocks;
  std::function<HttpCounters()> http_counters = [] { return HttpCounters{}; };
  std::function<RequestCounts()> request_counts = [] { return RequestCounts{}; };  // Api sets it
};

class Api {
 public:
  explicit Api(ApiParts parts);

  HttpResponse handle(const HttpRequest& request);
  // The body of a refusal that the HTTP server makes.
  HttpResponse refuse(unsigned status, std::string_view why) const;

  // Which workers serve a request; for the HTTP server.
  static HttpLane lane_of(const HttpRequest& request);

  // For the metrics: of the server that this API is served by, once it is there and before requests come in.
  void set_http_counters(std::function<HttpCounters()> counters) { parts_.http_counters = std::move(counters); }

  RequestCounts request_counts() const;

 private:
  HttpResponse serve(const HttpRequest& request, const RouteMatch& match);
  HttpResponse run(const HttpRequest& request, const RouteMatch& match, const TokenInfo& bearer);

  ApiParts parts_;
  IdempotencyStore idempotency_;
  std::array<std::array<std::atomic<std::uint64_t>, kStatusClasses>, kOperations + 1> counts_{};
};

}  // namespace assent
