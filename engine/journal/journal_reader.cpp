#include "engine/journal/journal_reader.h"

#include <algorithm>
#include <utility>

namespace assent {

JournalReader::JournalReader(Disk& disk, std::filesystem::path folder, ShardId shard)
    : disk_(disk), folder_(std::move(folder)), shard_(shard) {}

Result<const DiskFile*> JournalReader::file_of(std::uint32_t number) {
  const auto found = std::find_if(open_.begin(), open_.end(), [&](const auto& open) { return open.number == number; });
  if (found != open_.end()) {
    std::rotate(open_.begin(), found, found + 1);
    return open_.front().file.get();
  }
  auto file = disk_.open(folder_ / to_text(JournalFileName{shard_, JournalFileNumber(number)}), FileAccess::read);
  if (!file) return file.error();
  open_.push_front({number, std::move(*file)});
  if (open_.size() > limits::kJournalReaderFiles) open_.pop_back();
  return open_.front().file.get();
}

Result<void> JournalReader::read(const JournalPlace& place, PageSpan page) {
  auto file = file_of(place.file);
  if (!file) return file.error();
  auto got = (*file)->read_at(place.offset_bytes(), page);
  if (!got) return got.error();
  if (*got != page.size()) {
    return error(Errc::corrupt, "journal file " + std::to_string(place.file) + " ends before byte " +
                                    std::to_string(place.offset_bytes() + page.size()));
  }
  return {};
}

}  // namespace assent
