#include "engine/receipts/receipt_desk.h"

#include <nlohmann/json.hpp>

#include "catalog_rows.h"
#include "crypto/jws.h"
#include "sealed_catalog.h"

using namespace assent;
using namespace assent::test;

namespace {

struct Rig {
  TempFolder folder;
  SealedCatalog sealed{folder};
  std::optional<ReceiptTerms> terms = ReceiptTerms{{"DE1", "Example Ltd", "1 Street", "mail", {}}, "DE", "", "", ""};
  ReceiptDesk desk{{*sealed.catalog, [this] { return sealed.catalog->seal(); }, [this] { return terms; },
                    [this] { return sealed.catalog->ledger_keys(); },
                    [] {
                      return Now{MonoTime{}, at_ms(9)};
                    }}};

  void consent(const CallRows& rows, std::size_t who, const std::string& decision) {
    sealed.book({booking::AddConsent{rows.consent(who, decision)}});
  }
  // Its people are of another call already.
  void book_unstored(const CallRows& rows) {
    std::vector<Booking> bookings = rows.call_bookings();
    bookings.pop_back();  // no recording
    bookings.emplace_back(booking::EndCall{rows.call.id, at_ms(9), CallState::ended});
    sealed.book(bookings);
  }
};

std::vector<std::string> kinds_of(const Result<std::vector<SignedReceipt>>& receipts) {
  REQUIRE_OK(receipts);
  std::vector<std::string> kinds;
  for (const SignedReceipt& receipt : *receipts) kinds.emplace_back(name_of(receipt.kind));
  return kinds;
}

using Kinds = std::vector<std::string>;

}  // namespace

TEST_CASE("a call has a receipt for each record, and each names the one before it of the same person and purpose") {
  Rig rig;
  const CallRows rows;
  rows.book_all(*rig.sealed.catalog);
  rig.consent(rows, 0, "granted");
  rig.consent(rows, 1, "granted");
  rig.consent(rows, 0, "withdrawn");
  const auto receipts = rig.desk.of_call(rows.call.id);
  CHECK(kinds_of(receipts) == Kinds{"consent", "consent", "withdrawal"});
  const auto last = nlohmann::json::parse(receipts->at(2).json);
  CHECK(last["dpv:hasRecordOfActivity"]["dct:replaces"] == "urn:uuid:" + to_text(*receipts->at(0).consent));
  CHECK(receipts->at(1).subject == rows.subjects[1].id);
}

TEST_CASE("a person's receipts are of all their calls, and of nobody else") {
  Rig rig;
  const CallRows first;
  first.book_all(*rig.sealed.catalog);
  const CallRows second = CallRows::another(first, at_ms(100));
  rig.book_unstored(second);
  rig.consent(first, 0, "granted");
  rig.consent(first, 1, "granted");
  rig.consent(second, 1, "denied");
  CHECK(kinds_of(rig.desk.of_subject(first.subjects[0].id)) == Kinds{"consent", "nothing-stored"});
  CHECK(kinds_of(rig.desk.of_subject(first.subjects[1].id)) == Kinds{"consent", "consent", "nothing-stored"});
}

TEST_CASE("a live call, and one with a recording, have no receipt that nothing was stored") {
  Rig rig;
  const CallRows rows;
  rows.book_all(*rig.sealed.catalog);
  CHECK(kinds_of(rig.desk.of_call(rows.call.id)).empty());
  rig.sealed.book({booking::EndCall{rows.call.id, at_ms(9), CallState::ended}});
  CHECK(kinds_of(rig.desk.of_call(rows.call.id)).empty());
}

