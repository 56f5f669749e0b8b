#include "engine/receipts/receipts.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "engine/receipts/receipt_parts.h"

namespace assent {
namespace {

using Json = nlohmann::ordered_json;

// The guide that a consent record and a receipt with the whole record in it follow.
constexpr std::string_view kRecordProfile = "https://w3id.org/dpv/schema/dpv-27560#record";
constexpr std::string_view kReceiptProfile = "https://w3id.org/dpv/schema/dpv-27560#receipt-record";
constexpr std::string_view kSchemaVersion = "ISO/IEC TS 27560:2023";

// ISO 8601 durations of whole hours: "P90D", "PT36H".
std::string duration(std::int64_t hours) {
  if (hours % 24 == 0) return "P" + std::to_string(hours / 24) + "D";
  return "PT" + std::to_string(hours) + "H";
}

Json notice(const std::string& notice_json) {
  const Json named = Json::parse(notice_json, nullptr, false);
  if (!named.is_object()) return nullptr;
  return {{"@type", "dpv:ConsentNotice"},
          {"dct:identifier", named.value("id", "")},
          {"dct:hasVersion", named.value("version", "")},
          {"dct:language", named.value("language", "")},
          {"assent:sha256", named.value("hash", "")}};
}

std::string_view status_of(std::string_view decision) {
  if (decision == "granted") return "dpv:ConsentGiven";
  if (decision == "denied") return "dpv:ConsentRefused";
  if (decision == "withdrawn") return "dpv:ConsentWithdrawn";
  return "dpv:ConsentExpired";
}

// Who receives it besides the controller: those whom the register names.
Json third_parties(const std::optional<PurposeRow>& purpose) {
  Json names = purpose ? Json::parse(purpose->processors_json, nullptr, false) : Json::array();
  return names.is_array() ? names : Json::array();
}

Json process(const ReceiptTerms& terms, const ConsentRow& consent, const std::optional<PurposeRow>& purpose) {
  const bool has_text = purpose && !purpose->description.empty();
  Json about = {{"@type", "dpv:Purpose"},
                {"dct:identifier", consent.purpose},
                {"dct:description", has_text ? purpose->description : consent.purpose}};
  if (purpose) about["dct:hasVersion"] = purpose->version;
  const Json others = third_parties(purpose);
  Json recipients = Json::array({terms.controller.id});
  recipients.insert(recipients.end(), others.begin(), others.end());
  const bool has_retention = purpose && purpose->retention_hours;
  return {
      {"@type", "dpv:Process"},
      {"dpv:hasPurpose", std::move(about)},
      {"dpv:hasPersonalData", {"pd:VoiceCommunicationRecording", "pd:CommunicationMetadata", "assent:KeyPresses"}},
      {"dpv:hasDataController", terms.controller.id},
      {"dpv:hasRecipient", std::move(recipients)},
      {"dpv:hasRecipientThirdParty", others},
      {"dpv:hasProcessing", {"dpv:Record", "dpv:Store", "dpv:Use"}},
      {"dpv:hasDataSource", "dpv:DataSubject"},
      {"dpv:hasLegalBasis", purpose ? purpose->lawful_basis : std::string("consent")},
      {"dpv:hasNecessity", "dpv:Optional"},
      {"dpv:hasStorageCondition",
       {{"dpv:hasLocation", terms.storage_location},
        {"dpv:hasDuration", has_retention ? Json(duration(*purpose->retention_hours)) : Json("until it is deleted")}}},
      {"dpv:hasLocation", terms.storage_location},
      {"assent:specialCategories", Json::array()}};
}

Json event(const ConsentRow& consent) {
  Json json = {
      {"@type", status_of(consent.decision)},
      {"dct:date", to_rfc3339(consent.at)},
      {"dpv:hasConsentType", "dpv:ExplicitlyExpressedConsent"},
      {"dpv:hasEntity", consent.origin},
      {"dpv:hasDuration", consent.valid_until ? "until " + to_rfc3339(*consent.valid_until) + ", or withdrawn before"
                                              : std::string("until it is withdrawn")},
      {"assent:signal", consent.signal_type},
      {"assent:call", urn(consent.call)},
      {"assent:prerollMs", consent.preroll_ms}};
  if (consent.evidence_ms != 0) json["assent:spokenAnswerMs"] = consent.evidence_ms;
  if (consent.media_time) json["assent:mediaTime"] = to_rfc3339(*consent.media_time);
  return json;
}

Json record(const ReceiptTerms& terms, const ConsentRow& consent, const ReceiptSubject& subject) {
  Json json = {{"@id", urn(consent.id)},
               {"@type", "dpv:ConsentRecord"},
               {"dct:identifier", to_text(consent.id)},
               {"dct:conformsTo", kRecordProfile},
               {"assent:schemaVersion", kSchemaVersion},
               {"dpv:hasDataSubject", {{"@id", urn(subject.person)}, {"@type", "dpv:DataSubject"}}},
               {"dpv:hasDataController", party_json(terms.controller, "dpv:DataController")},
               {"dpv:hasJurisdiction", terms.jurisdiction},
               {"dpv:hasNotice", notice(consent.notice_json)},
               {"dpv:hasProcess", process(terms, consent, subject.purpose)},
               {"dpv:hasConsentControl", {{"@type", "dpv:WithdrawConsent"}, {"dct:description", terms.withdrawal}}},
               {"dpv:hasRight", terms.rights},
               {"dpv:hasConsentStatus", event(consent)}};
  if (subject.before) json["dct:replaces"] = urn(*subject.before);
  return json;
}

Json receipt(const ReceiptTerms& terms, std::string_view type, const ReceiptIssue& issue) {
  return {{"@context", receipt_context()},
          {"@id", urn(issue.id)},
          {"@type", type},
          {"dct:identifier", to_text(issue.id)},
          {"dct:created", to_rfc3339(issue.at)},
          {"dct:publisher", party_json(terms.controller, "dpv:DataController")}};
}

// The rule by which what was held of a person was wiped: their last word, or that there was none.
std::string rule_of(const UnstoredCall& call, ParticipantId participant) {
  std::string decision;
  std::string signal;
  for (const ConsentRow& row : call.consents) {
    if (row.participant != participant) continue;
    decision = row.decision;
    signal = row.signal_type;
  }
  if (decision.empty()) return "nobody answered before the call ended";
  if (decision == "expired" && signal == "validity") return "the consent was for a time that was over";
  if (decision == "expired") return signal == "deadline" ? "nobody answered in time" : "the call ended";
  if (decision == "granted") return "the policy of the call was not satisfied";
  return decision == "denied" ? "it was refused" : "it was withdrawn";
}

Json unstored_leg(const LegRow& leg) {
  const Json counts = Json::parse(leg.counts_json, nullptr, false);
  const auto count = [&](std::string_view name) {
    return counts.is_object() ? counts.value(std::string(name), std::uint64_t{0}) : std::uint64_t{0};
  };
  return {{"@id", urn(leg.id)},
          {"assent:codec", leg.codec},
          {"assent:packetsReceived", count("PACKETS_RECEIVED")},
          {"assent:packetsStored", 0},
          {"assent:bytesHeldAtMost", count(kHeldBytesCount)}};
}

}  // namespace

std::optional<PurposeRow> purpose_at(std::span<const PurposeRow> register_rows, std::string_view id, WallTime at) {
  const PurposeRow* found = nullptr;
  for (const PurposeRow& row : register_rows) {
    if (row.id == id && (found == nullptr || row.at <= at)) found = &row;
  }
  return found == nullptr ? std::nullopt : std::optional(*found);
}

Json consent_receipt(const ReceiptTerms& terms, const ConsentRow& consent, const ReceiptSubject& subject,
                     const ReceiptIssue& issue) {
  Json json = receipt(terms, "dpv:ConsentReceipt", issue);
  json["dct:conformsTo"] = kReceiptProfile;
  json["dpv:hasRecordOfActivity"] = record(terms, consent, subject);
  return json;
}

Json nothing_stored_receipt(const ReceiptTerms& terms, const UnstoredCall& call, SubjectId subject,
                            const ReceiptIssue& issue) {
  Json json = receipt(terms, "assent:NothingStoredReceipt", issue);
  json["dpv:hasDataSubject"] = {{"@id", urn(subject)}, {"@type", "dpv:DataSubject"}};
  json["dpv:hasNotice"] = notice(call.call.notice_json);
  json["assent:call"] = urn(call.call.id);
  json["assent:began"] = to_rfc3339(call.call.created);
  json["assent:wipedAtTheLatest"] = call.call.ended ? Json(to_rfc3339(*call.call.ended)) : Json(nullptr);
  Json legs = Json::array();
  for (const ParticipantRow& person : call.participants) {
    if (person.subject != subject) continue;
    json["assent:rule"] = rule_of(call, person.id);
    for (const LegRow& leg : call.legs) {
      if (leg.participant == person.id) legs.push_back(unstored_leg(leg));
    }
  }
  json["assent:legs"] = std::move(legs);
  return json;
}

}  // namespace assent
