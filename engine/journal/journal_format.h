// The bytes of the journal: index pages and file names (formats/segment.md "The journal").
//
// A journal file is a run of batches from its first byte, then zeros. A batch is one index page and its data pages. All
// integers big-endian.
//
//      0       8       16      20      24        24+24n      4064     4096
//      +-------+-------+-------+-------+---------+-----------+--------+
//      | magic | batch | shard | count | entries | zeros     | SHA256 |       the hash covers every byte before it
//      +-------+-------+-------+-------+---------+-----------+--------+
//
//      entry   | 16 segment | 4 seq | 2 kind | 2 flags = 0 |                 seq 0 exactly for a message header
//
// An entry names the data page at the same place behind the index: entry i (from 0) is page i + 1 of the batch. Data
// pages carry no checksum: a frame's GCM tag is one. Their first bytes say which page they are, which tells a page that
// never reached the disk or was punched out (`begins_as`).
//
// Pure; any thread. Errors: Errc::corrupt says what does not fit.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/result.h"
#include "base/strong.h"
#include "engine/stages.h"

namespace assent {

using ShardId = Strong<std::uint32_t, struct ShardTag>;
using BatchNumber = Strong<std::uint64_t, struct BatchTag>;              // from 1, without gaps, across files
using JournalFileNumber = Strong<std::uint32_t, struct JournalFileTag>;  // from 1

inline constexpr std::string_view kJournalMagic = "asjrnl01";  // the last two bytes are the version
inline constexpr std::size_t kIndexBatchAt = 8;
inline constexpr std::size_t kIndexShardAt = 16;
inline constexpr std::size_t kIndexCountAt = 20;
inline constexpr std::size_t kIndexEntriesAt = limits::kJournalIndexHead;
inline constexpr std::size_t kIndexHashAt = limits::kPageBytes - limits::kJournalHashBytes;

using PageView = std::span<const std::uint8_t, limits::kPageBytes>;
using PageSpan = std::span<std::uint8_t, limits::kPageBytes>;

struct JournalEntry {
  SegmentId segment;
  FrameSeq seq;
  PageKind kind = PageKind::frame;
  constexpr bool operator==(const JournalEntry&) const = default;
};

struct JournalIndex {
  BatchNumber batch;
  ShardId shard;
  std::vector<JournalEntry> entries;  // 1 to kJournalBatchPages
  bool operator==(const JournalIndex&) const = default;
};

void encode_index(const JournalIndex& index, PageSpan page);
Result<JournalIndex> decode_index(PageView page);

// Whether a data page's first bytes are those of the page that its entry names: the sequence number of a frame, the
// mark and number of a final frame, the version and suite of a message header.
bool begins_as(const JournalEntry& entry, PageView page);
bool is_blank(ByteView bytes);  // nothing but zeros: never written, or punched out

// "journal-0-000017.log"
struct JournalFileName {
  ShardId shard;
  JournalFileNumber number;
  constexpr auto operator<=>(const JournalFileName&) const = default;
};
std::string to_text(const JournalFileName& name);
std::optional<JournalFileName> parse_journal_file_name(std::string_view text);

}  // namespace assent
