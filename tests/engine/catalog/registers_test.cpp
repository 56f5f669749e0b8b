// Consents for a time, consents on file, and the registers of notices and purposes, as the catalog keeps them.
#include <fstream>
#include <nlohmann/json.hpp>

#include "catalog_rows.h"
#include "crypto/sha256.h"
#include "engine/catalog/ledger.h"
#include "engine/catalog/notices.h"
#include "engine/catalog/person_fields.h"
#include "engine/catalog/sqlite_schema.h"

using namespace assent;
using namespace assent::test;

namespace {

void check_error(const Result<void>& result, Errc code) {
  REQUIRE_FALSE(result);
  INFO(result.error().what);
  CHECK(result.error().code == code);
}

NoticeRow notice(std::string version, std::string language, std::string text) {
  const Sha256Digest hash = sha256(bytes_of(text));
  return {"n1", std::move(version), std::move(language), std::move(text), {hash.begin(), hash.end()}, "file", at_ms(1)};
}

StandingConsentRow standing(const CallRows& rows) {
  return {new_id<StandingId>(at_ms(2)),
          rows.subjects[1].id,
          R"(["quality"])",
          at_ms(2),
          at_ms(9000),
          R"({"id":"n1"})",
          random_body(70),
          "token:t",
          at_ms(2),
          {}};
}

ConsentRow granted_by(const CallRows& rows, const StandingConsentRow& standing) {
  ConsentRow row = rows.consent(1, "granted");
  row.signal_type = "standing";
  row.signal_value = to_text(standing.id);
  row.valid_until = standing.until;
  return row;
}

}  // namespace

TEST_CASE("a consent's end comes back, and is bound to the ledger") {
  const TempFolder folder;
  const auto catalog = open_catalog(folder);
  const CallRows rows;
  rows.book_all(*catalog);
  ConsentRow row = rows.consent(0, "granted");
  row.valid_until = at_ms(77);
  REQUIRE_OK(catalog->book(std::vector<Booking>{booking::AddConsent{row}}));
  const auto back = *catalog->consents(rows.call.id);
  REQUIRE(back.size() == 1);
  CHECK(back[0].valid_until == at_ms(77));
  REQUIRE_OK(catalog->verify_ledger());
  ConsentRow longer = row;
  longer.valid_until = at_ms(78);
  CHECK(*consent_hash(longer) != *consent_hash(row));
  longer.valid_until.reset();
  CHECK(*consent_hash(longer) != *consent_hash(row));
}

TEST_CASE("a catalog from before there were ends and registers is brought up, and its chain still holds") {
  const TempFolder folder;
  const CallRows rows;
  {
    std::ofstream(folder.path() / "catalog.db").close();
    auto database = SqliteDatabase::open((folder.path() / "catalog.db").string(), SqliteDatabase::Access::write);
    REQUIRE_OK(database);
    REQUIRE_OK(migrate(**database, catalog_migrations().first(1)));
    CHECK(**(*database)->value<int>("PRAGMA user_version") == 1);
  }
  const auto catalog = open_catalog(folder);
  rows.book_all(*catalog);
  REQUIRE_OK(catalog->book(std::vector<Booking>{booking::AddConsent{rows.consent(0, "granted")}}));
  CHECK(catalog->notices({})->empty());
  REQUIRE_OK(catalog->verify_ledger());
  REQUIRE_OK(catalog->check_integrity());
}

TEST_CASE("a consent without an end has the hash that it had before there were any") {
  ConsentRow row;
  row.purpose = "quality";
  row.decision = "granted";
  row.signal_type = "api";
  row.at = at_ms(3);
  const std::string nil = to_text(ConsentId{});
  const std::string before = R"({"at_ns":1700000000003000000,"call":")" + nil + R"(","decision":"granted","id":")" +
                             nil + R"(","media_time_ns":null,"notice":null,"origin":"","participant":")" + nil +
                             R"(","preroll_ms":0,"purpose":"quality","signal_type":"api","signal_value":""})";
  CHECK(*consent_hash(row) == sha256(bytes_of(before)));
}

