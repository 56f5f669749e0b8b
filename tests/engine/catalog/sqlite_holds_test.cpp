// Holds and ends in the catalog: what covers what, what a transaction refuses, what waits, and what is due.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "catalog_rows.h"
#include "engine/catalog/leg_erasure.h"

using namespace assent;
using namespace assent::test;

namespace {

// Three calls of one tenant: two of the same two people, one of others.
struct Held {
  TempFolder folder;
  std::unique_ptr<SqliteCatalog> catalog = open_catalog(folder);
  CallRows first;
  CallRows second = CallRows::another(first, at_ms(100));
  CallRows others = apart();

  Held() {
    first.book_all(*catalog);
    REQUIRE_OK(catalog->book(second.call_bookings()));
    std::vector<Booking> people;
    for (std::size_t i = 0; i < 2; ++i) {
      people.emplace_back(booking::AddKey{others.subject_keys[i]});
      people.emplace_back(booking::AddSubject{others.subjects[i]});
    }
    REQUIRE_OK(catalog->book(people));
    REQUIRE_OK(catalog->book(others.call_bookings()));
  }

  CallRows apart() const {
    CallRows fresh;
    CallRows rows = CallRows::another(first, at_ms(200));
    for (std::size_t i = 0; i < 2; ++i) {
      rows.subject_keys[i] = random_key(KeyKind::subject, first.tenant_key.id);
      rows.subjects[i] = fresh.subjects[i];
      rows.subjects[i].tenant = first.tenant.id;
      rows.subjects[i].key = rows.subject_keys[i].id;
      rows.leg_keys[i] = random_key(KeyKind::leg, rows.subject_keys[i].id);
      rows.legs[i].key = rows.leg_keys[i].id;
      rows.participants[i].subject = rows.subjects[i].id;
      rows.participants[i].key = rows.subject_keys[i].id;
    }
    return rows;
  }

  void book(std::vector<Booking> bookings) { REQUIRE_OK(catalog->book(bookings)); }
  Errc refusal(std::vector<Booking> bookings) {
    const auto booked = catalog->book(bookings);
    REQUIRE_FALSE(booked);
    return booked.error().code;
  }
  template <typename IdType>
  HoldId hold(HoldTarget target, IdType id, std::optional<WallTime> until = std::nullopt) {
    const HoldRow row{new_id<HoldId>(at_ms(300)), target, id.bytes, "case 1", "the-admin", at_ms(300), until};
    book({booking::PlaceHold{row}});
    return row.id;
  }
  void end(HoldId id) { book({booking::EndHold{id, at_ms(400), "the-admin", "closed"}}); }
  template <typename IdType>
  bool covered(HoldTarget target, IdType id) {
    const auto holds = catalog->holds_over(target, id.bytes);
    REQUIRE_OK(holds);
    return !holds->empty();
  }
  // Of the three calls, which are covered.
  std::vector<bool> calls() {
    return {covered(HoldTarget::call, first.call.id), covered(HoldTarget::call, second.call.id),
            covered(HoldTarget::recording, others.recording.id)};
  }
};

booking::EraseLegs erase_all(const CallRows& rows) {
  return {new_id<ErasureId>(at_ms(9)),
          rows.call.id,
          "token:t",
          at_ms(9),
          {rows.participants[0].id},
          {rows.leg_keys[0].id, rows.leg_keys[1].id},
          rows.recording.id,
          R"({"keys":[]})"};
}

}  // namespace

TEST_CASE("a hold covers the call it is on, all of a person's, all of a tenant's, and nothing when it is over") {
  Held held;
  CHECK(held.calls() == std::vector<bool>{false, false, false});
  std::vector<HoldId> holds;
  SECTION("on a recording") {
    holds.push_back(held.hold(HoldTarget::recording, held.first.recording.id));
    CHECK(held.calls() == std::vector<bool>{true, false, false});
  }
  SECTION("on a call") {
    holds.push_back(held.hold(HoldTarget::call, held.second.call.id));
    CHECK(held.calls() == std::vector<bool>{false, true, false});
  }
  SECTION("on a person") {
    holds.push_back(held.hold(HoldTarget::subject, held.first.subjects[1].id));
    CHECK(held.calls() == std::vector<bool>{true, true, false});
  }
  SECTION("on the tenant") {
    holds.push_back(held.hold(HoldTarget::tenant, held.first.tenant.id));
    CHECK(held.calls() == std::vector<bool>{true, true, true});
  }
  for (const HoldId id : holds) held.end(id);
  CHECK(held.calls() == std::vector<bool>{false, false, false});
  CHECK(held.refusal({booking::EndHold{holds.front(), at_ms(500), "x", ""}}) == Errc::not_found);
}

