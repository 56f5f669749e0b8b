// JournalReader: reads single pages of one shard's journal by their place.
//
// It keeps a few files open and need not know who writes them; a page may be read once it is durable and until its
// segment is released. Two lines for two uses: the settler's thread while the engine runs, and recovery before it does.
// One thread at a time. Errc::not_found when the file is gone, Errc::corrupt when the file ends before the page does.
#pragma once

#include <deque>
#include <filesystem>
#include <memory>

#include "base/disk.h"
#include "engine/journal/journal_format.h"

namespace assent {

class JournalReader {
 public:
  JournalReader(Disk& disk, std::filesystem::path folder, ShardId shard);

  Result<void> read(const JournalPlace& place, PageSpan page);

 private:
  struct OpenFile {
    std::uint32_t number;
    std::unique_ptr<DiskFile> file;
  };
  Result<const DiskFile*> file_of(std::uint32_t number);

  Disk& disk_;
  std::filesystem::path folder_;
  ShardId shard_;
  std::deque<OpenFile> open_;  // most recently used first
};

}  // namespace assent