TEST_CASE("a consent on file comes back, ends once, and never changes") {
  const TempFolder folder;
  const auto catalog = open_catalog(folder);
  const CallRows rows;
  rows.book_all(*catalog);
  const StandingConsentRow row = standing(rows);
  REQUIRE_OK(catalog->book(std::vector<Booking>{booking::AddStandingConsent{row, rows.subjects[1].key}}));
  const auto back = *catalog->standing_consents(rows.subjects[1].id);
  REQUIRE(back.size() == 1);
  CHECK(back[0].id == row.id);
  CHECK(back[0].purposes_json == row.purposes_json);
  CHECK(back[0].from == row.from);
  CHECK(back[0].until == row.until);
  CHECK(back[0].sealed_evidence == row.sealed_evidence);
  CHECK_FALSE(back[0].withdrawn);
  CHECK(catalog->standing_consents(rows.subjects[0].id)->empty());

  REQUIRE_OK(catalog->book(std::vector<Booking>{booking::WithdrawStandingConsent{row.id, at_ms(50)}}));
  CHECK(catalog->standing_consents(rows.subjects[1].id)->at(0).withdrawn == at_ms(50));
  check_error(catalog->book(std::vector<Booking>{booking::WithdrawStandingConsent{row.id, at_ms(60)}}), Errc::conflict);
  check_error(
      catalog->book(std::vector<Booking>{booking::WithdrawStandingConsent{new_id<StandingId>(at_ms(1)), at_ms(60)}}),
      Errc::conflict);
  CHECK(catalog->standing_consents(rows.subjects[1].id)->at(0).withdrawn == at_ms(50));
}

TEST_CASE("a consent on file that is withdrawn grants nothing any more") {
  const TempFolder folder;
  const auto catalog = open_catalog(folder);
  const CallRows rows;
  rows.book_all(*catalog);
  const StandingConsentRow row = standing(rows);
  check_error(catalog->book(std::vector<Booking>{booking::AddConsent{granted_by(rows, row)}}), Errc::conflict);
  REQUIRE_OK(catalog->book(std::vector<Booking>{booking::AddStandingConsent{row, rows.subjects[1].key}}));
  REQUIRE_OK(catalog->book(std::vector<Booking>{booking::AddConsent{granted_by(rows, row)}}));
  REQUIRE_OK(catalog->book(std::vector<Booking>{booking::WithdrawStandingConsent{row.id, at_ms(50)}}));
  check_error(catalog->book(std::vector<Booking>{booking::AddConsent{granted_by(rows, row)}}), Errc::conflict);
  ConsentRow no = granted_by(rows, row);
  no.decision = "withdrawn";
  REQUIRE_OK(catalog->book(std::vector<Booking>{booking::AddConsent{no}}));
  CHECK(catalog->consents(rows.call.id)->size() == 2);
}

TEST_CASE("a notice is kept once for each version and language, and its text never changes") {
  const TempFolder folder;
  const auto catalog = open_catalog(folder);
  const std::vector<Booking> first{booking::AddNotice{notice("1", "en", "We record.")}};
  REQUIRE_OK(catalog->book(first));
  REQUIRE_OK(catalog->book(first));
  check_error(catalog->book(std::vector<Booking>{booking::AddNotice{notice("1", "en", "We record all.")}}),
              Errc::conflict);
  REQUIRE_OK(catalog->book(std::vector<Booking>{booking::AddNotice{notice("1", "de", "Wir zeichnen auf.")}}));
  REQUIRE_OK(catalog->book(std::vector<Booking>{booking::AddNotice{notice("2", "en", "We record all.")}}));
  CHECK(catalog->notices({})->size() == 3);
  CHECK(catalog->notices({"n1", "1", {}, {}})->size() == 2);
  const auto by_hash = *catalog->notices({{}, {}, {}, notice("1", "en", "We record.").hash});
  REQUIRE(by_hash.size() == 1);
  CHECK(by_hash[0].text == "We record.");
  CHECK(by_hash[0].at == at_ms(1));

  const auto ledger = *catalog->ledger({});
  REQUIRE(ledger.size() == 3);  // what was there already is not told again
  CHECK(ledger[0].kind == "notice");
  CHECK(nlohmann::json::parse(ledger[0].body_json)["text_sha256"] == to_hex(by_hash[0].hash));
  REQUIRE_OK(catalog->verify_ledger());
}

