#include "engine/signalling/session_state.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/bytes.h"

namespace assent {
namespace {

using nlohmann::json;

template <typename T>
T* named(std::vector<T>& all, std::string T::*name, std::string_view wanted) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const T& one) { return one.*name == wanted; });
  return found == all.end() ? nullptr : &*found;
}

json endpoint_json(const std::optional<Endpoint>& endpoint) { return endpoint ? json(to_text(*endpoint)) : json(); }

std::optional<Endpoint> endpoint_from(const json& value) {
  return value.is_string() ? parse_endpoint(value.get_ref<const std::string&>()) : std::nullopt;
}

// Bytes of any kind.
std::string from_hex_text(const json& value) {
  return text_of(from_hex(value.get_ref<const std::string&>()).value_or(Bytes()));
}

json json_of(const RsMetadata& metadata) {
  json participants = json::array();
  for (const RsParticipant& one : metadata.participants) {
    participants.push_back({one.id, one.aor, one.name, one.sends, one.receives, one.has_left});
  }
  json streams = json::array();
  for (const RsStream& one : metadata.streams) streams.push_back({one.id, one.label});
  return {{"participants", participants}, {"streams", streams}};
}

RsMetadata metadata_from(const json& object) {
  RsMetadata metadata;
  for (const json& one : object.at("participants")) {
    metadata.participants.push_back({one.at(0), one.at(1), one.at(2), one.at(3), one.at(4), true, one.at(5)});
  }
  for (const json& one : object.at("streams")) metadata.streams.push_back({one.at(0), one.at(1)});
  return metadata;
}

json json_of(const SessionLine& line) {
  json formats = json::array();
  for (const SdpFormat& one : line.formats) {
    formats.push_back({one.payload_type, one.encoding, one.clock_rate, one.channels, one.parameters});
  }
  return {{"kind", line.kind},    {"protocol", line.protocol}, {"label", line.label},
          {"leg", line.leg},      {"formats", formats},        {"inactive", line.direction == SdpDirection::inactive},
          {"mux", line.rtcp_mux}, {"record", line.record},     {"recordpref", line.recordpref},
          {"crypto", line.crypto}};
}

SessionLine line_from(const json& object) {
  SessionLine line;
  line.kind = object.at("kind");
  line.protocol = object.at("protocol");
  line.label = object.at("label");
  line.leg = object.at("leg");
  for (const json& one : object.at("formats")) {
    line.formats.push_back({one.at(0), one.at(1), one.at(2), one.at(3), one.at(4)});
  }
  if (object.at("inactive").get<bool>()) line.direction = SdpDirection::inactive;
  line.rtcp_mux = object.at("mux");
  line.record = object.at("record");
  line.recordpref = object.at("recordpref");
  line.crypto = object.at("crypto");
  return line;
}

SessionState state_from(const json& object) {
  SessionState state;
  const json& dialog = object.at("dialog");
  state.dialog = {dialog.at(0), dialog.at(1), dialog.at(2)};
  state.trunk = object.at("trunk");
  state.metadata = metadata_from(object.at("metadata"));
  for (const json& one : object.at("people")) state.people.push_back({one.at(0), one.at(1), one.at(2), one.at(3)});
  for (const json& one : object.at("legs")) {
    state.legs.push_back(
        {one.at(0), one.at(1), {}, endpoint_from(one.at(2)), endpoint_from(one.at(3)), one.at(4), one.at(5)});
  }
  for (const json& one : object.at("lines")) state.lines.push_back(line_from(one));
  state.sdp_id = object.at("sdp").at(0);
  state.sdp_version = object.at("sdp").at(1);
  state.is_paused = object.at("paused");
  state.kept = from_hex_text(object.at("kept"));
  return state;
}

}  // namespace

SessionLeg* SessionState::leg(std::string_view label) { return named(legs, &SessionLeg::label, label); }
const SessionLeg* SessionState::leg(std::string_view label) const {
  return const_cast<SessionState*>(this)->leg(label);
}
SessionPerson* SessionState::person(std::string_view ref) { return named(people, &SessionPerson::ref, ref); }
const SessionPerson* SessionState::person(std::string_view ref) const {
  return const_cast<SessionState*>(this)->person(ref);
}

std::string to_json(const SessionState& state) {
  json people = json::array();
  for (const SessionPerson& one : state.people) people.push_back({one.ref, one.id, one.is_agent, one.has_left});
  json legs = json::array();
  for (const SessionLeg& one : state.legs) {
    legs.push_back(
        {one.label, one.person, endpoint_json(one.source), endpoint_json(one.offered), one.has_ended, one.is_secured});
  }
  json lines = json::array();
  for (const SessionLine& one : state.lines) lines.push_back(json_of(one));
  const json object{{"dialog", {state.dialog.call_id, state.dialog.local_tag, state.dialog.remote_tag}},
                    {"trunk", state.trunk},
                    {"metadata", json_of(state.metadata)},
                    {"people", people},
                    {"legs", legs},
                    {"lines", lines},
                    {"sdp", {state.sdp_id, state.sdp_version}},
                    {"paused", state.is_paused},
                    {"kept", to_hex(bytes_of(state.kept))}};
  // What an SDP brought need not be UTF-8.
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<SessionState> session_state_from(std::string_view text) {
  try {
    return state_from(json::parse(text));
  } catch (const json::exception&) {
    return error(Errc::corrupt, "what is kept of a recording session makes no sense");
  }
}

}  // namespace assent
