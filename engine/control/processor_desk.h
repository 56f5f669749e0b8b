// ProcessorDesk: what people and processors themselves can ask about deliveries: what is open, another try, an end to
// the waiting, and the confirmation of an erasure that was only accepted.
//
// A confirmation is signed like a webhook's signal (webhook_signature.h) with the processor's own secret. It says
// something that does not change, so a repetition, an old one and one that comes after the erasure was closed or waived
// change nothing and are answered alike; hence nothing is remembered of them.
//
// Waiving says that nobody waits for a processor's confirmation any more: it is the answer for one that is gone. It
// stands with its reason on the ledger and on the receipts of the erasures that it closes.
//
// Any thread. Errors: Errc::not_found (no such processor, no such event of it, nothing to waive), Errc::conflict (the
// event is no erasure), and the catalog's.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/catalog/catalog_writer.h"
#include "engine/control/call_service.h"
#include "engine/control/webhook_sources.h"
#include "engine/processors/deliveries.h"

namespace assent {

struct WaiveSpec {
  std::string reason;
  std::optional<ErasureId> erasure;  // none: all that is open
};

struct ProcessorView {
  ProcessorRow row;
  std::uint64_t pending = 0;
  std::uint64_t accepted = 0;
  std::uint64_t dead = 0;
  std::optional<WallTime> oldest;          // of all of these
  std::optional<DeliveryRow> last_failed;  // of what is open, the attempt made last
  std::vector<DeliveryRow> dead_letters;   // the oldest, at most limits::kDeadLettersShown
};

// For the metrics.
struct ProcessorCounters {
  std::string processor;
  std::uint64_t pending = 0;
  std::uint64_t accepted = 0;
  std::uint64_t dead = 0;
  double oldest_seconds = 0;  // since what is open the longest happened
  DeliveryCounts since_start;
};

class ProcessorDesk {
 public:
  struct Parts {  // outlive the desk
    Catalog& catalog;
    CatalogWriter& writer;
    WebhookSources& keys;  // a source for each processor
    std::function<std::vector<DeliveryCounts>()> counts = [] { return std::vector<DeliveryCounts>(); };
    std::function<Now()> clock = read_clocks;
  };
  explicit ProcessorDesk(Parts parts) : parts_(std::move(parts)) {}

  Result<std::vector<ProcessorView>> list();
  Result<ProcessorView> show(const std::string& name);
  Result<ProcessorView> retry(const std::string& name);
  Result<ProcessorView> waive(const std::string& name, const WaiveSpec& spec, const Caller& caller);
  // Whose signature it is has been seen to.
  Result<DeliveryRow> confirm(const std::string& name, EventId event);
  Result<VerifiedSignal, Problem> verify(const std::string& name, const HttpRequest& request);
  std::vector<ProcessorCounters> counters();

 private:
  Parts parts_;
};

// Why one that is not settled is open, in words.
std::string trouble_of(const DeliveryRow& row, const ProcessorRow* processor);

}  // namespace assent
