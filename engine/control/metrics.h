// Metrics: what /metrics shows, in the Prometheus text format (version 0.0.4), built from plain counts at the moment of
// the scrape. All names begin with assent_, or process_ where Prometheus has a name; counters end in _total, sizes in
// _bytes, latencies in _seconds. Pure; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/control/call_service.h"
#include "engine/control/http_server.h"
#include "engine/control/process_usage.h"
#include "engine/control/processor_desk.h"
#include "engine/control/routes.h"
#include "engine/control/webhook_sources.h"

namespace assent {

inline constexpr std::size_t kStatusClasses = 5;  // 1xx to 5xx

// [operation][status / 100 - 1]; the last row is of requests that were no operation.
using RequestCounts = std::array<std::array<std::uint64_t, kStatusClasses>, kOperations + 1>;

struct MetricsInput {
  EngineCounters engine;
  HttpCounters http;
  RequestCounts requests{};
  WebhookCounters webhooks;
  std::vector<ProcessorCounters> processors;
  EngineLife life;
  std::size_t troubles = 0;
  std::optional<ProcessUsage> process;
};
std::string metrics_text(const MetricsInput& input);
inline constexpr std::string_view kMetricsContentType = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace assent
