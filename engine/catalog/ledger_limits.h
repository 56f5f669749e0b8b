// The ledger's bounds.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/limits.h"

namespace assent::limits {

// The ledger is read through in steps of so many records, each in a snapshot of its own: one long snapshot would keep
// what was erased in the log's file until the reading ends. Some 30 ms each.
inline constexpr std::size_t kLedgerStepRows = 20000;
// A checkpoint is a signature and a record: 60 us for every 10,000 records, so that little of the ledger hangs on what
// the engine alone can check. How often at least, while there is something new to sign, is the pipeline's to say.
inline constexpr std::size_t kCheckpointRecords = 10000;
inline constexpr std::size_t kCheckpointRecordsMin = 1;
inline constexpr std::size_t kCheckpointRecordsMax = 1000000;
inline constexpr std::chrono::milliseconds kCheckpointInterval = 1h;
inline constexpr std::chrono::milliseconds kCheckpointIntervalMin = 1s;
inline constexpr std::chrono::milliseconds kCheckpointIntervalMax = 24h;
inline constexpr std::size_t kCanonicalJsonDepth = 16;  // a record's body has two; a notice comes from a caller

}  // namespace assent::limits
