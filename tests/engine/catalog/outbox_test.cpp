// What processors are told is booked with what it tells of.
#include <nlohmann/json.hpp>

#include "catalog_rows.h"
#include "engine/catalog/erasure_record.h"
#include "engine/catalog/leg_erasure.h"
#include "engine/catalog/processor_event.h"

using namespace assent;
using namespace assent::test;
using nlohmann::json;

namespace {

ProcessorRow processor(std::string name, std::string purposes = R"(["quality"])") {
  return {std::move(name), std::move(purposes), "example.com", at_ms(0)};
}

struct Told {
  TempFolder folder;
  std::unique_ptr<SqliteCatalog> catalog = open_catalog(folder);
  CallRows rows;

  Told() { rows.book_all(*catalog); }

  void book(std::vector<Booking> bookings) { REQUIRE_OK(catalog->book(bookings)); }
  void set(std::vector<ProcessorRow> all, std::int64_t ms = 1) {
    book({booking::SetProcessors{std::move(all), at_ms(ms)}});
  }
  ConsentRow consent(const std::string& decision, const std::string& purpose = "quality", std::size_t who = 0) const {
    ConsentRow row;
    row.id = new_id<ConsentId>(at_ms(100));
    row.call = rows.call.id;
    row.participant = rows.participants[who].id;
    row.purpose = purpose;
    row.decision = decision;
    row.signal_type = "api";
    row.notice_json = "{}";
    row.origin = "token:x";
    row.at = at_ms(100);
    return row;
  }
  void decide(const std::string& decision, const std::string& purpose = "quality") {
    book({booking::AddConsent{consent(decision, purpose)}});
  }
  ErasureRow erasure(std::string kind, std::string target) const {
    const json steps = {{{"at", to_rfc3339(at_ms(200))}, {"step", "begun"}, {"what", "begun"}}};
    return {new_id<ErasureId>(at_ms(200)), std::move(kind), std::move(target), at_ms(200), {}, steps.dump()};
  }
  std::vector<DeliveryRow> pending(std::string_view name) const {
    return *catalog->deliveries(name, DeliveryState::pending, 1000);
  }
  std::vector<std::string> kinds(std::string_view name) const {
    std::vector<std::string> all;
    for (const DeliveryRow& row : pending(name)) all.push_back(row.kind);
    return all;
  }
  void note(const DeliveryRow& row, DeliveryState state, std::string why = {}, std::uint32_t attempts = 1) {
    book({booking::NoteDelivery{row.event, row.processor, state, at_ms(300), attempts, std::move(why)}});
  }
  DeliveryRow now(const DeliveryRow& row) const { return **catalog->delivery(row.processor, row.event); }
  std::vector<json> ledger(std::string_view kind) const {
    std::vector<json> bodies;
    const auto entries = *catalog->ledger({});
    for (const LedgerRow& row : entries) {
      if (row.kind == kind) bodies.push_back(json::parse(row.body_json));
    }
    return bodies;
  }
  // As who erases does at the end, and as the deliveries do.
  ErasureRow close(ErasureRow row) {
    json steps = json::parse(row.steps_json);
    steps.push_back({{"at", to_rfc3339(at_ms(250))}, {"step", "done"}, {"what", "all gone"}});
    row.steps_json = steps.dump();
    row.done = at_ms(250);
    std::vector<Booking> bookings;
    const auto closed = close_erasure(*catalog, {row, rows.call.id, {{"store", at_ms(250)}}, 3}, bookings);
    REQUIRE_OK(closed);
    book(std::move(bookings));
    return *closed;
  }
  bool complete() {
    bool all = true;
    const auto waiting = *catalog->waiting_erasures();
    for (const ErasureRow& row : waiting) {
      std::vector<Booking> bookings;
      const auto closed = complete_erasure(*catalog, row, at_ms(400), bookings);
      REQUIRE_OK(closed);
      all = all && *closed;
      if (*closed) book(std::move(bookings));
    }
    return all;
  }
};

}  // namespace

TEST_CASE("a grant and its withdrawal are told to the processors of that purpose, with what it concerns") {
  Told told;
  told.set({processor("crm"), processor("stt", R"(["training"])")});
  told.decide("granted");
  told.decide("withdrawn");
  CHECK(told.kinds("crm") == std::vector<std::string>{"consent.granted", "consent.withdrawn"});
  CHECK(told.pending("stt").empty());
  const DeliveryRow row = told.pending("crm").front();
  const json body = json::parse(row.body_json);
  CHECK(body == json{{"id", to_text(row.event)},
                     {"kind", "consent.granted"},
                     {"at", to_rfc3339(at_ms(100))},
                     {"tenant", to_text(told.rows.tenant.id)},
                     {"call", to_text(told.rows.call.id)},
                     {"participant", to_text(told.rows.participants[0].id)},
                     {"subject", to_text(told.rows.subjects[0].id)},
                     {"recording", to_text(told.rows.recording.id)},
                     {"purposes", {"quality"}},
                     {"erasure_scope", "leg"}});
  CHECK(row.call == told.rows.call.id);
  CHECK(row.subject == told.rows.subjects[0].id);
  CHECK_FALSE(row.erasure);
}

