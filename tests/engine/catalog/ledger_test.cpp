#include "engine/catalog/ledger.h"

#include <functional>

#include "catch.h"
#include "engine/catalog/ledger_check.h"

using namespace assent;

namespace {

CallId call_no(std::uint8_t n) {
  CallId id;
  id.bytes[15] = n;
  return id;
}

std::vector<LedgerRow> chain_of(int count) {
  std::vector<LedgerRow> rows;
  LedgerHead head;
  for (int i = 0; i < count; ++i) {
    const LedgerEntry entry{i % 2 == 0 ? LedgerKind::consent : LedgerKind::access, WallTime(1700000000s + seconds(i)),
                            i == 2 ? std::nullopt : std::optional(call_no(static_cast<std::uint8_t>(i))),
                            R"({"b":)" + std::to_string(i) + R"(, "a":[1,"x"]})"};
    const auto row = next_ledger_row(head, entry);
    REQUIRE(row);
    head = head_of(*row);
    rows.push_back(*row);
  }
  return rows;
}

// Where the walk breaks and how, or "".
std::string first_break(const std::vector<LedgerRow>& rows) {
  LedgerCheck check;
  for (const LedgerRow& row : rows) {
    const auto next = check.next(row);
    if (!next) {
      CHECK(next.error().code == Errc::corrupt);
      return next.error().what;
    }
  }
  return "";
}

}  // namespace

TEST_CASE("a chain as it was written verifies") { CHECK(first_break(chain_of(6)).empty()); }

TEST_CASE("a record's hash is SHA-256 over the hash before and the record in canonical JSON") {
  const auto rows = chain_of(2);
  Bytes input = rows[0].hash;
  append(input, bytes_of(R"({"at_ns":1700000001000000000,"body":{"a":[1,"x"],"b":1},)"
                         R"("call":"00000000-0000-0000-0000-000000000001","kind":"access","seq":2})"));
  const auto hash = sha256(input);
  CHECK(rows[1].hash == Bytes(hash.begin(), hash.end()));
}

TEST_CASE("the first record follows a hash of zeros") {
  const auto rows = chain_of(1);
  Bytes input(32, 0);
  append(input, bytes_of(R"({"at_ns":1700000000000000000,"body":{"a":[1,"x"],"b":0},)"
                         R"("call":"00000000-0000-0000-0000-000000000000","kind":"consent","seq":1})"));
  const auto hash = sha256(input);
  CHECK(rows[0].hash == Bytes(hash.begin(), hash.end()));
}

TEST_CASE("a body is kept in canonical form") { CHECK(chain_of(1)[0].body_json == R"({"a":[1,"x"],"b":0})"); }

TEST_CASE("a change of any single field breaks the chain at that record") {
  const std::vector<std::function<void(LedgerRow&)>> changes = {
      [](LedgerRow& row) { row.at += 1ns; },
      [](LedgerRow& row) { row.kind = "refusal"; },
      [](LedgerRow& row) { row.call = call_no(99); },
      [](LedgerRow& row) { row.call.reset(); },
      [](LedgerRow& row) { row.body_json = R"({"a":[1,"x"],"b":8})"; },
      [](LedgerRow& row) { row.body_json = R"({"a":[1,"x"], "b":3})"; },  // the same to a reader, other bytes
      [](LedgerRow& row) { row.body_json = "{}"; },
      [](LedgerRow& row) { row.body_json = ""; },
      [](LedgerRow& row) { row.hash[0] ^= 1; },
      [](LedgerRow& row) { row.hash[31] ^= 0x80; },
      [](LedgerRow& row) { row.hash.pop_back(); },
      [](LedgerRow& row) { row.hash.clear(); }};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    CAPTURE(i);
    auto rows = chain_of(6);
    changes[i](rows[3]);
    CHECK_THAT(first_break(rows), Catch::Contains("at record 4:"));
  }
}

TEST_CASE("a record whose number was changed is missing or out of order") {
  auto rows = chain_of(6);
  rows[3].seq = 5;
  CHECK_THAT(first_break(rows), Catch::Contains("at record 4: the record is missing"));
  rows[3].seq = 2;
  CHECK_THAT(first_break(rows), Catch::Contains("at record 2: the record is out of order"));
}

TEST_CASE("a deleted record is missed at its place") {
  for (std::size_t gone = 0; gone + 1 < 6; ++gone) {
    auto rows = chain_of(6);
    rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(gone));
    CHECK_THAT(first_break(rows), Catch::Contains("at record " + std::to_string(gone + 1) + ": the record is missing"));
  }
}

TEST_CASE("a deleted record is noticed although the later ones were renumbered") {
  auto rows = chain_of(6);
  rows.erase(rows.begin() + 2);
  for (std::size_t i = 2; i < rows.size(); ++i) rows[i].seq = i + 1;
  CHECK_THAT(first_break(rows), Catch::Contains("at record 3: its hash"));
}