TEST_CASE("a purpose is kept once for each version, and what it says never changes") {
  const TempFolder folder;
  const auto catalog = open_catalog(folder);
  const PurposeRow row{"quality", "1", "Better service", "consent", 2160, R"(["Acme"])", "file", at_ms(1)};
  REQUIRE_OK(catalog->book(std::vector<Booking>{booking::AddPurpose{row}}));
  REQUIRE_OK(catalog->book(std::vector<Booking>{booking::AddPurpose{row}}));
  const auto changed = [&](auto change) {
    PurposeRow other = row;
    change(other);
    return catalog->book(std::vector<Booking>{booking::AddPurpose{other}});
  };
  check_error(changed([](PurposeRow& other) { other.description = "Anything"; }), Errc::conflict);
  check_error(changed([](PurposeRow& other) { other.lawful_basis = "contract"; }), Errc::conflict);
  check_error(changed([](PurposeRow& other) { other.retention_hours.reset(); }), Errc::conflict);
  check_error(changed([](PurposeRow& other) { other.processors_json = "[]"; }), Errc::conflict);
  REQUIRE_OK(changed([](PurposeRow& other) {
    other.version = "2";
    other.retention_hours.reset();
  }));
  const auto back = *catalog->purposes();
  REQUIRE(back.size() == 2);
  CHECK(back[0].retention_hours == 2160);
  CHECK_FALSE(back[1].retention_hours);
  CHECK(back[0].processors_json == row.processors_json);
  CHECK(catalog->ledger({})->size() == 2);
}

TEST_CASE("registers and consents on file can be neither changed nor removed by SQL") {
  const TempFolder folder;
  const CallRows rows;
  {
    const auto catalog = open_catalog(folder);
    rows.book_all(*catalog);
    REQUIRE_OK(catalog->book(std::vector<Booking>{
        booking::AddStandingConsent{standing(rows), rows.subjects[1].key},
        booking::AddNotice{notice("1", "en", "We record.")},
        booking::AddPurpose{{"quality", "1", "Better service", "consent", {}, "[]", "file", at_ms(1)}}}));
  }
  auto database = SqliteDatabase::open((folder.path() / "catalog.db").string(), SqliteDatabase::Access::write);
  REQUIRE_OK(database);
  for (const char* sql :
       {"UPDATE notices SET text = 'x'", "DELETE FROM notices", "UPDATE purposes SET description = 'x'",
        "DELETE FROM purposes", "DELETE FROM standing_consents", "UPDATE standing_consents SET valid_until = NULL"}) {
    INFO(sql);
    CHECK_FALSE((*database)->run(sql));
  }
  REQUIRE_OK((*database)->run("UPDATE standing_consents SET withdrawn = 1"));
  CHECK_FALSE((*database)->run("UPDATE standing_consents SET withdrawn = NULL"));
}

TEST_CASE("a notice is found by its name, and what is not on record is told with what there is") {
  const TempFolder folder;
  const auto catalog = open_catalog(folder);
  REQUIRE_OK(catalog->book(std::vector<Booking>{booking::AddNotice{notice("1", "en", "We record.")},
                                                booking::AddNotice{notice("2", "en", "We record all.")},
                                                booking::AddNotice{notice("2", "de", "Wir zeichnen auf.")}}));
  CHECK(find_notice(*catalog, {"n1", "1", "", ""})->text == "We record.");
  CHECK(find_notice(*catalog, {"n1", "2", "de", ""})->text == "Wir zeichnen auf.");
  const auto what_of = [&](const NoticeName& name) {
    const auto found = find_notice(*catalog, name);
    REQUIRE_FALSE(found);
    CHECK(found.error().code == Errc::invalid);
    return found.error().what;
  };
  CHECK(what_of({"n1", "3", "", ""}).find("\"3\" is not on record") != std::string::npos);
  CHECK(what_of({"n1", "2", "", ""}).find("en, de: name the language") != std::string::npos);
  CHECK(what_of({"n1", "2", "fr", ""}).find("only in en, de") != std::string::npos);
  CHECK(what_of({"n1", "1", "en", std::string(64, '0')}).find("another text") != std::string::npos);
  const auto json = nlohmann::json::parse(notice_json_of(*find_notice(*catalog, {"n1", "1", "en", ""})));
  CHECK(json["hash"] == to_hex(sha256(bytes_of("We record."))));
  CHECK(json["language"] == "en");
}

TEST_CASE("where a consent is on file is sealed under its person's key, in its place") {
  const SecretKey key = SecretKey::random();
  StandingConsentRow row;
  row.id = new_id<StandingId>(at_ms(1));
  row.sealed_evidence = seal_evidence(key, row.id, "contract of Alice, drawer 7");
  CHECK(*open_evidence(key, row) == "contract of Alice, drawer 7");
  StandingConsentRow moved = row;
  moved.id = new_id<StandingId>(at_ms(1));
  CHECK(open_evidence(key, moved).error().code == Errc::corrupt);
  CHECK(open_evidence(SecretKey::random(), row).error().code == Errc::corrupt);
  row.sealed_evidence.clear();
  CHECK(open_evidence(key, row).error().code == Errc::not_found);
}
