// The ledger in the life of an engine: it is read through before anything is written to it, signed while the engine
// runs, and its end told when the engine stops.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/step_thread.h"
#include "engine/catalog/catalog_writer.h"
#include "engine/catalog/key_ring.h"
#include "engine/catalog/sqlite_catalog.h"
#include "pipelines/pipeline_config.h"

namespace assent {

struct LedgerParts {
  SqliteCatalog& catalog;
  KeyRing& keys;
  CatalogWriter& writer;
  std::filesystem::path state;
  pipeline::Ledger settings;
};

// Verifies the whole ledger, makes its key when there is none, and puts the start on record. What a person should read
// of it. Errc::corrupt: it is broken, at which record, and what to do; then nothing has been written.
Result<std::vector<std::string>> begin_ledger(const LedgerParts& parts);

// Puts the end on record and signs it. The head to note elsewhere, in a sentence.
Result<std::string> end_ledger(SqliteCatalog& catalog, CatalogWriter& writer);

// CheckpointClock: a thread that has the ledger signed once an interval, when there is something new. A booking that
// fails is told, and tried again an interval later. One thread makes and destroys it.
class CheckpointClock {
 public:
  CheckpointClock(CatalogWriter& writer, milliseconds interval, std::function<void(const std::string&)> report);
  CheckpointClock(const CheckpointClock&) = delete;
  CheckpointClock& operator=(const CheckpointClock&) = delete;

 private:
  MonoTime look(MonoTime now);

  CatalogWriter& writer_;
  const milliseconds interval_;
  const std::function<void(const std::string&)> report_;
  MonoTime due_;
  WakeSignal wake_;
  StepThread thread_;  // last: it uses all of the above
};

}  // namespace assent
