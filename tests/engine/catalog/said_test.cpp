#include "engine/catalog/said.h"

#include "catalog_rows.h"
#include "engine/catalog/sqlite_database.h"

using namespace assent;
using namespace assent::test;

namespace {

constexpr std::string_view kText = "the form that Erika signed";

// A call whose participants have keys of their own.
struct Call {
  TempFolder folder;
  std::unique_ptr<SqliteCatalog> catalog = open_catalog(folder);
  CallRows rows;
  std::vector<WrappedKey> keys;
  SecretKey secret = SecretKey::random();  // what the rows' keys wrap is of no interest here

  Call() {
    std::vector<Booking> span;
    for (ParticipantRow& row : rows.participants) {
      keys.push_back(random_key(KeyKind::participant, row.key));
      row.key = keys.back().id;
      span.emplace_back(booking::AddKey{keys.back()});
    }
    REQUIRE_OK(catalog->book(rows.people_bookings()));
    REQUIRE_OK(catalog->book(span));
    REQUIRE_OK(catalog->book(rows.call_bookings()));
  }
  ConsentRow say(std::size_t participant, std::string_view text = kText) {
    ConsentRow row = rows.consent(participant, "granted");
    row.signal_value.clear();
    seal_said(secret, text, row);
    REQUIRE_OK(catalog->book(std::vector<Booking>{booking::AddConsent{row}}));
    return row;
  }
  ConsentRow on_record(ConsentId id) {
    const auto consents = *catalog->consents(rows.call.id);
    for (const ConsentRow& row : consents) {
      if (row.id == id) return row;
    }
    FAIL("the consent is not on record");
    return {};
  }
  std::size_t files_with(ByteView value) {
    std::size_t found = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
      found += read_whole(entry.path()).find(text_of(value)) != std::string::npos ? 1 : 0;
    }
    return found;
  }
};

}  // namespace

TEST_CASE("what a consent's signal says is sealed beside a hash that nobody can guess it from") {
  const SecretKey key = SecretKey::random();
  const CallRows rows;
  ConsentRow row = rows.consent(0, "granted");
  ConsentRow again = row;
  seal_said(key, "1", row);
  seal_said(key, "1", again);
  CHECK(row.signal_value.starts_with("sha256:"));
  CHECK(row.signal_value.size() == 7 + 64);
  CHECK(row.signal_value != again.signal_value);
  CHECK(row.sealed_said != again.sealed_said);
  CHECK(*open_said(key, row) == "1");
  CHECK(*open_said(key, again) == "1");
}

TEST_CASE("who says nothing has nothing on record, and what older records say stands as it is") {
  const SecretKey key = SecretKey::random();
  const CallRows rows;
  ConsentRow row = rows.consent(0, "granted");
  row.signal_value.clear();
  seal_said(key, "", row);
  CHECK(row.signal_value.empty());
  CHECK(row.sealed_said.empty());
  CHECK(open_said(key, row)->empty());
  row.signal_value = "form 12";
  CHECK(*open_said(key, row) == "form 12");
}

TEST_CASE("what is sealed opens in its own record, under its own key, and as what was hashed") {
  const SecretKey key = SecretKey::random();
  const CallRows rows;
  ConsentRow row = rows.consent(0, "granted");
  seal_said(key, kText, row);
  CHECK(open_said(SecretKey::random(), row).error().code == Errc::corrupt);
  ConsentRow elsewhere = row;
  elsewhere.id = new_id<ConsentId>(at_ms(5));
  CHECK(open_said(key, elsewhere).error().code == Errc::corrupt);
  ConsentRow other = row;
  seal_said(key, "something else", other);
  other.signal_value = row.signal_value;
  CHECK(open_said(key, other).error().code == Errc::corrupt);
  ConsentRow erased = row;
  erased.sealed_said.clear();
  CHECK(open_said(key, erased).error().code == Errc::not_found);
}

TEST_CASE("what somebody's consents say goes with what the call says of them, and their record still verifies") {
  Call call;
  const ConsentRow theirs = call.say(0);
  const ConsentRow others = call.say(1);
  CHECK(*open_said(call.secret, call.on_record(theirs.id)) == kText);
  CHECK(call.files_with(theirs.sealed_said) >= 1);
  REQUIRE_OK(call.catalog->book(std::vector<Booking>{booking::ForgetParticipant{call.rows.participants[0].id}}));
  REQUIRE_OK(call.catalog->forget_deleted());
  CHECK(call.files_with(theirs.sealed_said) == 0);
  const ConsentRow left = call.on_record(theirs.id);
  CHECK(left.sealed_said.empty());
  CHECK(left.signal_value == theirs.signal_value);
  CHECK(*open_said(call.secret, call.on_record(others.id)) == kText);
  CHECK(call.catalog->verify_ledger()->head.seq == 2);
}

TEST_CASE("what consents say goes with the whole call") {
  Call call;
  const std::vector<ConsentRow> said{call.say(0), call.say(1), call.say(1, "2")};
  REQUIRE_OK(call.catalog->book(std::vector<Booking>{booking::EraseRecording{call.rows.recording.id, at_ms(9)}}));
  REQUIRE_OK(call.catalog->forget_deleted());
  for (const ConsentRow& row : said) {
    CHECK(call.files_with(row.sealed_said) == 0);
    CHECK(call.on_record(row.id).sealed_said.empty());
  }
  CHECK(call.catalog->verify_ledger()->head.seq == 3);
}

TEST_CASE("of whoever has been forgotten a later record keeps nothing that was said") {
  Call call;
  REQUIRE_OK(call.catalog->book(std::vector<Booking>{booking::ForgetParticipant{call.rows.participants[0].id}}));
  const ConsentRow late = call.say(0);
  CHECK(call.on_record(late.id).sealed_said.empty());
  CHECK(call.files_with(late.sealed_said) == 0);
  CHECK(call.catalog->verify_ledger()->head.seq == 1);
}

TEST_CASE("what a consent says is forgotten by SQL, and never said otherwise") {
  Call call;
  call.say(0);
  call.catalog.reset();
  const auto database =
      *SqliteDatabase::open((call.folder.path() / "catalog.db").string(), SqliteDatabase::Access::write);
  CHECK(database->script("UPDATE consents SET sealed_said = sealed_said + 1").error().code == Errc::conflict);
  REQUIRE_OK(database->script("UPDATE consents SET sealed_said = NULL"));
  CHECK(database->script("UPDATE consents SET sealed_said = 1").error().code == Errc::conflict);
}
