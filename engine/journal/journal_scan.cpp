#include "engine/journal/journal_scan.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace assent {

std::string_view name_of(JournalDamageKind kind) {
  switch (kind) {
    case JournalDamageKind::torn_index: return "torn-index";
    case JournalDamageKind::stale_batch: return "stale-batch";
    case JournalDamageKind::cut_short: return "cut-short";
    case JournalDamageKind::blank_page: return "blank-page";
    case JournalDamageKind::foreign_page: return "foreign-page";
    case JournalDamageKind::ignored_batches: return "ignored-batches";
  }
  return "unknown";
}

// One file of the scan.
class JournalScan::FileScan {
 public:
  FileScan(JournalScan& scan, JournalFileNumber number, const DiskFile& file, std::uint64_t size_bytes)
      : scan_(scan), number_(number), file_(file), pages_(size_bytes / limits::kPageBytes) {}

  Result<void> run() {
    std::uint64_t at = 0;
    while (at < pages_) {
      auto index = believe(at);
      if (!index) return index.error();
      if (!*index) return count_ignored(at + 1);
      const std::uint64_t batch_pages = (*index)->entries.size();
      auto yielded = yield(**index, at);
      if (!yielded) return yielded;
      scan_.next_batch_ = BatchNumber((*index)->batch.value + 1);
      first_ = false;
      at += 1 + batch_pages;
    }
    return {};
  }

 private:
  JournalPlace place(std::uint64_t page) const { return {number_.value, static_cast<std::uint32_t>(page)}; }

  void report(JournalDamageKind kind, std::uint64_t page, std::string what) {
    scan_.damages_.push_back({kind, place(page), std::move(what)});
  }

  Result<void> read(std::uint64_t page) {
    auto got = file_.read_at(page * limits::kPageBytes, page_);
    if (!got) return got.error();
    if (*got != page_.size()) return error(Errc::io, "a journal file became shorter while it was read");
    return {};
  }

  // The index page at `at` if the batch it begins is to be believed.
  Result<std::optional<JournalIndex>> believe(std::uint64_t at) {
    if (auto got = read(at); !got) return got.error();
    if (is_blank(page_)) return std::optional<JournalIndex>();
    auto index = decode_index(page_);
    if (!index) {
      report(JournalDamageKind::torn_index, at, index.error().what);
      return std::optional<JournalIndex>();
    }
    const bool follows = first_ ? index->batch >= scan_.next_batch_ : index->batch == scan_.next_batch_;
    if (index->shard != shard() || !follows) {
      report(JournalDamageKind::stale_batch, at,
             "batch " + std::to_string(index->batch.value) + " of shard " + std::to_string(index->shard.value) +
                 " where batch " + std::to_string(scan_.next_batch_.value) + " belongs");
      return std::optional<JournalIndex>();
    }
    return std::optional(std::move(*index));
  }

  Result<void> yield(const JournalIndex& index, std::uint64_t at) {
    std::uint64_t blank = 0;
    std::uint64_t first_blank = 0;
    for (std::size_t i = 0; i < index.entries.size(); ++i) {
      const std::uint64_t page = at + 1 + i;
      if (page >= pages_) {
        report(JournalDamageKind::cut_short, page,
               "the file ends with " + std::to_string(index.entries.size() - i) + " pages of batch " +
                   std::to_string(index.batch.value) + " missing");
        break;
      }
      if (auto got = read(page); !got) return got;
      const JournalEntry& entry = index.entries[i];
      if (is_blank(page_)) {
        if (blank++ == 0) first_blank = page;
      } else if (!begins_as(entry, page_)) {
        report(JournalDamageKind::foreign_page, page,
               "not frame " + std::to_string(entry.seq.value) + " of segment " + to_text(entry.segment));
      } else {
        scan_.pages_.push_back({entry.segment, entry.seq, entry.kind, place(page)});
      }
    }
    if (blank != 0) {
      report(
          JournalDamageKind::blank_page, first_blank,
          std::to_string(blank) + " pages of batch " + std::to_string(index.batch.value) + " are blank, from here on");
    }
    return {};
  }

  // Batches that would verify, behind the place where the belief ended.
  Result<void> count_ignored(std::uint64_t from) {
    std::uint64_t ignored = 0;
    std::uint64_t first = 0;
    for (std::uint64_t at = from; at < pages_; ++at) {
      if (auto got = read(at); !got) return got;
      const std::string_view begin(reinterpret_cast<const char*>(page_.data()), kJournalMagic.size());
      if (begin != kJournalMagic || !decode_index(page_)) continue;
      if (ignored++ == 0) first = at;
    }
    if (ignored != 0) {
      report(JournalDamageKind::ignored_batches, first,
             std::to_string(ignored) + " batches behind the damage are not used, from here on");
    }
    return {};
  }

  ShardId shard() const { return scan_.shard_; }

  JournalScan& scan_;
  JournalFileNumber number_;
  const DiskFile& file_;
  std::uint64_t pages_;  // whole ones
  bool first_ = true;    // no batch of this file has been believed yet
  Page page_{};
};

Result<JournalScan> JournalScan::run(Disk& disk, const std::filesystem::path& folder, ShardId shard) {
  auto entries = disk.list(folder);
  if (!entries) return entries.error();
  JournalScan scan;
  scan.shard_ = shard;
  for (const FolderEntry& entry : *entries) {
    const auto name = parse_journal_file_name(entry.name);
    if (entry.kind == FolderEntry::Kind::file && name && name->shard == shard) scan.files_.push_back(name->number);
  }
  std::sort(scan.files_.begin(), scan.files_.end());

  for (const JournalFileNumber number : scan.files_) {
    auto file = disk.open(folder / to_text(JournalFileName{shard, number}), FileAccess::read);
    if (!file) return file.error();
    auto size = (*file)->size_bytes();
    if (!size) return size.error();
    if (auto scanned = FileScan(scan, number, **file, *size).run(); !scanned) return scanned.error();
    scan.next_file_ = JournalFileNumber(number.value + 1);
  }
  return scan;
}

Result<std::vector<ShardId>> journal_shards(Disk& disk, const std::filesystem::path& folder) {
  auto entries = disk.list(folder);
  if (!entries) return entries.error();
  std::set<ShardId> shards;
  for (const FolderEntry& entry : *entries) {
    const auto name = parse_journal_file_name(entry.name);
    if (entry.kind == FolderEntry::Kind::file && name) shards.insert(name->shard);
  }
  return std::vector<ShardId>(shards.begin(), shards.end());
}

Result<void> remove_journal_files(Disk& disk, const std::filesystem::path& folder, ShardId shard,
                                  const std::vector<JournalFileNumber>& files) {
  for (const JournalFileNumber number : files) {
    const std::filesystem::path path = folder / to_text(JournalFileName{shard, number});
    auto file = disk.open(path, FileAccess::read_write);
    if (!file && file.error().code == Errc::not_found) continue;
    if (!file) return file.error();
    if (auto blanked = blank_file(**file); !blanked) return blanked;
    auto removed = disk.remove(path);
    if (!removed && removed.error().code != Errc::not_found) return removed;
  }
  return files.empty() ? Result<void>() : disk.sync_folder(folder);
}

}  // namespace assent