TEST_CASE("a person and a tenant are covered by what covers any of their calls") {
  Held held;
  const auto customer = held.first.subjects[0].id;
  const auto stranger = held.others.subjects[0].id;
  const auto tenant = held.first.tenant.id;
  const auto check = [&](HoldId hold, bool over_stranger) {
    CHECK(held.covered(HoldTarget::subject, customer));
    CHECK(held.covered(HoldTarget::subject, stranger) == over_stranger);
    CHECK(held.covered(HoldTarget::tenant, tenant));
    held.end(hold);
    CHECK_FALSE(held.covered(HoldTarget::subject, customer));
    CHECK_FALSE(held.covered(HoldTarget::tenant, tenant));
  };
  check(held.hold(HoldTarget::recording, held.second.recording.id), false);
  check(held.hold(HoldTarget::call, held.second.call.id), false);
  check(held.hold(HoldTarget::subject, customer), false);
  check(held.hold(HoldTarget::subject, held.first.subjects[1].id), false);  // whom they spoke with
  check(held.hold(HoldTarget::tenant, tenant), true);
}

TEST_CASE("of several holds the one that lasts longest comes first") {
  Held held;
  held.hold(HoldTarget::call, held.first.call.id, at_ms(1000));
  const HoldId longest = held.hold(HoldTarget::subject, held.first.subjects[0].id);
  held.hold(HoldTarget::recording, held.first.recording.id, at_ms(2000));
  const auto holds = held.catalog->holds_over(HoldTarget::call, held.first.call.id.bytes);
  REQUIRE_OK(holds);
  REQUIRE(holds->size() == 3);
  CHECK(holds->front().id == longest);
  CHECK((*holds)[1].until == at_ms(2000));
  CHECK(held.catalog->next_hold_end().value() == at_ms(1000));
}

TEST_CASE("a transaction that requires that nothing is held does nothing while something is") {
  Held held;
  const std::vector<Booking> bookings{booking::RequireNoHold{HoldTarget::call, held.first.call.id.bytes},
                                      booking::DestroyKey{held.first.leg_keys[0].id}};
  const HoldId hold = held.hold(HoldTarget::subject, held.first.subjects[0].id);
  CHECK(held.refusal(bookings) == Errc::conflict);
  CHECK(held.catalog->key(held.first.leg_keys[0].id)->has_value());
  held.end(hold);
  held.book(bookings);
  CHECK_FALSE(held.catalog->key(held.first.leg_keys[0].id)->has_value());
}

TEST_CASE("a withdrawal that erases takes the keys, or waits with all of them while a hold covers the call") {
  Held held;
  const auto erase = erase_all(held.first);
  SECTION("nothing is held") {
    held.book({erase});
    CHECK(held.catalog->unfinished_erasures()->size() == 1);
    CHECK(held.catalog->recording(held.first.recording.id)->value().state == RecordingState::erased);
    CHECK_FALSE(held.catalog->key(held.first.leg_keys[1].id)->has_value());
    return;
  }
  const HoldId hold = held.hold(HoldTarget::call, held.first.call.id);
  held.book({erase});
  CHECK(held.catalog->unfinished_erasures()->empty());
  const auto waiting = held.catalog->held_erasures();
  REQUIRE_OK(waiting);
  REQUIRE(waiting->size() == 1);
  CHECK(request_in(waiting->front()).who == std::set<ParticipantId>{held.first.participants[0].id});
  CHECK(request_in(waiting->front()).by == "token:t");
  for (const WrappedKey& key : held.first.leg_keys) CHECK(held.catalog->key(key.id)->has_value());
  // The end of the call leaves the recording, since its legs wait.
  held.book({booking::EraseUnheld{held.first.recording.id, at_ms(10)},
             booking::CloseRecording{held.first.recording.id, at_ms(10), RecordingState::complete, ""}});
  CHECK(held.catalog->recording(held.first.recording.id)->value().state == RecordingState::complete);

  // It begins when no hold covers the call, and once.
  auto begin = begin_held_leg_erasure(erase, waiting->front());
  CHECK(held.refusal(begin) == Errc::conflict);
  held.end(hold);
  held.book(begin);
  CHECK(held.refusal(begin) == Errc::conflict);
  CHECK(held.catalog->held_erasures()->empty());
  CHECK(held.catalog->unfinished_erasures()->size() == 1);
  CHECK(held.catalog->recording(held.first.recording.id)->value().state == RecordingState::erased);
}

TEST_CASE("a call whose legs were all erased, and of which nothing waits, is closed as erased") {
  Held held;
  held.book({booking::EraseUnheld{held.first.recording.id, at_ms(10)},
             booking::CloseRecording{held.first.recording.id, at_ms(10), RecordingState::complete, ""}});
  CHECK(held.catalog->recording(held.first.recording.id)->value().state == RecordingState::erased);
}

