#include "engine/journal/journal_format.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/text.h"
#include "crypto/message_format.h"
#include "crypto/sha256.h"

namespace assent {
namespace {

constexpr std::size_t kEntrySeqAt = 16;
constexpr std::size_t kEntryKindAt = 20;
constexpr std::size_t kEntryFlagsAt = 22;

Error bad_index(const char* what) { return error(Errc::corrupt, std::string("journal index page: ") + what); }

std::optional<PageKind> kind_from(std::uint16_t value) {
  if (value < static_cast<std::uint16_t>(PageKind::header) || value > static_cast<std::uint16_t>(PageKind::final)) {
    return std::nullopt;
  }
  return static_cast<PageKind>(value);
}

void encode_entry(const JournalEntry& entry, std::uint8_t* at) {
  std::copy(entry.segment.bytes.begin(), entry.segment.bytes.end(), at);
  store_be32(at + kEntrySeqAt, entry.seq.value);
  store_be16(at + kEntryKindAt, static_cast<std::uint16_t>(entry.kind));
  store_be16(at + kEntryFlagsAt, 0);
}

Result<JournalEntry> decode_entry(const std::uint8_t* at) {
  JournalEntry entry;
  std::copy(at, at + entry.segment.bytes.size(), entry.segment.bytes.begin());
  entry.seq = FrameSeq(load_be32(at + kEntrySeqAt));
  const auto kind = kind_from(load_be16(at + kEntryKindAt));
  if (!kind) return bad_index("unknown kind of page");
  entry.kind = *kind;
  if (load_be16(at + kEntryFlagsAt) != 0) return bad_index("unknown flags");
  if ((entry.seq.value == 0) != (entry.kind == PageKind::header)) return bad_index("sequence number and kind disagree");
  return entry;
}

}  // namespace

void encode_index(const JournalIndex& index, PageSpan page) {
  ASSENT_CHECK(!index.entries.empty() && index.entries.size() <= limits::kJournalBatchPages);
  std::fill(page.begin(), page.end(), std::uint8_t{0});
  std::copy(kJournalMagic.begin(), kJournalMagic.end(), page.begin());
  store_be64(page.data() + kIndexBatchAt, index.batch.value);
  store_be32(page.data() + kIndexShardAt, index.shard.value);
  store_be32(page.data() + kIndexCountAt, static_cast<std::uint32_t>(index.entries.size()));
  std::uint8_t* at = page.data() + kIndexEntriesAt;
  for (const JournalEntry& entry : index.entries) {
    encode_entry(entry, at);
    at += limits::kJournalEntryBytes;
  }
  const Sha256Digest hash = sha256(page.first(kIndexHashAt));
  std::copy(hash.begin(), hash.end(), page.begin() + kIndexHashAt);
}

Result<JournalIndex> decode_index(PageView page) {
  const ByteView bytes = page;
  if (text_of(bytes.first(kJournalMagic.size())) != kJournalMagic) return bad_index("not one of this version");
  const Sha256Digest hash = sha256(bytes.first(kIndexHashAt));
  if (!std::equal(hash.begin(), hash.end(), bytes.begin() + kIndexHashAt)) return bad_index("its hash does not match");

  JournalIndex index;
  index.batch = BatchNumber(load_be64(bytes.data() + kIndexBatchAt));
  index.shard = ShardId(load_be32(bytes.data() + kIndexShardAt));
  const std::uint32_t count = load_be32(bytes.data() + kIndexCountAt);
  if (index.batch.value == 0) return bad_index("batch number 0");
  if (count == 0 || count > limits::kJournalBatchPages) return bad_index("impossible count of pages");
  index.entries.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    auto entry = decode_entry(bytes.data() + kIndexEntriesAt + i * limits::kJournalEntryBytes);
    if (!entry) return entry.error();
    index.entries.push_back(*entry);
  }
  return index;
}

bool begins_as(const JournalEntry& entry, PageView page) {
  const std::uint8_t* at = page.data();
  switch (entry.kind) {
    case PageKind::header:
      return at[0] == kMessageVersion && load_be16(at + 1) == static_cast<std::uint16_t>(MessageSuite::committing);
    case PageKind::frame: return load_be32(at) == entry.seq.value;
    case PageKind::final: return load_be32(at) == kFinalFrameMark && load_be32(at + 4) == entry.seq.value;
  }
  return false;
}

bool is_blank(ByteView bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

std::string to_text(const JournalFileName& name) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "journal-%u-%06u.log", name.shard.value, name.number.value);
  return text.data();
}

std::optional<JournalFileName> parse_journal_file_name(std::string_view text) {
  constexpr std::string_view kBegin = "journal-";
  constexpr std::string_view kEnd = ".log";
  if (text.size() < kBegin.size() + kEnd.size() || text.substr(0, kBegin.size()) != kBegin ||
      text.substr(text.size() - kEnd.size()) != kEnd) {
    return std::nullopt;
  }
  const std::string_view numbers = text.substr(kBegin.size(), text.size() - kBegin.size() - kEnd.size());
  const auto dash = numbers.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto shard = parse_number<std::uint32_t>(numbers.substr(0, dash));
  const auto number = parse_number<std::uint32_t>(numbers.substr(dash + 1));
  if (!shard || !number) return std::nullopt;
  const JournalFileName name{ShardId(*shard), JournalFileNumber(*number)};
  // Only the one spelling that to_text gives: two names for one file would be two files.
  if (name.number.value == 0 || to_text(name) != text) return std::nullopt;
  return name;
}

}  // namespace assent
