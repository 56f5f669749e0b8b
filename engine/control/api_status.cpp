// What is open to everyone: health, readiness, metrics, and the description of the API.
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/control/openapi.h"
#include "engine/control/operations.h"
#include "engine/control/overload_metrics.h"

namespace assent {

using Json = nlohmann::ordered_json;

Reply show_metrics(ApiParts& parts, const ApiRequest&) {
  MetricsInput input;
  input.engine = parts.status.counters();
  input.http = parts.http_counters();
  input.requests = parts.request_counts();
  input.webhooks = parts.webhooks.counters();
  input.processors = parts.processors.counters();
  const OverloadReport overload = parts.overload.report();
  input.life = parts.status.life();
  input.troubles = parts.status.troubles().size() + (takes_calls(overload.verdict) ? 0 : 1);
  input.process = read_process_usage();
  HttpResponse response;
  response.content_type = kMetricsContentType;
  response.body = metrics_text(input) + overload_metrics_text(overload);
  return response;
}

// The process answers: whoever restarts it on a failure need not. Beside that, where in its life it is.
Reply show_health(ApiParts& parts, const ApiRequest&) {
  const EngineLife life = parts.status.life();
  Json body = {{"status", "alive"}, {"draining", life.draining}, {"last_reload", nullptr}};
  if (life.last_reload) {
    body["last_reload"] = {{"at", to_rfc3339(life.last_reload->at)},
                           {"result", name_of(life.last_reload->result)},
                           {"changed", life.last_reload->changed},
                           {"at_next_start", life.last_reload->at_next_start}};
  }
  return json_reply(200, body);
}

// Whether calls should be sent here; if not, why.
Reply show_readiness(ApiParts& parts, const ApiRequest&) {
  std::vector<std::string> troubles = parts.status.troubles();
  const OverloadVerdict verdict = parts.overload.report().verdict;
  if (!takes_calls(verdict)) troubles.insert(troubles.begin(), "no new calls are taken: " + verdict.why);
  if (troubles.empty()) return json_reply(200, {{"status", "ready"}, {"overload", to_text(verdict.stage)}});
  Problem problem{ProblemType::unavailable, "not ready: " + troubles.front(), {}};
  for (const std::string& trouble : troubles) problem.errors.push_back({"", trouble});
  return problem;
}

Reply show_openapi(ApiParts&, const ApiRequest&) {
  HttpResponse response;
  response.content_type = "application/json";
  response.body = openapi_json();
  return response;
}

}  // namespace assent