TEST_CASE("what leaves things as they were is told to nobody") {
  Told told;
  told.set({processor("crm")});
  for (const char* decision : {"denied", "expired", "withdrawn"}) told.decide(decision);
  CHECK(told.pending("crm").empty());
  told.decide("granted");
  told.decide("granted");  // for longer
  told.decide("expired");
  told.decide("withdrawn");  // of what is over
  CHECK(told.kinds("crm") == std::vector<std::string>{"consent.granted", "consent.granted", "consent.expired"});
}

TEST_CASE("without a processor nothing is told, and who is registered later hears what comes later") {
  Told told;
  told.decide("granted");
  told.book({booking::StartErasure{told.erasure("recording", to_text(told.rows.recording.id))}});
  CHECK(told.catalog->delivery_counts()->empty());
  told.set({processor("crm")});
  told.decide("withdrawn");
  CHECK(told.kinds("crm") == std::vector<std::string>{"consent.withdrawn"});
}

TEST_CASE("a transaction that is refused tells of nothing") {
  Told told;
  told.set({processor("crm")});
  const auto before = told.catalog->outbox_version();
  ConsentRow twice = told.consent("granted");
  const std::vector<Booking> bookings{booking::AddConsent{twice}, booking::AddConsent{twice}};
  CHECK_FALSE(told.catalog->book(bookings));
  CHECK(told.pending("crm").empty());
  CHECK(told.catalog->outbox_version() == before);
  told.decide("granted");
  CHECK(told.catalog->outbox_version() != before);
}

TEST_CASE("every erasure is told to every processor, whatever it is fed by") {
  Told told;
  told.set({processor("crm"), processor("stt", R"(["training"])")});
  const auto start = [&](const std::string& kind, const std::string& target) {
    ErasureRow row = told.erasure(kind, target);
    told.book({booking::StartErasure{row}});
    return row.id;
  };
  const ErasureId recording = start("recording", to_text(told.rows.recording.id));
  const ErasureId subject = start("subject", to_text(told.rows.subjects[1].id));
  const ErasureId tenant = start("tenant", to_text(told.rows.tenant.id));
  start("epoch", to_text(told.rows.epoch_key.id));
  for (const char* name : {"crm", "stt"}) {
    CHECK(told.kinds(name) == std::vector<std::string>{"erasure.recording", "erasure.subject", "erasure.tenant"});
    const auto rows = told.pending(name);
    CHECK(rows[0].erasure == recording);
    CHECK(rows[0].call == told.rows.call.id);
    CHECK(json::parse(rows[0].body_json)["recording"] == to_text(told.rows.recording.id));
    CHECK(rows[1].erasure == subject);
    CHECK(rows[1].subject == told.rows.subjects[1].id);
    CHECK(rows[1].tenant == told.rows.tenant.id);
    CHECK(rows[2].erasure == tenant);
    CHECK(rows[2].tenant == told.rows.tenant.id);
  }
  CHECK(told.catalog->deliveries_of(recording)->size() == 2);
}

TEST_CASE("the erasure of some legs names them and whose they are, and is silent as a part of another") {
  Told told;
  told.set({processor("crm")});
  const auto erase = [&](const std::string& by) {
    Destroyed destroyed;
    destroyed.add(told.rows.legs[1].id);
    return booking::EraseLegs{new_id<ErasureId>(at_ms(200)),
                              told.rows.call.id,
                              by,
                              at_ms(200),
                              {told.rows.participants[1].id},
                              {},
                              std::nullopt,
                              destroyed.to_json().dump()};
  };
  std::vector<Booking> bookings;
  bookings.emplace_back(erase("token:x"));
  bookings.emplace_back(erase("erasure:" + to_text(new_id<ErasureId>(at_ms(1)))));
  told.book(std::move(bookings));
  REQUIRE(told.kinds("crm") == std::vector<std::string>{"erasure.participant"});
  const json body = json::parse(told.pending("crm").front().body_json);
  CHECK(body["call"] == to_text(told.rows.call.id));
  CHECK(body["leg"] == to_text(told.rows.legs[1].id));
  CHECK(body["participant"] == to_text(told.rows.participants[1].id));
  CHECK(body["subject"] == to_text(told.rows.subjects[1].id));
}

