#include "engine/journal/journal_ledger.h"

#include <catch2/catch.hpp>

namespace {

using namespace assent;

SegmentId segment(std::uint8_t number) {
  SegmentId id;
  id.bytes[15] = number;
  return id;
}
JournalPlace place(std::uint32_t file, std::uint32_t page) { return {file, page}; }

TEST_CASE("a file is needed until every segment with pages in it is released") {
  JournalLedger ledger;
  ledger.add(segment(1), place(1, 1));
  ledger.add(segment(1), place(1, 2));
  ledger.add(segment(2), place(1, 3));
  ledger.add(segment(1), place(2, 1));
  CHECK(ledger.live_pages() == 4);
  ledger.release(segment(1));
  CHECK(ledger.is_needed(JournalFileNumber(1)));
  CHECK_FALSE(ledger.is_needed(JournalFileNumber(2)));
  ledger.release(segment(2));
  CHECK_FALSE(ledger.is_needed(JournalFileNumber(1)));
  CHECK(ledger.live_pages() == 0);
}

TEST_CASE("pages of a file that is gone are forgotten, and those in other files are not") {
  JournalLedger ledger;
  ledger.add(segment(1), place(1, 1));
  ledger.add(segment(1), place(2, 1));
  ledger.add(segment(1), place(2, 2));
  ledger.forget_file(JournalFileNumber(2));
  CHECK(ledger.places(segment(1)) == std::vector{place(1, 1)});
  CHECK(ledger.live_pages() == 1);
}

TEST_CASE("a segment whose only page in a file was retracted does not outlive its other files") {
  JournalLedger ledger;
  ledger.add(segment(1), place(1, 1));
  ledger.add(segment(1), place(2, 1));
  ledger.retract(segment(1), place(2, 1));
  ledger.release(segment(1));
  ledger.forget_file(JournalFileNumber(1));
  CHECK(ledger.places(segment(1)).empty());
  ledger.forget_file(JournalFileNumber(2));
  CHECK(ledger.live_pages() == 0);
}

TEST_CASE("a segment that comes back to a file after a retraction is found there") {
  JournalLedger ledger;
  ledger.add(segment(1), place(1, 1));
  ledger.retract(segment(1), place(1, 1));
  ledger.add(segment(1), place(1, 2));
  CHECK(ledger.places(segment(1)) == std::vector{place(1, 2)});
  ledger.release(segment(1));
  ledger.forget_file(JournalFileNumber(1));
  CHECK(ledger.places(segment(1)).empty());
}

}  // namespace
