#include "engine/receipts/receipts.h"

#include <nlohmann/json.hpp>

#include "catalog_rows.h"

using namespace assent;
using namespace assent::test;

namespace {

using Json = nlohmann::ordered_json;

ReceiptTerms example_terms() {
  return {{"DE1", "Example Ltd", "1 Street, Berlin", "privacy@example.com", "an authority"},
          "DE",
          "Berlin",
          "by writing to the contact",
          "access and erasure"};
}

PurposeRow quality(const std::string& version = "1", WallTime at = at_ms(0)) {
  return {"quality", version, "Checking our service", "consent", 90 * 24, R"(["Transcribers Ltd"])", "file", at};
}

const ReceiptIssue kIssue{new_id<ReceiptId>(at_ms(9)), at_ms(9)};

}  // namespace

TEST_CASE("a receipt holds the whole record: who, what for, on which notice, until when, in which state") {
  const CallRows rows;
  const ConsentRow consent = rows.consent(0, "granted");
  const Json receipt =
      consent_receipt(example_terms(), consent, {rows.subjects[0].id, std::nullopt, quality("3")}, kIssue);
  CHECK(receipt["@type"] == "dpv:ConsentReceipt");
  CHECK(receipt["dct:identifier"] == to_text(kIssue.id));
  CHECK(receipt["dct:publisher"]["dpv:hasName"] == "Example Ltd");
  const Json& record = receipt["dpv:hasRecordOfActivity"];
  CHECK(record["dct:identifier"] == to_text(consent.id));
  CHECK(record["dpv:hasDataSubject"]["@id"] == "urn:uuid:" + to_text(rows.subjects[0].id));
  CHECK(record["dpv:hasNotice"]["dct:hasVersion"] == "2");
  CHECK(record["dpv:hasProcess"]["dpv:hasPurpose"]["dct:description"] == "Checking our service");
  CHECK(record["dpv:hasProcess"]["dpv:hasPurpose"]["dct:hasVersion"] == "3");
  CHECK(record["dpv:hasProcess"]["dpv:hasRecipient"] == Json{"DE1", "Transcribers Ltd"});
  CHECK(record["dpv:hasProcess"]["dpv:hasRecipientThirdParty"] == Json::array({"Transcribers Ltd"}));
  CHECK(record["dpv:hasProcess"]["dpv:hasStorageCondition"]["dpv:hasDuration"] == "P90D");
  CHECK(record["dpv:hasConsentStatus"]["@type"] == "dpv:ConsentGiven");
  CHECK(record["dpv:hasConsentStatus"]["dct:date"] == to_rfc3339(at_ms(3)));
  CHECK(record["dpv:hasConsentStatus"]["assent:prerollMs"] == 1500);
  CHECK_FALSE(record.contains("dct:replaces"));
}

TEST_CASE("each decision has its state, and a later record says which it replaces") {
  const CallRows rows;
  const auto state_of = [&](const std::string& decision) {
    const auto before = new_id<ConsentId>(at_ms(1));
    const Json receipt =
        consent_receipt(example_terms(), rows.consent(0, decision), {rows.subjects[0].id, before, quality()}, kIssue);
    CHECK(receipt["dpv:hasRecordOfActivity"]["dct:replaces"] == "urn:uuid:" + to_text(before));
    return receipt["dpv:hasRecordOfActivity"]["dpv:hasConsentStatus"]["@type"].get<std::string>();
  };
  CHECK(state_of("granted") == "dpv:ConsentGiven");
  CHECK(state_of("denied") == "dpv:ConsentRefused");
  CHECK(state_of("withdrawn") == "dpv:ConsentWithdrawn");
  CHECK(state_of("expired") == "dpv:ConsentExpired");
}