TEST_CASE("an erasure that waits for a hold is told of when it begins") {
  Told told;
  told.set({processor("crm")});
  const HoldRow hold{
      new_id<HoldId>(at_ms(1)), HoldTarget::call, told.rows.call.id.bytes, "case 7", "token:x", at_ms(1)};
  told.book({booking::PlaceHold{hold}});
  Destroyed destroyed;
  destroyed.add(told.rows.legs[1].id);
  const booking::EraseLegs erase{new_id<ErasureId>(at_ms(200)),
                                 told.rows.call.id,
                                 "token:x",
                                 at_ms(200),
                                 {told.rows.participants[1].id},
                                 {},
                                 std::nullopt,
                                 destroyed.to_json().dump()};
  told.book({erase});
  CHECK(told.kinds("crm").empty());

  told.book({booking::EndHold{hold.id, at_ms(300), "token:x", "closed"}});
  told.book(begin_held_leg_erasure(erase, **told.catalog->erasure(erase.id)));
  REQUIRE(told.kinds("crm") == std::vector<std::string>{"erasure.participant"});
  const json body = json::parse(told.pending("crm").front().body_json);
  CHECK(body["erasure"] == to_text(erase.id));
  CHECK(body["leg"] == to_text(told.rows.legs[1].id));
}

TEST_CASE("who is a processor, and who no longer, goes on the ledger once") {
  Told told;
  told.set({processor("crm"), processor("stt")}, 1);
  told.set({processor("crm"), processor("stt")}, 2);
  told.set({processor("crm", R"(["training"])")}, 3);
  told.set({processor("crm", R"(["training"])"), processor("stt")}, 4);
  std::vector<std::string> changes;
  for (const json& body : told.ledger("processor")) {
    changes.push_back(body["processor"].get<std::string>() + " " + body["change"].get<std::string>());
  }
  CHECK(changes ==
        std::vector<std::string>{"crm registered", "stt registered", "crm changed", "stt removed", "stt registered"});
  CHECK(told.ledger("processor")[2] ==
        json{{"processor", "crm"}, {"change", "changed"}, {"host", "example.com"}, {"purposes", {"training"}}});
  CHECK_FALSE(told.catalog->processors()->at(1).removed);
}

TEST_CASE("a processor that was removed is told nothing new, and what is open stays") {
  Told told;
  told.set({processor("crm")});
  told.decide("granted");
  told.set({});
  told.decide("withdrawn");
  CHECK(told.kinds("crm") == std::vector<std::string>{"consent.granted"});
  CHECK(told.catalog->processors()->at(0).removed == at_ms(1));
}

TEST_CASE("what is settled stays as it is, whatever is noted of it later") {
  Told told;
  told.set({processor("crm")});
  told.book({booking::StartErasure{told.erasure("recording", to_text(told.rows.recording.id))}});
  const DeliveryRow row = told.pending("crm").front();
  told.note(row, DeliveryState::pending, "it answered 500", 1);
  CHECK(told.now(row).attempts == 1);
  CHECK(told.now(row).last_error == "it answered 500");
  told.note(row, DeliveryState::accepted, {}, 2);
  CHECK(told.now(row).state == DeliveryState::accepted);
  told.note(row, DeliveryState::pending, "a late failure", 3);  // of an attempt before
  CHECK(told.now(row).state == DeliveryState::accepted);
  told.note(row, DeliveryState::confirmed, {}, 0);
  CHECK(told.now(row).state == DeliveryState::confirmed);
  CHECK(told.now(row).attempts == 2);
  CHECK(told.now(row).settled == at_ms(300));
  told.note(row, DeliveryState::accepted, {}, 9);
  told.note(row, DeliveryState::dead, "late", 9);
  told.book({booking::RetryDeliveries{"crm", at_ms(500)}});
  CHECK(told.now(row).state == DeliveryState::confirmed);
  CHECK(told.now(row).attempts == 2);
}

TEST_CASE("what was given up can be tried again from the first attempt on") {
  Told told;
  told.set({processor("crm")});
  told.decide("granted");
  const DeliveryRow row = told.pending("crm").front();
  told.note(row, DeliveryState::dead, "it answered 500", 30);
  CHECK(told.pending("crm").empty());
  CHECK(told.catalog->delivery_counts()->at(0).state == DeliveryState::dead);
  told.book({booking::RetryDeliveries{"crm", at_ms(500)}});
  const DeliveryRow again = told.pending("crm").at(0);
  CHECK(again.attempts == 0);
  CHECK(again.queued == at_ms(500));
  CHECK(again.created == row.created);
  CHECK(again.body_json == row.body_json);
}

