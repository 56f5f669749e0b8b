#include <algorithm>
#include <thread>

#include "base/limits.h"
#include "catalog_rows.h"

using namespace assent;
using namespace assent::test;

namespace {

// Seven calls a minute apart, oldest first.
std::vector<CallRows> book_calls(Catalog& catalog) {
  std::vector<CallRows> calls{CallRows()};
  calls[0].book_all(catalog);
  for (std::int64_t i = 1; i < 7; ++i) {
    calls.push_back(CallRows::another(calls[0], at_ms(60'000 * i)));
    REQUIRE_OK(catalog.book(calls.back().call_bookings()));
  }
  return calls;
}

std::vector<RecordingId> ids_of(const std::vector<RecordingRow>& rows) {
  std::vector<RecordingId> ids;
  ids.reserve(rows.size());
  for (const auto& row : rows) ids.push_back(row.id);
  return ids;
}

}  // namespace

TEST_CASE("recordings are listed newest first, page by page, each once") {
  const TempFolder folder;
  const auto catalog = open_catalog(folder);
  const auto calls = book_calls(*catalog);
  RecordingFilter filter;
  filter.limit = 3;
  std::vector<RecordingId> seen;
  std::vector<std::size_t> pages;
  for (;;) {
    const auto page = *catalog->recordings(filter);
    if (page.empty()) break;
    pages.push_back(page.size());
    for (const auto& row : page) seen.push_back(row.id);
    filter.after = seen.back();
  }
  CHECK(pages == std::vector<std::size_t>{3, 3, 1});
  REQUIRE(seen.size() == 7);
  for (std::size_t i = 0; i < 7; ++i) CHECK(seen[i] == calls[6 - i].recording.id);
}

TEST_CASE("recordings are filtered by tenant, time and state") {
  const TempFolder folder;
  const auto catalog = open_catalog(folder);
  const auto calls = book_calls(*catalog);
  REQUIRE_OK(catalog->book(
      std::vector<Booking>{booking::CloseRecording{calls[2].recording.id, at_ms(1), RecordingState::complete, ""},
                           booking::CloseRecording{calls[4].recording.id, at_ms(1), RecordingState::complete, ""}}));

  RecordingFilter by_tenant;
  by_tenant.tenant = calls[0].tenant.id;
  CHECK(catalog->recordings(by_tenant)->size() == 7);
  by_tenant.tenant = new_id<TenantId>(at_ms(0));
  CHECK(catalog->recordings(by_tenant)->empty());

  RecordingFilter by_time;
  by_time.from = calls[3].recording.started;  // from is included, to is not
  by_time.to = calls[5].recording.started;
  CHECK(ids_of(*catalog->recordings(by_time)) == std::vector{calls[4].recording.id, calls[3].recording.id});

  RecordingFilter by_state;
  by_state.state = RecordingState::complete;
  CHECK(ids_of(*catalog->recordings(by_state)) == std::vector{calls[4].recording.id, calls[2].recording.id});
  by_state.from = calls[3].recording.started;
  CHECK(ids_of(*catalog->recordings(by_state)) == std::vector{calls[4].recording.id});
}

TEST_CASE("what a tenant has stored is the sum of its segments, less what was removed") {
  const TempFolder folder;
  const auto catalog = open_catalog(folder);
  const auto calls = book_calls(*catalog);
  const TenantId tenant = calls[0].tenant.id;
  CHECK(*catalog->stored_bytes(tenant) == 0);
  SegmentRow first = calls[0].segment(0, 1);
  SegmentRow second = calls[3].segment(1, 1);
  first.size_bytes = 5'000'000'000;
  second.size_bytes = 7;
  REQUIRE_OK(catalog->book(std::vector<Booking>{booking::AddSegment{first}, booking::AddSegment{second}}));
  CHECK(*catalog->stored_bytes(tenant) == 5'000'000'007);
  CHECK(*catalog->stored_bytes(new_id<TenantId>(at_ms(0))) == 0);
  REQUIRE_OK(catalog->book(std::vector<Booking>{booking::RemoveSegment{first.id}}));
  CHECK(*catalog->stored_bytes(tenant) == 7);
}

TEST_CASE("recordings are found by who took part") {
  const TempFolder folder;
  const auto catalog = open_catalog(folder);
  const auto calls = book_calls(*catalog);
  CallRows with_guest = CallRows::another(calls[0], at_ms(1'000'000));
  with_guest.subject_keys[0] = random_key(KeyKind::subject, with_guest.tenant_key.id);
  with_guest.subjects[0] = {new_id<SubjectId>(at_ms(0)), with_guest.tenant.id, random_body(32), random_body(50),
                            with_guest.subject_keys[0].id};
  with_guest.participants[0].subject = with_guest.subjects[0].id;
  REQUIRE_OK(catalog->book(
      std::vector<Booking>{booking::AddKey{with_guest.subject_keys[0]}, booking::AddSubject{with_guest.subjects[0]}}));
  REQUIRE_OK(catalog->book(with_guest.call_bookings()));

  RecordingFilter filter;
  filter.subject = with_guest.subjects[0].id;
  CHECK(ids_of(*catalog->recordings(filter)) == std::vector{with_guest.recording.id});
  filter.subject = calls[0].subjects[1].id;
  CHECK(catalog->recordings(filter)->size() == 8);
  filter.limit = 2;
  filter.after = calls[6].recording.id;
  CHECK(ids_of(*catalog->recordings(filter)) == std::vector{calls[5].recording.id, calls[4].recording.id});
}

TEST_CASE("a listing never gives more rows than its bound, whatever is asked") {
  const TempFolder folder;
  const auto catalog = open_catalog(folder);
  std::vector<Booking> entries;
  for (std::size_t i = 0; i < limits::kCatalogListRows + 5; ++i) {
    entries.emplace_back(booking::AddLedger{{LedgerKind::access, at_ms(1), {}, "{}"}});
  }
  REQUIRE_OK(catalog->book(entries));
  LedgerFilter filter;
  filter.limit = SIZE_MAX;
  CHECK(catalog->ledger(filter)->size() == limits::kCatalogListRows);
  filter.after_seq = limits::kCatalogListRows;
  CHECK(catalog->ledger(filter)->size() == 5);
  filter.after_seq = UINT64_MAX;
  CHECK(catalog->ledger(filter)->empty());
  filter.after_seq = 0;
  filter.limit = 0;
  CHECK(catalog->ledger(filter)->empty());
  CHECK(catalog->verify_ledger()->head.seq == limits::kCatalogListRows + 5);
}

TEST_CASE("the ledger is filtered by call and by who took part") {
  const TempFolder folder;
  const auto catalog = open_catalog(folder);
  const auto calls = book_calls(*catalog);
  std::vector<Booking> entries;
  for (const auto& rows : calls) {
    entries.emplace_back(booking::AddLedger{{LedgerKind::pause, at_ms(1), rows.call.id, R"({"reason":"card"})"}});
    entries.emplace_back(booking::AddLedger{{LedgerKind::engine_start, at_ms(1), {}, "{}"}});
  }
  REQUIRE_OK(catalog->book(entries));
  LedgerFilter of_call;
  of_call.call = calls[2].call.id;
  const auto rows = *catalog->ledger(of_call);
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].seq == 5);
  CHECK(rows[0].kind == "pause");
  LedgerFilter of_subject;
  of_subject.subject = calls[0].subjects[0].id;
  CHECK(catalog->ledger(of_subject)->size() == 7);
  of_subject.call = calls[2].call.id;
  of_subject.after_seq = 5;
  CHECK(catalog->ledger(of_subject)->empty());
  of_subject = {};
  of_subject.subject = new_id<SubjectId>(at_ms(0));
  CHECK(catalog->ledger(of_subject)->empty());
}

TEST_CASE("more threads than connections query while bookings come in, and each sees what was booked before") {
  const TempFolder folder;
  const auto catalog = open_catalog(folder);
  const CallRows rows;
  rows.book_all(*catalog);
  std::atomic<std::uint32_t> booked{0};
  std::atomic<bool> wrong{false};
  std::vector<std::thread> readers;
  for (std::size_t i = 0; i < limits::kCatalogReaders * 2; ++i) {
    readers.emplace_back([&] {
      while (booked < 60 && !wrong) {
        const std::uint32_t before = booked;
        const auto segments = catalog->segments(rows.recording.id);
        if (!segments || segments->size() < before) wrong = true;
      }
    });
  }
  for (std::uint32_t i = 0; i < 60; ++i) {
    const Booking add = booking::AddSegment{rows.segment(i % 2, i)};
    if (!catalog->book({&add, 1})) wrong = true;
    ++booked;
  }
  for (auto& reader : readers) reader.join();
  CHECK_FALSE(wrong);
}

TEST_CASE("a live call of somebody, or of a tenant, is found among those that are over") {
  const TempFolder folder;
  const auto catalog = open_catalog(folder);
  const CallRows over;
  over.book_all(*catalog);
  const CallRows other = CallRows::another(over, at_ms(20));
  CHECK(*catalog->live_call_of(over.subjects[0].id) == over.call.id);
  CHECK(*catalog->live_call_of(over.tenant.id) == over.call.id);
  REQUIRE_OK(catalog->book(std::vector<Booking>{booking::EndCall{over.call.id, at_ms(30), CallState::ended}}));
  CHECK_FALSE(*catalog->live_call_of(over.subjects[0].id));
  CHECK_FALSE(*catalog->live_call_of(over.tenant.id));
  REQUIRE_OK(catalog->book(other.call_bookings()));
  CHECK(*catalog->live_call_of(over.subjects[1].id) == other.call.id);
  CHECK(*catalog->live_call_of(over.tenant.id) == other.call.id);
  CHECK_FALSE(*catalog->live_call_of(new_id<SubjectId>(at_ms(1))));
  CHECK_FALSE(*catalog->live_call_of(new_id<TenantId>(at_ms(1))));
}
