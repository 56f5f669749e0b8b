// ProcessorWiring: the processors of a pipeline file, made to work: their secrets opened, who they are put on record,
// and the deliveries to them. It owns all of it and what the API asks of it.
//
// One thread (main's), but for what `desk` does.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/catalog/sqlite_catalog.h"
#include "engine/control/processor_desk.h"
#include "engine/control/webhook_sources.h"
#include "engine/processors/deliveries.h"
#include "pipelines/pipeline_config.h"
#include "pipelines/state_folder.h"

namespace assent {

class ProcessorWiring {
 public:
  struct Parts {  // outlive the wiring
    SqliteCatalog& catalog;
    CatalogWriter& writer;
    StateFolder state;
    std::function<void(const std::string&)> report;
  };
  // At a start, before anything can be decided or erased, so that these processors are told of it. Errors: a secret
  // that cannot be read, and the catalog's.
  static Result<std::unique_ptr<ProcessorWiring>> create(Parts parts,
                                                         const std::vector<pipeline::Processor>& processors);
  // From here on they are told.
  void start();
  // Drops what is under way; the next start sends it again. The catalog's writer must still take bookings.
  void stop() { deliveries_.reset(); }

  // On an error nothing has changed.
  Result<void> replace(const std::vector<pipeline::Processor>& processors);

  ProcessorDesk& desk() { return desk_; }

 private:
  explicit ProcessorWiring(Parts parts);
  Result<void> take(const std::vector<pipeline::Processor>& processors);

  Parts parts_;
  WebhookSources keys_;
  std::vector<DeliveryTarget> targets_;
  std::optional<Deliveries> deliveries_;  // its thread uses what is above
  ProcessorDesk desk_;
};

}  // namespace assent
