#include "engine/journal/journal_format.h"

#include "catch.h"
#include "crypto/sha256.h"
#include "journal_bench.h"

namespace assent {
namespace {

using test::segment_numbered;

JournalIndex index_of_two() {
  return {BatchNumber(0x0102030405060708),
          ShardId(9),
          {test::header_of(segment_numbered(1)), test::final_of(segment_numbered(2), 77)}};
}

Page encoded(const JournalIndex& index) {
  Page page{};
  encode_index(index, page);
  return page;
}

void rehash(Page& page) {
  const Sha256Digest hash = sha256(ByteView(page).first(kIndexHashAt));
  std::copy(hash.begin(), hash.end(), page.begin() + kIndexHashAt);
}

TEST_CASE("an index page is laid out as drawn") {
  const Page page = encoded(index_of_two());
  CHECK(text_of(ByteView(page).first(8)) == "asjrnl01");
  CHECK(load_be64(page.data() + 8) == 0x0102030405060708);
  CHECK(load_be32(page.data() + 16) == 9);
  CHECK(load_be32(page.data() + 20) == 2);
  CHECK(std::equal(page.begin() + 24, page.begin() + 40, segment_numbered(1).bytes.begin()));
  CHECK(load_be32(page.data() + 40) == 0);
  CHECK(load_be16(page.data() + 44) == 1);
  CHECK(load_be16(page.data() + 46) == 0);
  CHECK(load_be32(page.data() + 48 + 16) == 77);
  CHECK(load_be16(page.data() + 48 + 20) == 3);
  CHECK(is_blank(ByteView(page).subspan(72, 4064 - 72)));
  const Sha256Digest hash = sha256(ByteView(page).first(4064));
  CHECK(std::equal(hash.begin(), hash.end(), page.begin() + 4064));
}

TEST_CASE("a full index page reads back") {
  JournalIndex index{BatchNumber(1), ShardId(0), {}};
  for (std::uint32_t i = 1; i <= limits::kJournalBatchPages; ++i) {
    index.entries.push_back(test::frame_of(segment_numbered(i), i));
  }
  const auto decoded = decode_index(encoded(index));
  REQUIRE(decoded);
  CHECK(*decoded == index);
}

TEST_CASE("an index page with any single bit flipped is recognised") {
  const Page good = encoded(index_of_two());
  for (std::size_t bit = 0; bit < good.size() * 8; bit += 7) {
    Page page = good;
    page[bit / 8] = static_cast<std::uint8_t>(page[bit / 8] ^ (1U << (bit % 8)));
    REQUIRE_FALSE(decode_index(page));
  }
}

TEST_CASE("an index page with a right hash and impossible fields is refused") {
  struct Change {
    std::size_t at;
    std::uint8_t value;
  };
  const auto change =
      GENERATE(Change{23, 0}, Change{23, 169}, Change{20, 1}, Change{45, 0}, Change{45, 4}, Change{47, 1},
               Change{43, 1}, Change{45, 2}, Change{64 + 3, 0}, Change{0, 'A'}, Change{7, '2'});
  Page page = encoded(index_of_two());
  page[change.at] = change.value;
  rehash(page);
  CHECK_FALSE(decode_index(page));
}

TEST_CASE("batch number 0 is refused") {
  JournalIndex index = index_of_two();
  index.batch = BatchNumber(0);
  CHECK_FALSE(decode_index(encoded(index)));
}

TEST_CASE("a data page is known by its first bytes") {
  const SegmentId segment = segment_numbered(5);
  for (const JournalEntry& entry : {test::header_of(segment), test::frame_of(segment, 3), test::final_of(segment, 4)}) {
    CHECK(begins_as(entry, test::page_content(entry)));
    CHECK_FALSE(begins_as(entry, test::page_content(test::frame_of(segment, 9))));
    CHECK_FALSE(begins_as(entry, Page{}));
  }
}

TEST_CASE("journal file names read back, and only in their one spelling") {
  const JournalFileName name{ShardId(12), JournalFileNumber(1234567)};
  CHECK(to_text(JournalFileName{ShardId(0), JournalFileNumber(17)}) == "journal-0-000017.log");
  CHECK(parse_journal_file_name(to_text(name)) == name);
  for (const char* text : {"journal-0-17.log", "journal-0-000000.log", "journal--000017.log",
                           "journal-0-000017.log.tmp", "journal-00-000017.log", "journal-0-+00017.log",
                           "journal-0-99999999999.log", "journal-0.log", "catalog.db", "journal-.log", ""}) {
    CHECK_FALSE(parse_journal_file_name(text));
  }
}

}  // namespace
}  // namespace assent
