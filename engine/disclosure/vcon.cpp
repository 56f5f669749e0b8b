#include "engine/disclosure/vcon.h"

#include <algorithm>
#include <map>
#include <utility>

#include "engine/disclosure/disclosed_json.h"

namespace assent {
namespace {

using Json = DisclosedJson;

constexpr std::string_view kVersion = "0.4.0";
constexpr std::string_view kJsonType = "application/json";

double seconds_of(WallTime from, WallTime to) {
  const auto span = std::chrono::duration_cast<milliseconds>(to - from);
  return static_cast<double>(std::max<std::int64_t>(span.count(), 0)) / 1000.0;
}

// An address is whatever the caller of the API gave: what it looks like decides which parameter it is.
void add_address(Json& party, const std::string& address) {
  const bool has_at = address.find('@') != std::string::npos;
  const bool is_number = !address.empty() && address.find_first_not_of("+0123456789 -./()") == std::string::npos;
  if (address.starts_with("sip:") || address.starts_with("sips:")) {
    party["sip"] = address;
  } else if (address.starts_with("tel:") || is_number) {
    party["tel"] = address;
  } else if (has_at) {
    party["mailto"] = address;
  } else {
    party["address"] = address;
  }
}

Json party_of(const DisclosedParticipant& participant, SubjectId subject) {
  Json party = {{"type", "person"}, {"role", participant.role}};
  if (!participant.is_them) return party;
  party["uuid"] = to_text(subject);
  if (!participant.fields) return party;
  party["ref"] = participant.fields->ref;
  if (participant.fields->name) {
    party["name"] = *participant.fields->name;
    party["validation"] = "none";
  }
  if (participant.fields->address) add_address(party, *participant.fields->address);
  return party;
}

std::string_view status_of(const std::string& decision) {
  if (decision == "withdrawn") return "revoked";
  return decision == "granted" || decision == "denied" ? std::string_view(decision) : "expired";
}

// draft-howe-vcon-consent-00: what stands now, one object a purpose; its section 13 names the members one way and its
// section 20 another, so both are there. The records themselves are the attachment's body.
Json consent_of(const DisclosedCall& call, std::size_t party) {
  const DisclosedParticipant& person = call.participants[party];
  std::map<std::string, const ConsentRow*> last;
  Json records = Json::array();
  WallTime first = call.row.created;
  bool any = false;
  for (const ConsentRow& row : call.consents) {
    if (row.participant != person.id) continue;
    if (!any) first = row.at;
    any = true;
    last[row.purpose] = &row;
    records.push_back(json_of_consent(row, call.said));
  }
  if (!any) return nullptr;
  Json consents = Json::array();
  std::optional<WallTime> expiration;
  for (const auto& [purpose, row] : last) {
    consents.push_back({{"purpose", purpose},
                        {"status", status_of(row->decision)},
                        {"timestamp", to_rfc3339(row->at)},
                        {"consent", purpose},
                        {"value", row->decision == "granted"}});
    if (row->valid_until && (!expiration || *row->valid_until < *expiration)) expiration = row->valid_until;
  }
  Json proof = Json::array();
  for (const SignedReceipt& receipt : call.receipts) {
    proof.push_back({{"type", "jws"}, {"value", receipt.jws}});
  }
  Json attachment = {{"purpose", "consent"},
                     {"type", "consent"},
                     {"start", to_rfc3339(first)},
                     {"party", party},
                     {"dialog", 0},
                     {"expiration", expiration ? Json(to_rfc3339(*expiration)) : Json(nullptr)},
                     {"consents", std::move(consents)},
                     {"proof", std::move(proof)},
                     {"mediatype", kJsonType},
                     {"encoding", "json"},
                     {"body", {{"records", std::move(records)}}}};
  const Json notice = stored_json(call.row.notice_json);
  if (notice.is_object()) attachment["terms_of_service"] = notice;
  return attachment;
}

Json attachment_of(const std::string& purpose, std::size_t organisation, WallTime start, Json body) {
  return {{"purpose", purpose},     {"start", to_rfc3339(start)}, {"party", organisation},  {"dialog", 0},
          {"mediatype", kJsonType}, {"encoding", "json"},         {"body", std::move(body)}};
}

Json attachments_of(const DisclosedCall& call, WallTime at) {
  const std::size_t organisation = call.participants.size();
  Json all = Json::array();
  for (std::size_t party = 0; party < call.participants.size(); ++party) {
    if (!call.participants[party].is_them) continue;
    if (Json consent = consent_of(call, party); !consent.is_null()) all.push_back(std::move(consent));
  }
  const auto add = [&](const std::string& purpose, WallTime start, Json body) {
    if (!body.empty()) all.push_back(attachment_of(purpose, organisation, start, std::move(body)));
  };
  Json receipts = Json::array();
  for (const SignedReceipt& receipt : call.receipts) receipts.push_back(json_of_receipt(receipt));
  add("consent receipts", at, std::move(receipts));
  for (const DisclosedNote& note : call.notes) add("note", note.row.at, json_of_note(note));
  add("call metrics", call.row.ended.value_or(call.row.created), json_of_metrics(call));
  Json accesses = Json::array();
  for (const LedgerRow& row : call.accesses) accesses.push_back(json_of_record(row));
  add("accesses", at, std::move(accesses));
  add("recipients", at, json_of_recipients(call.recipients));
  add("not there any more", at, json_of_missing(call));
  return all;
}

// The dialog of the call as a whole; `recordings` follow it.
Json call_dialog(const DisclosedCall& call, std::size_t recordings) {
  Json parties = Json::array();
  for (std::size_t party = 0; party < call.participants.size(); ++party) parties.push_back(party);
  Json places = Json::array();
  for (std::size_t i = 1; i <= recordings; ++i) places.push_back(i);
  Json dialog = {{"type", "recording-set"}, {"start", to_rfc3339(call.row.created)}};
  if (call.row.ended) dialog["duration"] = seconds_of(call.row.created, *call.row.ended);
  dialog["parties"] = std::move(parties);
  dialog["recordings"] = std::move(places);
  return dialog;
}

Json recording_dialog(const DisclosedLeg& leg, const DisclosedAudio& audio) {
  return {{"type", "recording"},
          {"start", to_rfc3339(audio.start)},
          {"duration", seconds_of(audio.start, audio.end)},
          {"parties", leg.party},
          {"recording_set", 0},
          {"mediatype", "audio/ogg"},
          {"filename", audio.name},
          {"encoding", "base64url"}};
}

// An object's text without the brace that ends it.
std::string open_text(const Json& object) {
  std::string text = dump(object);
  text.pop_back();
  return text;
}

}  // namespace

std::vector<VconPiece> vcon_of(const DisclosedCall& call, const std::string& uuid, WallTime at) {
  Json parties = Json::array();
  for (const DisclosedParticipant& participant : call.participants)
    parties.push_back(party_of(participant, call.subject));
  parties.push_back({{"type", "organization"}, {"org", call.tenant}, {"role", "controller"}});
  Json head = {
      {"vcon", kVersion}, {"uuid", uuid}, {"extensions", {"CC", "consent", "assent"}}, {"created_at", to_rfc3339(at)}};
  if (call.ref) head["subject"] = *call.ref;
  head["parties"] = std::move(parties);
  head["attachments"] = attachments_of(call, at);

  std::vector<std::pair<const DisclosedLeg*, const DisclosedAudio*>> files;
  for (const DisclosedLeg& leg : call.legs) {
    for (const DisclosedAudio& audio : leg.audio) files.emplace_back(&leg, &audio);
  }
  std::vector<VconPiece> pieces(1);
  pieces.back().text = open_text(head) + ",\"dialog\":[" + dump(call_dialog(call, files.size()));
  for (const auto& [leg, audio] : files) {
    pieces.back().text += "," + open_text(recording_dialog(*leg, *audio)) + ",\"body\":\"";
    pieces.back().audio = audio;
    pieces.push_back({"\"}", nullptr});
  }
  pieces.back().text += "]}\n";
  return pieces;
}

}  // namespace assent