TEST_CASE("holds are listed as they stand, page by page, and then among those that are over; all of it on the ledger") {
  Held held;
  std::vector<HoldId> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(held.hold(HoldTarget::tenant, held.first.tenant.id));
  std::sort(ids.begin(), ids.end());
  held.end(ids[1]);
  HoldFilter filter;
  filter.limit = 3;
  auto page = held.catalog->holds(filter);
  REQUIRE_OK(page);
  REQUIRE(page->size() == 3);
  filter.after = page->back().id;
  page = held.catalog->holds(filter);
  REQUIRE_OK(page);
  REQUIRE(page->size() == 1);
  CHECK(page->front().id == ids[4]);
  const auto over = held.catalog->holds({HoldFilter::Which::ended, {}, 100});
  REQUIRE_OK(over);
  REQUIRE(over->size() == 1);
  CHECK(over->front().ended == at_ms(400));
  CHECK(over->front().ended_by == "the-admin");
  CHECK(over->front().ended_reason == "closed");
  const auto ledger = held.catalog->ledger({});
  REQUIRE_OK(ledger);
  CHECK(ledger->size() == 6);
  const auto body = nlohmann::json::parse(ledger->back().body_json);
  CHECK(ledger->back().kind == "hold");
  CHECK(body["step"] == "released");
  CHECK(body["tenant"] == to_text(held.first.tenant.id));
  CHECK(held.catalog->verify_ledger());
}

// ---- when recordings end ------------------------------------------------------------------------------------------

TEST_CASE("a recording's end is reckoned when it is closed, with a withdrawal, and anew under other rules") {
  Held held;
  held.catalog->keep_recordings(std::make_shared<RetentionRules>());
  const auto expires = [&] { return held.catalog->recording(held.first.recording.id)->value().expires; };
  PurposeRow quality{"quality", "1", "D", "consent", 24, "[]", "file", at_ms(0)};
  PurposeRow training{"training", "1", "D", "consent", 48, "[]", "file", at_ms(0)};
  ConsentRow longer = held.first.consent(0, "granted");
  longer.id = new_id<ConsentId>(at_ms(3));
  longer.purpose = "training";
  held.book({booking::AddPurpose{quality}, booking::AddPurpose{training},
             booking::AddConsent{held.first.consent(0, "granted")}, booking::AddConsent{longer}});
  CHECK_FALSE(expires());
  const Booking close = booking::CloseRecording{held.first.recording.id, at_ms(1000), RecordingState::complete, ""};
  held.book({close});
  CHECK(expires() == at_ms(1000) + 48h);
  ConsentRow withdrawn = longer;
  withdrawn.id = new_id<ConsentId>(at_ms(4));
  withdrawn.decision = "withdrawn";
  held.book({booking::AddConsent{withdrawn}});
  CHECK(expires() == at_ms(1000) + 24h);

  CHECK(held.catalog->recordings_to_plan(10)->empty());
  held.catalog->keep_recordings(std::make_shared<RetentionRules>(RetentionRules{{{"default", {{"quality", 5s}}}}}));
  REQUIRE(held.catalog->recordings_to_plan(10).value() == std::vector<RecordingId>{held.first.recording.id});
  held.book({booking::PlanRetention{held.first.recording.id}});
  CHECK(expires() == at_ms(6000));
  CHECK(held.catalog->recordings_to_plan(10)->empty());

  // In progress again, after a restart; and gone.
  held.book({booking::ReopenRecording{held.first.recording.id, ""}});
  CHECK_FALSE(expires());
  held.book({close, booking::EraseRecording{held.first.recording.id, at_ms(2000)}});
  CHECK_FALSE(expires());
  CHECK(held.catalog->recordings_to_plan(10)->empty());
}

TEST_CASE("what is closed while nobody has said how long it is kept is reckoned when somebody has") {
  Held held;
  held.book({booking::AddPurpose{{"quality", "1", "D", "consent", 24, "[]", "file", at_ms(0)}},
             booking::AddConsent{held.first.consent(0, "granted")},
             booking::CloseRecording{held.first.recording.id, at_ms(1000), RecordingState::complete, ""}});
  CHECK_FALSE(held.catalog->recording(held.first.recording.id)->value().expires);
  CHECK(held.catalog->recordings_to_plan(10)->empty());
  held.catalog->keep_recordings(std::make_shared<RetentionRules>());
  CHECK(held.catalog->recordings_to_plan(10)->size() == 1);
}

TEST_CASE("what is due is found by its time, page by page, and nothing else is read") {
  Held held;
  held.catalog->keep_recordings(std::make_shared<RetentionRules>(RetentionRules{{{"default", {{"quality", 1s}}}}}));
  const std::vector<const CallRows*> calls{&held.first, &held.second, &held.others};
  std::int64_t ended = 3000;
  for (const CallRows* call : calls) {
    held.book({booking::AddConsent{call->consent(0, "granted")},
               booking::CloseRecording{call->recording.id, at_ms(ended), RecordingState::complete, ""}});
    ended -= 1000;
  }
  CHECK(held.catalog->due_recordings(at_ms(1999), {}, 10)->empty());
  const auto due = held.catalog->due_recordings(at_ms(3000), {}, 10);
  REQUIRE_OK(due);
  REQUIRE(due->size() == 2);
  CHECK((*due)[0].id == held.others.recording.id);
  CHECK((*due)[1].id == held.second.recording.id);
  const auto later = held.catalog->due_recordings(at_ms(9000), (*due)[0], 1);
  REQUIRE_OK(later);
  REQUIRE(later->size() == 1);
  CHECK(later->front().id == held.second.recording.id);
}
