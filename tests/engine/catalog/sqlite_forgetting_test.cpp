#include <algorithm>
#include <random>

#include "catalog_rows.h"

using namespace assent;
using namespace assent::test;

namespace {

// In how many files of the folder any of the values stands.
int files_with(const TempFolder& folder, const std::vector<Bytes>& values) {
  int found = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    const std::string content = read_whole(entry.path());
    found += std::any_of(values.begin(), values.end(),
                         [&](const Bytes& value) { return content.find(text_of(value)) != std::string::npos; });
  }
  return found;
}

}  // namespace

TEST_CASE("a destroyed key is nowhere in the folder once the catalog has forgotten it") {
  const TempFolder folder;
  const auto catalog = open_catalog(folder);
  const CallRows rows;
  rows.book_all(*catalog);
  const std::vector<Bytes> wrapped{rows.leg_keys[0].wrapped};
  CHECK(files_with(folder, wrapped) >= 1);  // the scan does find it
  REQUIRE_OK(catalog->book(std::vector<Booking>{booking::DestroyKey{rows.leg_keys[0].id}}));
  REQUIRE_OK(catalog->forget_deleted());
  CHECK(files_with(folder, wrapped) == 0);
  CHECK(files_with(folder, {rows.leg_keys[1].wrapped}) == 1);
}

TEST_CASE("the sealed fields of an erased recording are nowhere in the folder") {
  const TempFolder folder;
  const auto catalog = open_catalog(folder);
  const CallRows rows;
  rows.book_all(*catalog);
  NoteRow note = rows.note();
  note.sealed_text = random_body(std::size_t{16} * 1024);  // several overflow pages
  REQUIRE_OK(catalog->book(std::vector<Booking>{booking::AddNote{note}}));
  const std::vector<Bytes> sealed{rows.call.sealed_ref,
                                  rows.legs[0].sealed_label,
                                  rows.legs[1].sealed_label,
                                  rows.participants[0].sealed,
                                  rows.participants[1].sealed,
                                  Bytes(note.sealed_text.begin(), note.sealed_text.begin() + 32),
                                  Bytes(note.sealed_text.begin() + 6000, note.sealed_text.begin() + 6032),
                                  Bytes(note.sealed_text.end() - 32, note.sealed_text.end())};
  for (const Bytes& value : sealed) CHECK(files_with(folder, {value}) >= 1);
  REQUIRE_OK(catalog->book(std::vector<Booking>{booking::EraseRecording{rows.recording.id, at_ms(9)}}));
  REQUIRE_OK(catalog->forget_deleted());
  for (const Bytes& value : sealed) CHECK(files_with(folder, {value}) == 0);
  CHECK(files_with(folder, {rows.subjects[0].sealed_ref}) == 1);
}

TEST_CASE("among thousands of rows that came and went in any order no destroyed value is left in any slack") {
  const TempFolder folder;
  const auto catalog = open_catalog(folder);
  const CallRows first;
  first.book_all(*catalog);
  std::mt19937 random(7);  // NOLINT(bugprone-random-generator-seed): the same order every time
  std::vector<CallRows> calls;
  std::vector<Bytes> destroyed;
  // The rows beside the sealed values grow, shrink and go, so that their pages are split and joined.
  for (std::int64_t round = 0; round < 6; ++round) {
    std::vector<Booking> span;
    for (int i = 0; i < 150; ++i) {
      const CallRows& rows = calls.emplace_back(CallRows::another(first, at_ms(1000 * round + i)));
      const auto add = rows.call_bookings();
      span.insert(span.end(), add.begin(), add.end());
      span.emplace_back(booking::AddSegment{rows.segment(0, 1)});
      span.emplace_back(booking::AddNote{rows.note()});
      span.emplace_back(booking::SetLegCounts{rows.legs[0].id, R"({"received":)" + std::to_string(i) + "}"});
    }
    REQUIRE_OK(catalog->book(span));
    span.clear();
    std::shuffle(calls.begin(), calls.end(), random);
    for (int i = 0; i < 120; ++i) {
      const CallRows& rows = calls.back();
      for (const Bytes& value : {rows.call_key.wrapped, rows.leg_keys[0].wrapped, rows.leg_keys[1].wrapped,
                                 rows.call.sealed_ref, rows.call.sealed_settings, rows.legs[0].sealed_media,
                                 rows.legs[0].sealed_label, rows.participants[0].sealed}) {
        destroyed.push_back(value);
      }
      span.emplace_back(booking::DestroyKey{rows.call_key.id});
      span.emplace_back(booking::DestroyKey{rows.leg_keys[0].id});
      span.emplace_back(booking::DestroyKey{rows.leg_keys[1].id});
      span.emplace_back(booking::EraseRecording{rows.recording.id, at_ms(9)});
      calls.pop_back();
    }
    REQUIRE_OK(catalog->book(span));
  }
  REQUIRE_OK(catalog->forget_deleted());
  // Sixteen bytes from the beginning, the middle and the end of each: a part of a value is a trace, too.
  std::vector<std::string> parts;
  parts.reserve(3 * destroyed.size());
  for (const Bytes& value : destroyed) {
    for (const std::size_t from : {std::size_t{0}, value.size() / 2 - 8, value.size() - 16}) {
      parts.push_back(text_of(ByteView(value).subspan(from, 16)));
    }
  }
  std::sort(parts.begin(), parts.end());
  std::size_t found = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    const std::string content = read_whole(entry.path());
    for (std::size_t at = 0; at + 16 <= content.size(); ++at) {
      found += std::binary_search(parts.begin(), parts.end(), std::string_view(content).substr(at, 16));
    }
  }
  CHECK(found == 0);
  for (const CallRows& rows : calls) {
    REQUIRE((*catalog->key(rows.leg_keys[0].id))->wrapped == rows.leg_keys[0].wrapped);
    REQUIRE((*catalog->call(rows.call.id))->sealed_ref == rows.call.sealed_ref);
  }
  REQUIRE_OK(catalog->check_integrity());
}