TEST_CASE("an erasure waits for its processors, and closes once when the last has confirmed") {
  Told told;
  told.set({processor("crm"), processor("stt")});
  ErasureRow row = told.erasure("recording", to_text(told.rows.recording.id));
  const json began{{"by", "admin"}, {"destroyed", json::object()}, {"erasure", to_text(row.id)}, {"step", "begun"}};
  told.book({booking::StartErasure{row},
             booking::AddLedger{{LedgerKind::erasure_step, at_ms(200), told.rows.call.id, began.dump()}}});
  row = told.close(row);
  CHECK_FALSE(row.done);
  CHECK(told.catalog->unfinished_erasures()->empty());  // nothing is left to do here
  REQUIRE(told.catalog->waiting_erasures()->size() == 1);
  CHECK(told.ledger("erasure_done").empty());
  CHECK_FALSE(told.complete());

  const auto deliveries = *told.catalog->deliveries_of(row.id);
  told.note(deliveries[0], DeliveryState::confirmed);
  CHECK_FALSE(told.complete());
  told.note(deliveries[1], DeliveryState::confirmed);
  CHECK(told.complete());
  told.note(deliveries[1], DeliveryState::confirmed);
  CHECK(told.complete());
  CHECK(told.catalog->waiting_erasures()->empty());
  const auto done = told.ledger("erasure_done");
  REQUIRE(done.size() == 1);
  CHECK(done[0]["objects"] == 3);
  CHECK(done[0]["confirmed"][0]["by"] == "store");
  CHECK(done[0]["processors"] == json::array({{{"at", to_rfc3339(at_ms(300))}, {"name", "crm"}},
                                              {{"at", to_rfc3339(at_ms(300))}, {"name", "stt"}}}));
  const auto record = *erasure_record(*told.catalog, **told.catalog->erasure(row.id));
  REQUIRE(record);
  CHECK(record->done == at_ms(400));
  REQUIRE(record->processors.size() == 2);
  CHECK(record->processors[0].name == "crm");
  CHECK(record->steps.back().first == "done");
}

TEST_CASE("an erasure whose processors confirm before it is through here closes at once") {
  Told told;
  told.set({processor("crm")});
  const ErasureRow row = told.erasure("recording", to_text(told.rows.recording.id));
  told.book({booking::StartErasure{row}});
  told.note(told.pending("crm").front(), DeliveryState::confirmed);
  CHECK(told.close(row).done == at_ms(250));
  CHECK(told.catalog->waiting_erasures()->empty());
}

TEST_CASE("what is waived closes an erasure, and says why on the ledger and in its record") {
  Told told;
  told.set({processor("crm"), processor("stt")});
  ErasureRow row = told.erasure("recording", to_text(told.rows.recording.id));
  const json began{{"by", "admin"}, {"destroyed", json::object()}, {"erasure", to_text(row.id)}, {"step", "begun"}};
  told.book({booking::StartErasure{row},
             booking::AddLedger{{LedgerKind::erasure_step, at_ms(200), told.rows.call.id, began.dump()}}});
  told.decide("granted");
  row = told.close(row);
  told.note(told.catalog->deliveries_of(row.id)->at(0), DeliveryState::confirmed);
  told.book({booking::WaiveDeliveries{"stt", row.id, "out of business", "token:admin", at_ms(350)}});
  CHECK(told.complete());
  const auto record = *erasure_record(*told.catalog, **told.catalog->erasure(row.id));
  REQUIRE(record);
  CHECK(record->processors[0].waived.empty());
  CHECK(record->processors[1].waived == "out of business");
  CHECK(record->processors[1].at == at_ms(350));
  CHECK(told.ledger("processor").back() == json{{"processor", "stt"},
                                                {"change", "waived"},
                                                {"by", "token:admin"},
                                                {"reason", "out of business"},
                                                {"events", 1},
                                                {"erasures", {to_text(row.id)}}});
  CHECK(told.kinds("stt") == std::vector<std::string>{"consent.granted"});  // of no erasure: not asked for
  const std::vector<Booking> again{booking::WaiveDeliveries{"stt", row.id, "x", "token:admin", at_ms(360)}};
  CHECK(told.catalog->book(again).error().code == Errc::not_found);
}

TEST_CASE("what is settled is forgotten after a while, but not what an open erasure needs") {
  Told told;
  told.set({processor("crm")});
  told.decide("granted");
  const DeliveryRow old = told.pending("crm").front();
  told.note(old, DeliveryState::delivered);
  told.book({booking::StartErasure{told.erasure("recording", to_text(told.rows.recording.id))}});
  const DeliveryRow needed = told.pending("crm").front();
  told.note(needed, DeliveryState::confirmed);
  told.decide("withdrawn");
  const DeliveryRow last = told.pending("crm").front();
  const WallTime later = at_ms(300) + limits::kDeliveryKept + 1s;
  told.book({booking::NoteDelivery{last.event, "crm", DeliveryState::delivered, later, 1, {}}});
  CHECK_FALSE(told.catalog->delivery("crm", old.event)->has_value());
  CHECK(told.catalog->delivery("crm", needed.event)->has_value());
  CHECK(told.catalog->delivery("crm", last.event)->has_value());
}
