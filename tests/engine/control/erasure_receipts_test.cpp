// The receipt for an erasure: when it is done and not before, with exactly what was destroyed, and nobody's name.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "control_rig.h"
#include "receipt_reading.h"

namespace assent {
namespace {

using nlohmann::json;

const Caller kCaller{"tester"};
const PersonName kCustomer{"customer-1", std::nullopt};

RecordSpec per_party() {
  RecordSpec spec;
  spec.policy = "per-party";
  return spec;
}

void add_key_of(ControlRig& rig, SubjectId person, Ids& keys) {
  keys.insert(urn(must(rig.catalog->subject(person))->key));
}

}  // namespace

TEST_CASE("a deleted recording's receipt says what was destroyed, who asked, and who made sure") {
  SealedRig rig;
  const auto call = rig.record_agreed();
  Whole whole;
  whole.add(rig, call);
  const auto reply = rig.ask("DELETE", "/v1/recordings/" + to_text(call.recording));
  REQUIRE(reply.status == 200);
  const json erasure = json::parse(reply.body);
  const json receipt = receipt_of(rig, erasure["id"].get<std::string>());
  CHECK(erasure["receipt"] == receipt);
  const json& said = receipt["receipt"];
  CHECK(said["@type"] == "assent:ErasureReceipt");
  CHECK(said["dct:identifier"] == receipt["id"]);
  CHECK(said["assent:erasure"] == "urn:uuid:" + erasure["id"].get<std::string>());
  CHECK(said["assent:target"] == json{{"@id", urn(call.recording)}, {"assent:kind", "recording"}});
  CHECK(said["assent:requestedBy"] == "admin");
  CHECK(said["assent:requested"] == erasure["requested"]);
  CHECK(said["assent:done"] == erasure["done"]);
  CHECK(said["assent:steps"].size() == erasure["steps"].size());
  CHECK(said["assent:steps"].back()["assent:step"] == "done");
  CHECK(said["assent:objectsRemoved"] == 4);
  CHECK(confirmed_by(receipt) == std::vector<std::string>{"catalog", "journal", "store"});
  CHECK(said["assent:processors"] == json::array());
  CHECK_FALSE(said.contains("dct:publisher"));
  whole.check(receipt);
  CHECK(ids_of(receipt, "people").empty());
  CHECK_FALSE(names_somebody(receipt));
  // The ledger's record that it names is the one that says so.
  const LedgerRow last = rig.ledger().at(said["assent:ledger"]["assent:record"].get<std::size_t>() - 1);
  CHECK(last.kind == "erasure_done");
  CHECK(to_hex(last.hash) == said["assent:ledger"]["assent:hash"]);
  CHECK(must(rig.catalog->verify_ledger()).head.seq == rig.ledger().size());
}

TEST_CASE("a receipt is signed by the ledger's key, and not any more when a byte of it is another") {
  SealedRig rig;
  const auto call = rig.record_agreed();
  const json erasure = json::parse(rig.ask("DELETE", "/v1/recordings/" + to_text(call.recording)).body);
  const json receipt = erasure["receipt"];
  std::string jws = receipt["jws"];
  CHECK(verifies(rig, jws));
  CHECK(json::parse(parse_jws(jws).payload) == receipt["receipt"]);
  CHECK(parse_jws(jws).header["alg"] == "EdDSA");
  char& byte = jws[jws.find('.') + 100];
  byte = byte == 'A' ? 'B' : 'A';
  CHECK_FALSE(verifies(rig, jws));
}

TEST_CASE(
    "asked twice it is the same receipt; another key of the ledger signs the same, and the older signature stays") {
  SealedRig rig;
  rig.receipt_terms = ReceiptTerms{{"DE1", "Example Ltd", "1 Street", "mail", {}}, "DE", "", "", ""};
  const auto call = rig.record_agreed();
  const json erasure = json::parse(rig.ask("DELETE", "/v1/recordings/" + to_text(call.recording)).body);
  const std::string id = erasure["id"];
  const json first = receipt_of(rig, id);
  CHECK(receipt_of(rig, id) == first);
  CHECK(first["receipt"]["dct:publisher"]["dct:identifier"] == "DE1");
  rig.start_ledger_key();
  const json later = receipt_of(rig, id);
  CHECK(later["id"] == first["id"]);
  CHECK(later["receipt"] == first["receipt"]);
  CHECK(later["jws"] != first["jws"]);
  CHECK(verifies(rig, later["jws"]));
  CHECK(verifies(rig, first["jws"]));
}

TEST_CASE("a recording of which a step failed has no receipt until that is done") {
  SealedRig rig;
  const auto call = rig.record_agreed();
  Whole whole;
  whole.add(rig, call);
  const std::string path = "/v1/recordings/" + to_text(call.recording);
  SECTION("the journal") { rig.journal.fails = error(Errc::io, "no"); }
  SECTION("the store") { rig.store.remove_fails = error(Errc::io, "no"); }
  const auto failed = rig.ask("DELETE", path);
  CHECK(failed.status == 503);
  CHECK(failed.body.find("jws") == std::string::npos);
  const auto open = must(rig.catalog->unfinished_erasures());
  REQUIRE(open.size() == 1);
  const json before = shown(rig, open[0].id);
  CHECK(before["state"] == "incomplete");
  CHECK_FALSE(before.contains("receipt"));
  CHECK_FALSE(before.contains("no_receipt"));
  rig.journal.fails.reset();
  rig.store.remove_fails.reset();
  REQUIRE(must(rig.erasures.resume()).empty());  // as at a start
  const json receipt = receipt_of(rig, open[0].id);
  whole.check(receipt);
  CHECK(receipt["receipt"]["assent:objectsRemoved"] == 4);
}

TEST_CASE("a person's receipt is there when all of their calls are done, with these and nothing of others") {
  SealedRig rig;
  const auto whole_call = rig.record_agreed();
  const auto part = rig.record_agreed(per_party());
  RecordSpec unstored;
  unstored.legs_with_audio = {};
  const auto silent = rig.record_agreed(unstored);
  RecordSpec others;
  others.subjects = {"customer-2", "agent-1"};
  rig.record_agreed(others);
  Whole whole;
  whole.add(rig, whole_call);
  whole.add(rig, part, {0}, false);
  whole.add(rig, silent);
  add_key_of(rig, whole_call.subjects[0], whole.keys);
  REQUIRE(rig.ask("POST", "/v1/calls/" + to_text(whole_call.call) + "/notes", R"({"text":"a note"})").status < 500);
  rig.legs_stay = error(Errc::io, "the disk does not answer");
  const json begun = json::parse(rig.ask("POST", "/v1/subjects/customer-1/erase").body);
  CHECK_FALSE(begun.contains("receipt"));
  rig.person_erasures->wait_until_idle();
  CHECK_FALSE(shown(rig, begun["id"].get<std::string>()).contains("receipt"));
  rig.start_person_erasures(1h);  // a start in the middle: what was destroyed before it is not forgotten
  CHECK_FALSE(shown(rig, begun["id"].get<std::string>()).contains("receipt"));
  rig.legs_stay.reset();
  must(rig.person_erasures->resume());
  rig.person_erasures->wait_until_idle();

  const json receipt = receipt_of(rig, begun["id"].get<std::string>());
  whole.check(receipt);
  CHECK(ids_of(receipt, "people") == Ids{urn(whole_call.subjects[0])});
  CHECK(receipt["receipt"]["assent:objectsRemoved"] == 4 + 2);
  CHECK(receipt["receipt"]["assent:requestedBy"] == "admin");
  CHECK(receipt["receipt"]["assent:target"]["assent:kind"] == "subject");
  CHECK(confirmed_by(receipt) == std::vector<std::string>{"catalog", "journal", "store"});
  CHECK(verifies(rig, receipt["jws"]));
  CHECK_FALSE(names_somebody(receipt));
  CHECK(must(rig.catalog->verify_ledger()).head.seq == rig.ledger().size());
}

TEST_CASE("what had been destroyed before is on the receipt of then, not on this one") {
  SealedRig rig;
  const auto call = rig.record_agreed();
  REQUIRE(rig.ask("DELETE", "/v1/recordings/" + to_text(call.recording)).status == 200);
  Ids key;
  add_key_of(rig, call.subjects[0], key);
  const auto begun = must(rig.person_erasures->erase_subject(kCustomer, kCaller));
  rig.person_erasures->wait_until_idle();
  const json receipt = receipt_of(rig, begun.id);
  CHECK(ids_of(receipt, "people") == Ids{urn(call.subjects[0])});
  CHECK(ids_of(receipt, "keys") == key);
  CHECK(ids_of(receipt, "calls").empty());
  CHECK(ids_of(receipt, "legs").empty());
  CHECK(receipt["receipt"]["assent:objectsRemoved"] == 0);
}

TEST_CASE("legs erased by a withdrawal have a receipt when what was stored of them is gone") {
  SealedRig rig;
  rig.on_withdraw = OnWithdraw::erase;
  const auto call = rig.record_agreed(per_party());
  REQUIRE(rig.ask("POST", "/v1/subjects/customer-1/withdraw", R"({"purposes":["quality"]})").status == 200);
  REQUIRE(rig.erasures_begun.size() == 1);
  const ErasureId id = rig.erasures_begun[0].first;
  CHECK_FALSE(shown(rig, id).contains("receipt"));
  must(rig.remove_legs(call.call));
  const json receipt = receipt_of(rig, id);
  CHECK(receipt["receipt"]["assent:target"] == json{{"@id", urn(call.call)}, {"assent:kind", "legs"}});
  CHECK(receipt["receipt"]["assent:requestedBy"] == "token:admin");
  CHECK(ids_of(receipt, "legs") == Ids{urn(call.legs[0].id)});
  CHECK(ids_of(receipt, "keys") == Ids{urn(call.legs[0].key)});
  CHECK(ids_of(receipt, "recordings").empty());
  CHECK(receipt["receipt"]["assent:objectsRemoved"] == 2);
  CHECK(verifies(rig, receipt["jws"]));
}

TEST_CASE("a tenant's receipt has its people, too, but for those who were erased before") {
  SealedRig rig;
  const auto first = rig.record_agreed();
  const auto second = rig.record_agreed(per_party());
  RecordSpec others;
  others.subjects = {"customer-2", "agent-2"};
  const auto third = rig.record_agreed(others);
  must(rig.person_erasures->erase_subject({"customer-2", std::nullopt}, kCaller));
  rig.person_erasures->wait_until_idle();
  Whole whole;
  whole.add(rig, first);
  whole.add(rig, second);
  Ids people;
  for (const SubjectId id : {first.subjects[0], first.subjects[1], third.subjects[1]}) {
    people.insert(urn(id));
    add_key_of(rig, id, whole.keys);
  }
  const TenantRow tenant = *must(rig.catalog->tenant(std::string_view("default")));
  whole.keys.insert(urn(tenant.key));
  const json begun = json::parse(rig.ask("DELETE", "/v1/tenants/default").body);
  rig.person_erasures->wait_until_idle();
  const json receipt = receipt_of(rig, begun["id"].get<std::string>());
  whole.check(receipt);
  CHECK(ids_of(receipt, "people") == people);
  CHECK(receipt["receipt"]["assent:target"]["@id"] == urn(tenant.id));
  CHECK(receipt["receipt"]["assent:objectsRemoved"] == 8);
  CHECK_FALSE(names_somebody(receipt));
}

TEST_CASE("a rotation's receipt has every key that it destroyed") {
  SealedRig rig;
  const auto call = rig.record_agreed();
  Ids keys;
  for (const SubjectId id : call.subjects) add_key_of(rig, id, keys);
  const KeyId epoch = must(rig.catalog->keys_of_kind(KeyKind::epoch)).at(0).id;
  keys.insert({urn(epoch), urn(must(rig.catalog->tenant(std::string_view("default")))->key)});
  const auto begun = must(rig.key_rotation->rotate(kCaller));
  rig.key_rotation->wait_until_idle();
  const json receipt = receipt_of(rig, begun.id);
  CHECK(ids_of(receipt, "keys") == keys);
  CHECK(receipt["receipt"]["assent:target"] == json{{"@id", urn(epoch)}, {"assent:kind", "epoch"}});
  CHECK(receipt["receipt"]["assent:requestedBy"] == "tester");
  CHECK(confirmed_by(receipt) == std::vector<std::string>{"catalog", "root"});
  CHECK(ids_of(receipt, "legs").empty());
  CHECK(verifies(rig, receipt["jws"]));
}

TEST_CASE("of very many ids a receipt has the number and the digest, and the ledger has them all") {
  SealedRig rig;
  RecordSpec spec;
  spec.legs_with_audio = {};
  Ids legs;
  for (std::size_t i = 0; i < limits::kReceiptIds / 10 + 1; ++i) {
    for (const LegRow& leg : rig.record_call(spec).legs) legs.insert(urn(leg.id));
  }
  const auto begun = must(rig.person_erasures->erase_subject(kCustomer, kCaller));
  rig.person_erasures->wait_until_idle();
  const json receipt = receipt_of(rig, begun.id);
  CHECK(group(receipt, "legs")["assent:count"] == legs.size());
  CHECK(group(receipt, "legs")["assent:sha256"] == digest_of(legs));
  CHECK_FALSE(group(receipt, "legs").contains("assent:ids"));
  CHECK(receipt.dump().size() < 8192);
  const json& place = receipt["receipt"]["assent:ledger"];
  Ids listed;
  json after = place["assent:from"].get<std::uint64_t>() - 1;
  while (!after.is_null() && after.get<std::uint64_t>() < place["assent:record"].get<std::uint64_t>()) {
    const json page = json::parse(rig.ask("GET", "/v1/ledger?after=" + after.dump()).body);
    for (const json& entry : page["entries"]) {
      if (entry["kind"] != "erasure_step" || entry["body"]["erasure"] != to_text(begun.id)) continue;
      for (const json& id : entry["body"]["destroyed"].value("legs", json::array())) {
        listed.insert("urn:uuid:" + id.get<std::string>());
      }
    }
    after = page["after"];
  }
  CHECK(listed == legs);
}

TEST_CASE("without a key of the ledger, or of an erasure that an older engine began, there is none, and why") {
  ControlRig rig;
  const auto call = rig.record_agreed();
  const json erasure = json::parse(rig.ask("DELETE", "/v1/recordings/" + to_text(call.recording)).body);
  CHECK(erasure["state"] == "done");
  CHECK_FALSE(erasure.contains("receipt"));
  CHECK(erasure["no_receipt"].get<std::string>().find("key") != std::string::npos);
  rig.start_ledger_key();
  CHECK(receipt_of(rig, erasure["id"].get<std::string>())["kind"] == "erasure");

  const ErasureRow old{new_id<ErasureId>(ControlRig::kStart),
                       "recording",
                       to_text(call.recording),
                       ControlRig::kStart,
                       ControlRig::kStart,
                       R"([{"at":"2026-01-01T00:00:00Z","step":"done","what":""}])"};
  must(rig.writer->book_and_wait({booking::StartErasure{old}}));
  const json older = shown(rig, old.id);
  CHECK_FALSE(older.contains("receipt"));
  CHECK(older["no_receipt"].get<std::string>().find("older engine") != std::string::npos);
}

TEST_CASE("a receipt says what the ledger says, not what somebody wrote into the catalog beside it") {
  SealedRig rig;
  const auto call = rig.record_agreed();
  const json erasure = json::parse(rig.ask("DELETE", "/v1/recordings/" + to_text(call.recording)).body);
  // Marked as done, with a place on the ledger where nothing says so.
  ErasureRow forged{new_id<ErasureId>(ControlRig::kStart),
                    "recording",
                    to_text(call.recording),
                    ControlRig::kStart,
                    ControlRig::kStart,
                    R"([{"at":"2026-01-01T00:00:00Z","ledger_after":0,"step":"done","what":""}])"};
  must(rig.writer->book_and_wait({booking::StartErasure{forged}}));
  const json shown_forged = shown(rig, forged.id);
  CHECK_FALSE(shown_forged.contains("receipt"));
  CHECK(shown_forged["no_receipt"].get<std::string>().find("ledger") != std::string::npos);
}

}  // namespace assent