TEST_CASE("a purpose that never was in the register still has a receipt, which promises nothing") {
  const CallRows rows;
  ConsentRow consent = rows.consent(0, "granted");
  consent.purpose = "long-gone";
  const Json receipt =
      consent_receipt(example_terms(), consent, {rows.subjects[0].id, std::nullopt, std::nullopt}, kIssue);
  const Json& process = receipt["dpv:hasRecordOfActivity"]["dpv:hasProcess"];
  CHECK(process["dpv:hasPurpose"]["dct:identifier"] == "long-gone");
  CHECK(process["dpv:hasPurpose"]["dct:description"] == "long-gone");
  CHECK(process["dpv:hasStorageCondition"]["dpv:hasDuration"] == "until it is deleted");
  CHECK(process["dpv:hasRecipientThirdParty"].empty());
}

TEST_CASE("the version of a purpose is the newest of its time, or the first one for a time before") {
  const std::vector<PurposeRow> rows = {quality("1", at_ms(10)), quality("2", at_ms(20)), quality("3", at_ms(30))};
  const auto version_at = [&](std::int64_t ms) { return purpose_at(rows, "quality", at_ms(ms))->version; };
  CHECK(version_at(5) == "1");
  CHECK(version_at(10) == "1");
  CHECK(version_at(19) == "1");
  CHECK(version_at(20) == "2");
  CHECK(version_at(1000) == "3");
  CHECK_FALSE(purpose_at(rows, "training", at_ms(20)));
}

TEST_CASE("what a signal's value and a token's name could say of people is in no receipt") {
  const CallRows rows;
  ConsentRow consent = rows.consent(0, "granted");
  consent.signal_value = "alices-token";
  const ReceiptSubject about{rows.subjects[0].id, std::nullopt, quality()};
  CHECK(consent_receipt(example_terms(), consent, about, kIssue).dump().find("alice") == std::string::npos);
}

TEST_CASE("a call that left nothing: the person's own legs, how much was held at most, and why it was wiped") {
  const CallRows rows;
  UnstoredCall call{rows.call, rows.legs, rows.participants, {rows.consent(0, "denied")}};
  call.call.ended = at_ms(5000);
  call.call.state = CallState::ended;
  call.legs[0].counts_json = R"({"PACKETS_RECEIVED":250,"HELD_BYTES_AT_MOST":45056})";
  const Json receipt = nothing_stored_receipt(example_terms(), call, rows.subjects[0].id, kIssue);
  CHECK(receipt["@type"] == "assent:NothingStoredReceipt");
  CHECK(receipt["assent:rule"] == "it was refused");
  CHECK(receipt["assent:wipedAtTheLatest"] == to_rfc3339(at_ms(5000)));
  REQUIRE(receipt["assent:legs"].size() == 1);
  const Json& leg = receipt["assent:legs"][0];
  CHECK(leg["@id"] == "urn:uuid:" + to_text(rows.legs[0].id));
  CHECK(leg["assent:packetsReceived"] == 250);
  CHECK(leg["assent:packetsStored"] == 0);
  CHECK(leg["assent:bytesHeldAtMost"] == 45056);
  CHECK(receipt.dump().find(to_text(rows.subjects[1].id)) == std::string::npos);
}

TEST_CASE("the rule of a call that left nothing is the person's own last word, or that there was none") {
  const CallRows rows;
  const auto rule_of = [&](std::vector<ConsentRow> consents) {
    const UnstoredCall call{rows.call, rows.legs, rows.participants, std::move(consents)};
    return nothing_stored_receipt(example_terms(), call, rows.subjects[0].id, kIssue)["assent:rule"].get<std::string>();
  };
  ConsentRow late = rows.consent(0, "expired");
  late.signal_type = "deadline";
  CHECK(rule_of({}) == "nobody answered before the call ended");
  CHECK(rule_of({late}) == "nobody answered in time");
  CHECK(rule_of({rows.consent(0, "expired")}) == "the call ended");
  CHECK(rule_of({rows.consent(0, "granted"), rows.consent(1, "denied")}) == "the policy of the call was not satisfied");
  CHECK(rule_of({rows.consent(0, "granted"), rows.consent(0, "withdrawn")}) == "it was withdrawn");
}
