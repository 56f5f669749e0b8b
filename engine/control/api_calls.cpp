// The live calls: CallService in JSON.
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/consent/consent_state.h"
#include "engine/control/json_input.h"
#include "engine/control/operations.h"

namespace assent {
namespace {

using Json = nlohmann::ordered_json;

template <typename T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json source_of(const LegView& leg) {
  if (!leg.rtpengine) return nullptr;
  const RtpengineSource& source = *leg.rtpengine;
  return {{"rtpengine", {{"control", to_text(source.control)}, {"call_id", source.call_id}, {"tag", source.tag}}}};
}

Json srtp_of(const LegView& leg) {
  if (!leg.srtp) return nullptr;
  Json view{{"suite", or_null(leg.srtp->suite)}};
  if (leg.srtp->fingerprint) {
    view["fingerprint"] = *leg.srtp->fingerprint;
    view["setup"] = "passive";  // it is always the other end that begins (RFC 4145 section 4)
  }
  view["opened"] = leg.srtp->opened;
  for (const auto& [fault, packets] : leg.srtp->faults) view[fault] = packets;
  return view;
}

Json json_of(const LegView& leg) {
  return {{"label", leg.label},
          {"id", to_text(leg.id)},
          {"address", leg.address},
          {"port", leg.port},
          {"rtcp_port", leg.rtcp_port},
          {"participant", leg.participant},
          {"codec", leg.codec},
          {"gate", leg.gate},
          {"level_dbov", or_null(leg.level_dbov)},
          {"held_ms", leg.held_ms},
          {"packets", leg.packets},
          {"lost", leg.lost},
          {"dropped", leg.dropped},
          {"sealed_blocks", leg.sealed_blocks},
          {"ended", leg.has_ended},
          {"source", source_of(leg)},
          {"srtp", srtp_of(leg)}};
}

Json json_of(const ParticipantView& participant) {
  Json consents = Json::array();
  for (const PurposeState& consent : participant.consents) {
    consents.push_back({{"purpose", consent.purpose}, {"state", consent.state}});
  }
  return {{"id", to_text(participant.id)},     {"ref", participant.ref},
          {"role", participant.role},          {"subject", or_null(participant.subject)},
          {"name", or_null(participant.name)}, {"left", participant.has_left},
          {"consents", std::move(consents)}};
}

Json json_of(const CallView& call) {
  Json participants = Json::array();
  for (const ParticipantView& participant : call.participants) participants.push_back(json_of(participant));
  Json legs = Json::array();
  for (const LegView& leg : call.legs) legs.push_back(json_of(leg));
  return {{"id", to_text(call.id)},
          {"ref", call.ref},
          {"tenant", call.tenant},
          {"state", call.state},
          {"policy", call.policy},
          {"paused", call.paused},
          {"created", to_rfc3339(call.created)},
          {"recording", call.recording ? Json(to_text(*call.recording)) : Json(nullptr)},
          {"participants", std::move(participants)},
          {"legs", std::move(legs)}};
}

Json json_of(const Notice& notice) {
  return {{"id", notice.id}, {"version", notice.version}, {"language", notice.language}, {"hash", notice.hash}};
}

Json json_of(const ConsentRecordView& record) {
  return {{"id", to_text(record.id)},
          {"call", to_text(record.call)},
          {"participant", record.participant},
          {"purpose", record.purpose},
          {"decision", record.decision},
          {"signal", {{"type", record.signal_type}, {"value", record.said ? Json(*record.said) : Json(nullptr)}}},
          {"notice", record.notice ? json_of(*record.notice) : Json(nullptr)},
          {"at", to_rfc3339(record.at)},
          {"valid_until", record.valid_until ? Json(to_rfc3339(*record.valid_until)) : Json(nullptr)}};
}

Caller caller_of(const ApiRequest& request) { return {request.bearer.id, request.http.received_at}; }

Reply call_reply(unsigned status, Result<CallView> call) {
  if (!call) return problem_of(call.error());
  return json_reply(status, json_of(*call));
}

// A request with a call's id in its path and a body.
template <typename Spec>
struct CallChange {
  CallId id;
  Spec spec;
};

template <typename Spec>
Result<CallChange<Spec>, Problem> read_change(const ApiRequest& request, Read<Spec> (*read)(std::string_view)) {
  auto id = id_parameter<CallId>(request);
  if (!id) return id.error();
  auto spec = read(request.http.body);
  if (!spec) return spec.error();
  return CallChange<Spec>{*id, *std::move(spec)};
}

}  // namespace

Reply create_call(ApiParts& parts, const ApiRequest& request) {
  auto spec = read_call_spec(request.http.body);
  if (!spec) return spec.error();
  auto call = parts.calls.create_call(*spec, caller_of(request));
  if (!call) return problem_of(call.error());
  HttpResponse response = json_reply(201, json_of(*call));
  response.headers.emplace_back("Location", "/v1/calls/" + to_text(call->id));
  return response;
}

Reply list_calls(ApiParts& parts, const ApiRequest& request) {
  if (auto fault = QueryReader(request.http).fault()) return *std::move(fault);
  auto calls = parts.calls.calls();
  if (!calls) return problem_of(calls.error());
  Json list = Json::array();
  for (const CallView& call : *calls) list.push_back(json_of(call));
  return json_reply(200, {{"calls", std::move(list)}});
}

Reply show_call(ApiParts& parts, const ApiRequest& request) {
  const auto id = id_parameter<CallId>(request);
  if (!id) return id.error();
  return call_reply(200, parts.calls.call(*id));
}

Reply end_call(ApiParts& parts, const ApiRequest& request) {
  const auto id = id_parameter<CallId>(request);
  if (!id) return id.error();
  auto ended = parts.calls.end_call(*id, caller_of(request));
  if (!ended) return problem_of(ended.error());
  return json_reply(
      200, {{"recording", ended->recording ? Json(to_text(*ended->recording)) : Json(nullptr)}, {"why", ended->why}});
}

// The first record's members stand at the top, because most decisions are about one purpose.
HttpResponse consent_reply(const std::vector<ConsentRecordView>& records) {
  Json body = Json::object();
  if (!records.empty()) body = json_of(records.front());
  Json list = Json::array();
  Json purposes = Json::array();
  for (const ConsentRecordView& record : records) {
    list.push_back(json_of(record));
    purposes.push_back(record.purpose);
  }
  body["purposes"] = std::move(purposes);
  body["records"] = std::move(list);
  return json_reply(200, body);
}

Reply record_consent(ApiParts& parts, const ApiRequest& request) {
  auto change = read_change<ConsentSpec>(request, read_consent_spec);
  if (!change) return change.error();
  if (change->spec.decision == to_text(Decision::withdrawn)) {
    return withdraw_in_call(parts, request, change->id, change->spec);
  }
  auto records = parts.calls.decide(change->id, change->spec, caller_of(request));
  if (!records) return problem_of(records.error());
  return consent_reply(*records);
}

Reply pause_call(ApiParts& parts, const ApiRequest& request) {
  auto change = read_change<PauseSpec>(request, read_pause_spec);
  if (!change) return change.error();
  return call_reply(200, parts.calls.pause(change->id, change->spec.reason, caller_of(request)));
}

Reply resume_call(ApiParts& parts, const ApiRequest& request) {
  auto change = read_change<PauseSpec>(request, read_pause_spec);
  if (!change) return change.error();
  return call_reply(200, parts.calls.resume(change->id, change->spec.reason, caller_of(request)));
}

Reply change_legs(ApiParts& parts, const ApiRequest& request) {
  auto change = read_change<LegsSpec>(request, read_legs_spec);
  if (!change) return change.error();
  return call_reply(200, parts.calls.change_legs(change->id, change->spec, caller_of(request)));
}

Reply add_note(ApiParts& parts, const ApiRequest& request) {
  auto change = read_change<NoteSpec>(request, read_note_spec);
  if (!change) return change.error();
  auto note = parts.recordings.add_note(change->id, change->spec.text, caller_of(request));
  if (!note) return problem_of(note.error());
  return json_reply(201, {{"id", to_text(*note)}, {"call", to_text(change->id)}});
}

}  // namespace assent