TEST_CASE("what is signed is the receipt, by the ledger's key, under its name") {
  Rig rig;
  const CallRows rows;
  rows.book_all(*rig.sealed.catalog);
  rig.consent(rows, 0, "granted");
  const auto receipts = rig.desk.of_call(rows.call.id);
  REQUIRE_OK(receipts);
  const std::string& jws = receipts->at(0).jws;
  const auto first_dot = jws.find('.');
  const auto last_dot = jws.rfind('.');
  const auto decoded = [](std::string text) {
    for (char& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c;
    while (text.size() % 4 != 0) text += '=';
    return *from_base64(text);
  };
  const auto header = nlohmann::json::parse(text_of(decoded(jws.substr(0, first_dot))));
  CHECK(header["alg"] == "EdDSA");
  CHECK(header["kid"] == to_text(rig.sealed.seal->key()));
  CHECK(text_of(decoded(jws.substr(first_dot + 1, last_dot - first_dot - 1))) == receipts->at(0).json);
  CHECK(ed25519_verify(rig.sealed.seal->public_key(), bytes_of(jws.substr(0, last_dot)),
                       decoded(jws.substr(last_dot + 1))));
  const auto keys = rig.desk.key_set();
  REQUIRE_OK(keys);
  CHECK(nlohmann::json::parse(*keys)["keys"][0]["kid"] == header["kid"]);
}

TEST_CASE("a receipt tells a purpose as it was when the consent was given, also one for a withdrawal") {
  Rig rig;
  const CallRows rows;
  rows.book_all(*rig.sealed.catalog);
  const auto version = [](const std::string& name, WallTime at) {
    return booking::AddPurpose{{"quality", name, "text of " + name, "consent", std::nullopt,
                                R"(["Processor of )" + name + R"("])", "file", at}};
  };
  ConsentRow given = rows.consent(0, "granted");
  given.at = at_ms(100);
  ConsentRow taken = rows.consent(0, "withdrawn");
  taken.at = at_ms(300);
  ConsentRow again = rows.consent(0, "granted");
  again.at = at_ms(400);
  rig.sealed.book({version("1", at_ms(50)), booking::AddConsent{given}, version("2", at_ms(200)),
                   booking::AddConsent{taken}, booking::AddConsent{again}});
  const auto receipts = rig.desk.of_call(rows.call.id);
  REQUIRE_OK(receipts);
  std::vector<std::string> told;
  for (const SignedReceipt& receipt : *receipts) {
    const auto process = nlohmann::json::parse(receipt.json)["dpv:hasRecordOfActivity"]["dpv:hasProcess"];
    told.push_back(process["dpv:hasPurpose"]["dct:hasVersion"].get<std::string>() + ": " +
                   process["dpv:hasRecipientThirdParty"][0].get<std::string>());
  }
  CHECK(told == std::vector<std::string>{"1: Processor of 1", "1: Processor of 1", "2: Processor of 2"});
}

TEST_CASE("a receipt outlives the key that signed it: the key set holds it on") {
  Rig rig;
  const std::string first = to_text(rig.sealed.seal->key());
  const Ed25519PublicKey first_public = rig.sealed.seal->public_key();
  rig.sealed.rotate();
  const auto keys = rig.desk.key_set();
  REQUIRE_OK(keys);
  const auto set = nlohmann::json::parse(*keys)["keys"];
  REQUIRE(set.size() == 2);
  CHECK(set[0]["kid"] == to_text(rig.sealed.seal->key()));
  CHECK(set[1] == nlohmann::json::parse(jwk_json(first_public, first)));
}

TEST_CASE("without a controller, a key, a call or a person there is no receipt, and it says why") {
  Rig rig;
  const CallRows rows;
  rows.book_all(*rig.sealed.catalog);
  CHECK(rig.desk.of_call(new_id<CallId>(at_ms(1))).error().code == Errc::not_found);
  CHECK(rig.desk.of_subject(new_id<SubjectId>(at_ms(1))).error().code == Errc::not_found);
  rig.terms.reset();
  const auto refused = rig.desk.of_call(rows.call.id);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::conflict);
  CHECK(refused.error().what.find("[controller]") != std::string::npos);
}