TEST_CASE("the log is empty after forgetting, and booking goes on") {
  const TempFolder folder;
  const auto catalog = open_catalog(folder);
  const CallRows rows;
  rows.book_all(*catalog);
  REQUIRE_OK(catalog->forget_deleted());
  CHECK(std::filesystem::file_size(folder.path() / "catalog.db-wal") == 0);
  REQUIRE_OK(catalog->book(std::vector<Booking>{booking::AddConsent{rows.consent(0, "granted")}}));
  CHECK(std::filesystem::file_size(folder.path() / "catalog.db-wal") > 0);
}

TEST_CASE("a leg's metrics are replaced, erased, and never there without the leg's key") {
  const TempFolder folder;
  const auto catalog = open_catalog(folder);
  const CallRows rows;
  rows.book_all(*catalog);
  const auto set = [&](const Bytes& sealed) {
    REQUIRE_OK(catalog->book(std::vector<Booking>{booking::SetLegMetrics{rows.legs[1].id, sealed}}));
    return (*catalog->legs(rows.call.id))[1].sealed_metrics;
  };
  CHECK((*catalog->legs(rows.call.id))[1].sealed_metrics.empty());
  const Bytes first = random_body(60);
  const Bytes second = random_body(64);
  CHECK(set(first) == first);
  CHECK(set(second) == second);
  CHECK((*catalog->legs(rows.call.id))[0].sealed_metrics.empty());
  CHECK(set({}).empty());
  CHECK(set(second) == second);
  REQUIRE_OK(catalog->forget_deleted());
  CHECK(files_with(folder, {first}) == 0);
  CHECK(files_with(folder, {second}) >= 1);

  REQUIRE_OK(catalog->book(std::vector<Booking>{booking::DestroyKey{rows.legs[1].key}}));
  CHECK(set(second).empty());
  REQUIRE_OK(catalog->forget_deleted());
  CHECK(files_with(folder, {second}) == 0);
  CHECK(catalog->book(std::vector<Booking>{booking::SetLegMetrics{new_id<LegId>(at_ms(1)), first}}).error().code ==
        Errc::not_found);
}

TEST_CASE("a note is erased by itself") {
  const TempFolder folder;
  const auto catalog = open_catalog(folder);
  const CallRows rows;
  rows.book_all(*catalog);
  const NoteRow gone{new_id<NoteId>(at_ms(1)), rows.call.id, "t", at_ms(1), random_body(50)};
  const NoteRow stays{new_id<NoteId>(at_ms(2)), rows.call.id, "t", at_ms(2), random_body(50)};
  REQUIRE_OK(catalog->book(std::vector<Booking>{booking::AddNote{gone}, booking::AddNote{stays}}));
  REQUIRE_OK(catalog->book(std::vector<Booking>{booking::EraseNote{gone.id}}));
  REQUIRE_OK(catalog->forget_deleted());
  const auto notes = *catalog->notes(rows.call.id);
  REQUIRE(notes.size() == 1);
  CHECK(notes[0].id == stays.id);
  CHECK(files_with(folder, {gone.sealed_text}) == 0);
  CHECK(files_with(folder, {stays.sealed_text}) >= 1);
  CHECK(catalog->book(std::vector<Booking>{booking::EraseNote{gone.id}}).error().code == Errc::not_found);
}
