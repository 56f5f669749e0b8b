// Salvage: what is done at start, before a shard takes calls, with what the last run left behind.
//
//   scan the journals -> settle finished segments -> rebuild torn ones -> book objects that were not booked
//                    -> close recordings as recovered
//                    -> live calls that do not go on become interrupted -> remove the journal files
//
// All journals in the folder at once, whatever number of shards the last run had: a recording is closed when everything
// of it has been found, and the next run's shards may be fewer.
//
// It decides for each segment in the journal: booked already (skip), its key destroyed (drop), whole (store and book),
// torn (rebuild what verifies, store, book as salvaged). It can be interrupted anywhere and run again with the same
// result: an object is stored before it is booked, a rebuilt one that is there already and verifies is taken as it is,
// and the journal goes last. Pages of segments that the catalog knows nothing about are never removed; their files stay
// and are reported.
//
// One thread; nothing else uses the journals, the store or the catalog meanwhile. An error means that it must be run
// again before the shard takes calls (no room, an unreadable disk, a key that cannot be had now).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "engine/catalog/catalog.h"
#include "engine/journal/journal_scan.h"
#include "engine/store/leg_keys.h"
#include "engine/store/segment_store.h"

namespace assent {

struct SalvageParts {
  Disk& disk;
  std::filesystem::path journal_folder;
  SegmentStore& store;
  Catalog& catalog;
  LegKeys leg_keys;
  std::function<WallTime()> now = [] { return read_clocks().wall; };
  // Which live calls go on when the engine runs, and are therefore left live: none, where nobody takes them up.
  std::function<bool(const CallRow&)> goes_on = [](const CallRow&) { return false; };
};

// Where a shard's journal goes on.
struct JournalStart {
  JournalFileNumber file{1};
  BatchNumber batch{1};
};

struct ShardDamage {
  ShardId shard;
  JournalDamage damage;
};

struct SalvageReport {
  std::uint32_t settled = 0;  // finished segments that had not been stored or booked
  std::uint32_t already_stored = 0;
  std::uint32_t rebuilt = 0;         // torn segments of which something was kept
  std::uint32_t lost = 0;            // torn segments of which nothing verified
  std::uint32_t erased = 0;          // segments whose key is destroyed
  std::uint64_t frames_lost = 0;     // in rebuilt segments
  std::uint32_t found = 0;           // objects that were stored and neither booked nor in the journal any more
  std::vector<SegmentId> unclaimed;  // unknown to the catalog; their pages stay
  std::vector<std::string> strays;   // objects in the folders of these calls that make no sense; they stay
  std::vector<CallId> interrupted;
  std::vector<RecordingId> recovered;
  std::vector<ShardDamage> damages;
  std::map<ShardId, JournalStart> journals;  // of the shards that had one

  JournalStart start_of(ShardId shard) const {
    const auto journal = journals.find(shard);
    return journal == journals.end() ? JournalStart{} : journal->second;
  }
};

Result<SalvageReport> salvage(const SalvageParts& parts);

}  // namespace assent