TEST_CASE("an inserted record breaks the chain") {
  auto rows = chain_of(6);
  LedgerRow extra = rows[2];
  extra.body_json = "{}";
  rows.insert(rows.begin() + 3, extra);
  CHECK_THAT(first_break(rows), Catch::Contains("at record 3: the record is out of order"));
  for (std::size_t i = 3; i < rows.size(); ++i) rows[i].seq = i + 1;
  CHECK_THAT(first_break(rows), Catch::Contains("at record 4: its hash"));
}

TEST_CASE("two swapped records break the chain, renumbered or not") {
  auto rows = chain_of(6);
  std::swap(rows[1], rows[4]);
  CHECK_THAT(first_break(rows), Catch::Contains("at record 2: the record is missing"));
  std::swap(rows[1].seq, rows[4].seq);
  CHECK_THAT(first_break(rows), Catch::Contains("at record 2: its hash"));
}

TEST_CASE("a body that is not an object with a canonical form is refused") {
  for (const char* body : {"", "[]", "1", "{", "{\"a\":\"\xff\"}", "{\"a\":1}x", "{\"a\":1,\"a\":1}", "{\"a\":1.5}"}) {
    CAPTURE(body);
    const auto row = next_ledger_row({}, {LedgerKind::note, WallTime(1s), {}, body});
    REQUIRE_FALSE(row);
    CHECK(row.error().code == Errc::invalid);
  }
}

TEST_CASE("a consent's ledger entry is bound to every field of the record and repeats only ids and facts") {
  ConsentRow consent;
  consent.id.bytes[0] = 1;
  consent.call = call_no(2);
  consent.participant.bytes[0] = 3;
  consent.purpose = "quality";
  consent.decision = "granted";
  consent.signal_type = "api";
  consent.signal_value = "token of Erika";
  consent.notice_json = R"({"id":"n"})";
  consent.origin = "Erika";
  consent.at = WallTime(5s);
  consent.preroll_ms = 7;
  const auto entry = ledger_entry_of(consent);
  REQUIRE(entry);
  CHECK(entry->body_json.find("Erika") == std::string::npos);
  CHECK(entry->body_json.find(to_text(consent.id)) != std::string::npos);

  const std::vector<std::function<void(ConsentRow&)>> changes = {
      [](ConsentRow& row) { row.id.bytes[5] = 1; },
      [](ConsentRow& row) { row.call = call_no(3); },
      [](ConsentRow& row) { row.participant.bytes[5] = 1; },
      [](ConsentRow& row) { row.purpose = "training"; },
      [](ConsentRow& row) { row.decision = "denied"; },
      [](ConsentRow& row) { row.signal_type = "dtmf"; },
      [](ConsentRow& row) { row.signal_value = "2"; },
      [](ConsentRow& row) { row.notice_json = R"({"id":"m"})"; },
      [](ConsentRow& row) { row.notice_json = ""; },
      [](ConsentRow& row) { row.origin = "x"; },
      [](ConsentRow& row) { row.at += 1ns; },
      [](ConsentRow& row) { row.media_time = WallTime(1s); },
      [](ConsentRow& row) { row.preroll_ms = 8; },
      [](ConsentRow& row) { row.evidence_ms = 8; }};
  const auto hash = consent_hash(consent);
  REQUIRE(hash);
  for (std::size_t i = 0; i < changes.size(); ++i) {
    CAPTURE(i);
    ConsentRow changed = consent;
    changes[i](changed);
    const auto other = consent_hash(changed);
    REQUIRE(other);
    CHECK(*other != *hash);
  }
}

TEST_CASE("a consent that is not UTF-8 is refused") {
  for (std::string ConsentRow::*field : {&ConsentRow::purpose, &ConsentRow::decision, &ConsentRow::signal_type,
                                         &ConsentRow::signal_value, &ConsentRow::origin}) {
    ConsentRow consent;
    consent.*field = "\xff";
    CHECK(ledger_entry_of(consent).error().code == Errc::invalid);
  }
}

TEST_CASE("a consent's hash is over all its fields in canonical JSON") {
  ConsentRow consent;
  consent.purpose = "quality";
  consent.decision = "granted";
  consent.signal_type = "dtmf";
  consent.signal_value = "\"\n";
  consent.notice_json = R"({ "version": "2", "id": "n" })";
  consent.origin = "x";
  consent.at = WallTime(5ns);
  consent.preroll_ms = 7;
  const std::string nil = "00000000-0000-0000-0000-000000000000";
  const std::string text = R"({"at_ns":5,"call":")" + nil + R"(","decision":"granted","id":")" + nil +
                           R"(","media_time_ns":null,"notice":{"id":"n","version":"2"},"origin":"x","participant":")" +
                           nil + R"(","preroll_ms":7,"purpose":"quality","signal_type":"dtmf","signal_value":"\"\n"})";
  CHECK(*consent_hash(consent) == sha256(bytes_of(text)));

  consent.evidence_ms = 9;
  std::string longer = text;
  longer.insert(longer.find(R"("id")"), R"("evidence_ms":9,)");
  CHECK(*consent_hash(consent) == sha256(bytes_of(longer)));
}

TEST_CASE("a consent whose notice is no JSON object is refused") {
  ConsentRow consent;
  consent.notice_json = "n1";
  CHECK(ledger_entry_of(consent).error().code == Errc::invalid);
}
