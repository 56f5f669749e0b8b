// JournalScan: what a shard's journal holds when the engine starts.
//
// It reads every file of the shard in order of number and decides which pages to believe. A file is believed from its
// first batch on, for as long as each index page verifies (its hash), is of this shard, has the number after the one
// before, and its data pages lie within the file. The first index page that does not ends the belief in the REST OF
// THAT FILE, whatever stands there: batches behind it that would verify again are counted in the report and not used,
// because nothing says what was between. The next file is believed on its own, if its first batch number is higher than
// every one believed before (a copy or a leftover is not). Numbers may jump between files: a file that was no longer
// needed is gone, an abandoned one ends early.
//
// Of a believed batch every page whose first bytes are those its index names is yielded, in order of batch and place. A
// page that is blank or another's is reported and not yielded. That a yielded page is whole only its GCM tag tells: a
// page that had not been synced may be torn. The same page may be yielded twice, after a failed sync; the later one is
// the one that was reported durable.
//
// Reads only. One thread. Errors: Errc::io and such when a file cannot be read at all; damage is not an error but part
// of the report.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/disk.h"
#include "engine/journal/journal_format.h"

namespace assent {

enum class JournalDamageKind {
  torn_index,      // an index page that does not verify, and is not blank
  stale_batch,     // an index page that verifies, with a number or shard that does not belong here
  cut_short,       // the file ends within a batch
  blank_page,      // a data page of zeros: never reached the disk, or was punched out
  foreign_page,    // a data page that does not begin as its index says
  ignored_batches  // batches behind the place where the belief ended
};
std::string_view name_of(JournalDamageKind kind);

struct JournalDamage {
  JournalDamageKind kind;
  JournalPlace place;
  std::string what;  // one sentence
};

class JournalScan {
 public:
  static Result<JournalScan> run(Disk& disk, const std::filesystem::path& folder, ShardId shard);

  const std::vector<DurablePage>& pages() const { return pages_; }
  const std::vector<JournalDamage>& damages() const { return damages_; }
  const std::vector<JournalFileNumber>& files() const { return files_; }  // ascending
  JournalFileNumber next_file() const { return next_file_; }              // above every file there is
  BatchNumber next_batch() const { return next_batch_; }                  // above every batch that was believed

 private:
  class FileScan;
  JournalScan() = default;

  ShardId shard_;
  std::vector<DurablePage> pages_;
  std::vector<JournalDamage> damages_;
  std::vector<JournalFileNumber> files_;
  JournalFileNumber next_file_{1};
  BatchNumber next_batch_{1};
};

// The shards that have files there, this engine's or those of one that had more; ascending.
Result<std::vector<ShardId>> journal_shards(Disk& disk, const std::filesystem::path& folder);

// Blanks and removes the files named; the oldest first, so that an interruption leaves the newer ones.
Result<void> remove_journal_files(Disk& disk, const std::filesystem::path& folder, ShardId shard,
                                  const std::vector<JournalFileNumber>& files);

}  // namespace assent
