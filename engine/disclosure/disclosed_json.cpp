#include "engine/disclosure/disclosed_json.h"

#include <algorithm>

namespace assent {
namespace {

using Json = DisclosedJson;

Json or_null(const std::optional<std::string>& text) { return text ? Json(*text) : Json(nullptr); }
Json or_null(const std::optional<WallTime>& time) { return time ? Json(to_rfc3339(*time)) : Json(nullptr); }
Json or_null(const std::optional<milliseconds>& span) { return span ? Json(span->count()) : Json(nullptr); }

Json json_of_leg(const DisclosedLeg& leg) {
  Json files = Json::array();
  for (const DisclosedAudio& audio : leg.audio) {
    files.push_back({{"file", audio.name},
                     {"start", to_rfc3339(audio.start)},
                     {"end", to_rfc3339(audio.end)},
                     {"segments", audio.segments.size()},
                     {"spoken_answer", audio.has_spoken_answer},
                     {"damaged_stretches", audio.damages}});
  }
  return {{"id", to_text(leg.row.id)},
          {"role", leg.role},
          {"own", leg.is_theirs},
          {"label", or_null(leg.label)},
          {"codec", leg.row.codec},
          {"counts", stored_json(leg.row.counts_json)},
          {"audio", std::move(files)},
          {"erased", or_null(leg.erased)},
          {"quarantined_segments", leg.quarantined},
          {"lost_segments", leg.lost}};
}

Json json_of_participant(const DisclosedParticipant& participant) {
  const auto& fields = participant.fields;
  return {{"id", to_text(participant.id)},
          {"role", participant.role},
          {"ref", fields ? Json(fields->ref) : Json(nullptr)},
          {"name", fields ? or_null(fields->name) : Json(nullptr)},
          {"address", fields ? or_null(fields->address) : Json(nullptr)}};
}

Json json_of_hold(const HoldRow& hold) {
  return {{"id", to_text(hold.id)},
          {"reason", hold.reason},
          {"placed", to_rfc3339(hold.placed)},
          {"until", or_null(hold.until)}};
}

template <typename T, typename Make>
Json list_of(const std::vector<T>& items, Make make) {
  Json list = Json::array();
  for (const T& item : items) list.push_back(make(item));
  return list;
}

// Whether any text within is one of these.
bool names_any(const Json& json, const std::set<std::string>& ids) {
  if (json.is_string()) return ids.contains(json.get_ref<const std::string&>());
  return json.is_structured() &&
         std::any_of(json.begin(), json.end(), [&](const Json& part) { return names_any(part, ids); });
}

}  // namespace

std::string dump(const DisclosedJson& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

DisclosedJson stored_json(std::string_view text) {
  Json parsed = Json::parse(text, nullptr, false);
  return parsed.is_discarded() ? Json(nullptr) : parsed;
}

DisclosedJson json_of_consent(const ConsentRow& row, const Said& said) {
  return {{"id", to_text(row.id)},
          {"purpose", row.purpose},
          {"decision", row.decision},
          {"at", to_rfc3339(row.at)},
          {"signal", {{"type", row.signal_type}, {"value", or_null(said_by(said, row.id))}}},
          {"notice", stored_json(row.notice_json)},
          {"origin", row.origin},
          {"media_time", or_null(row.media_time)},
          {"preroll_ms", row.preroll_ms},
          {"evidence_ms", row.evidence_ms},
          {"valid_until", or_null(row.valid_until)}};
}

DisclosedJson json_of_receipt(const SignedReceipt& receipt) {
  return {{"kind", name_of(receipt.kind)},
          {"call", to_text(receipt.call)},
          {"consent", receipt.consent ? Json(to_text(*receipt.consent)) : Json(nullptr)},
          {"receipt", stored_json(receipt.json)},
          {"jws", receipt.jws}};
}

DisclosedJson json_of_note(const DisclosedNote& note) {
  return {{"id", to_text(note.row.id)},
          {"author", note.row.author},
          {"at", to_rfc3339(note.row.at)},
          {"text", or_null(note.text)}};
}

DisclosedJson json_of_record(const LedgerRow& row) {
  return {{"seq", row.seq},
          {"at", to_rfc3339(row.at)},
          {"kind", row.kind},
          {"call", row.call ? Json(to_text(*row.call)) : Json(nullptr)},
          {"body", stored_json(row.body_json)},
          {"hash", to_hex(row.hash)}};
}

DisclosedJson json_of_standing(const DisclosedStanding& standing) {
  const StandingConsentRow& row = standing.row;
  return {{"id", to_text(row.id)},
          {"purposes", stored_json(row.purposes_json)},
          {"from", to_rfc3339(row.from)},
          {"until", or_null(row.until)},
          {"notice", stored_json(row.notice_json)},
          {"evidence", or_null(standing.evidence)},
          {"origin", row.origin},
          {"created", to_rfc3339(row.created)},
          {"withdrawn", or_null(row.withdrawn)}};
}

DisclosedJson json_of_recipients(const std::vector<DisclosedRecipients>& recipients) {
  return list_of(recipients, [](const DisclosedRecipients& one) {
    return Json{{"purpose", one.purpose}, {"description", one.description}, {"recipients", one.names}};
  });
}

DisclosedJson json_of_metrics(const DisclosedCall& call) {
  Json legs = Json::array();
  for (const DisclosedLeg& leg : call.legs) {
    if (!leg.is_theirs || !leg.metrics) continue;
    legs.push_back({{"leg", to_text(leg.row.id)}, {"metrics", stored_json(to_json(*leg.metrics))}});
  }
  Json waited = Json::array();
  for (const DisclosedParticipant& one : call.participants) {
    if (one.is_them) waited.push_back({{"participant", to_text(one.id)}, {"opt_in_ms", or_null(one.opt_in)}});
  }
  Json duration = nullptr;
  if (call.row.ended) {
    duration = std::chrono::duration_cast<milliseconds>(*call.row.ended - call.row.created).count();
  }
  return {{"duration_ms", std::move(duration)}, {"opt_in", std::move(waited)}, {"legs", std::move(legs)}};
}

DisclosedJson json_of_missing(const DisclosedCall& call) {
  Json missing = Json::array();
  if (call.erased) missing.push_back({{"what", "recording"}, {"why", "erased"}, {"at", to_rfc3339(*call.erased)}});
  for (const DisclosedLeg& leg : call.legs) {
    if (!leg.is_theirs) continue;
    if (leg.erased) {
      missing.push_back(
          {{"what", "leg"}, {"leg", to_text(leg.row.id)}, {"why", "erased"}, {"at", to_rfc3339(*leg.erased)}});
    }
    if (leg.quarantined != 0) {
      missing.push_back({{"what", "segments"},
                         {"leg", to_text(leg.row.id)},
                         {"why", "damaged, and kept apart"},
                         {"count", leg.quarantined}});
    }
    if (leg.lost != 0) {
      missing.push_back(
          {{"what", "segments"}, {"leg", to_text(leg.row.id)}, {"why", "lost by the store"}, {"count", leg.lost}});
    }
    for (const DisclosedAudio& audio : leg.audio) {
      if (audio.damages == 0) continue;
      missing.push_back({{"what", "stretches"},
                         {"file", audio.name},
                         {"why", "damaged: silent in the file"},
                         {"count", audio.damages}});
    }
  }
  return missing;
}

DisclosedJson json_of_call(const DisclosedCall& call) {
  std::vector<DisclosedParticipant> own;
  Json others = Json::array();
  for (const DisclosedParticipant& one : call.participants) {
    one.is_them ? own.push_back(one) : others.push_back({{"role", one.role}});
  }
  const auto& recording = call.recording;
  return {{"id", to_text(call.row.id)},
          {"tenant", call.tenant},
          {"ref", or_null(call.ref)},
          {"created", to_rfc3339(call.row.created)},
          {"ended", or_null(call.row.ended)},
          {"state", name_of(call.row.state)},
          {"policy", call.row.policy},
          {"notice", stored_json(call.row.notice_json)},
          {"you", list_of(own, json_of_participant)},
          {"others", std::move(others)},
          {"recording", recording ? Json{{"id", to_text(recording->id)},
                                         {"state", name_of(recording->state)},
                                         {"started", to_rfc3339(recording->started)},
                                         {"ended", or_null(recording->ended)},
                                         {"expires", or_null(recording->expires)},
                                         {"lost", stored_json(recording->lost_json)}}
                                  : Json(nullptr)},
          {"legs", list_of(call.legs, json_of_leg)},
          {"legal_holds", list_of(call.holds, json_of_hold)},
          {"not_there", json_of_missing(call)},
          {"consents", list_of(call.consents, [&](const ConsentRow& row) { return json_of_consent(row, call.said); })},
          {"receipts", list_of(call.receipts, json_of_receipt)},
          {"no_receipts", or_null(call.no_receipts)},
          {"notes", list_of(call.notes, json_of_note)},
          {"metrics", json_of_metrics(call)},
          {"accesses", list_of(call.accesses, json_of_record)},
          {"recipients", json_of_recipients(call.recipients)}};
}

DisclosedJson json_of_person(const DisclosedPerson& person) {
  return {{"export", to_text(person.id)},
          {"at", to_rfc3339(person.at)},
          {"subject", to_text(person.subject)},
          {"reference", or_null(person.reference)},
          {"tenant", person.tenant},
          {"consents_on_file", list_of(person.standing, json_of_standing)}};
}

bool is_about(const LedgerRow& row, const std::set<std::string>& others) {
  // That somebody heard the call is about everybody in it, whichever legs it names.
  if (row.kind == name_of(LedgerKind::access) || row.kind == name_of(LedgerKind::refusal)) return true;
  const Json body = stored_json(row.body_json);
  for (const char* name : {"participant", "leg"}) {
    if (body.is_object() && body.contains(name) && names_any(body.at(name), others)) return false;
  }
  return true;
}

}  // namespace assent
