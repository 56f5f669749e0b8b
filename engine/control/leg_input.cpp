#include "engine/control/leg_input.h"

#include <nlohmann/json.hpp>
#include <set>

#include "codecs/payload_format.h"
#include "engine/control/json_object.h"
#include "engine/control/srtp_input.h"

namespace assent {
namespace {

using nlohmann::json;
using Faults = std::vector<FieldError>;

constexpr TextRule kMaybeEmpty{limits::kRefBytes, true, false};
// RTCP packet types 192 to 223 look like these when the marker bit is set (RFC 5761 section 4), and RTCP may be muxed.
constexpr std::int64_t kRtcpLikeFirst = 64;
constexpr std::int64_t kRtcpLikeLast = 95;

std::uint8_t checked_payload_type(std::int64_t number, JsonObject& object, std::string_view name) {
  if (number >= kRtcpLikeFirst && number <= kRtcpLikeLast) {
    object.fault(name, "must not be 64 to 95, which cannot be told from RTCP (RFC 5761 section 4)");
  }
  return static_cast<std::uint8_t>(number);
}

std::optional<LegFormat> read_codec(const json& value, const std::string& pointer, Faults& faults) {
  JsonObject object(value, pointer, faults);
  const std::size_t faults_before = faults.size();
  const std::string name = object.text("name");
  const auto payload_type = checked_payload_type(object.integer("payload_type", 0, 127), object, "payload_type");
  const std::int64_t clock_rate = object.integer("clock_rate", 1, UINT32_MAX);
  const std::int64_t channels = object.optional_integer("channels", 1, UINT8_MAX).value_or(1);
  const std::string parameters = object.optional_text("fmtp", kMaybeEmpty).value_or("");
  object.finish();
  if (faults.size() != faults_before) return std::nullopt;
  auto codec = make_codec({name, clock_rate, channels, parameters});
  if (codec) return LegFormat{payload_type, *codec};
  faults.push_back({pointer, codec.error().what});
  return std::nullopt;
}

// Either one `codec` or several `codecs`: what the sender may change between.
std::vector<LegFormat> read_formats(JsonObject& leg, Faults& faults) {
  std::vector<LegFormat> formats;
  const auto read = [&](const json& value, const std::string& pointer) {
    if (const auto format = read_codec(value, pointer, faults)) formats.push_back(*format);
  };
  if (leg.optional_value("codecs") == nullptr) {
    if (const json* one = leg.value("codec")) read(*one, leg.pointer_to("codec"));
    return formats;
  }
  if (leg.optional_value("codec") != nullptr) leg.fault("codecs", "cannot be there beside codec");
  std::size_t index = 0;
  for (const json* each : leg.array("codecs", {1, limits::kFormatsPerLeg})) {
    read(*each, leg.pointer_to("codecs") + "/" + std::to_string(index++));
  }
  return formats;
}

// Each type stands for one thing, so each is compared with those before it.
LegPayloads read_payloads(JsonObject& leg, Faults& faults) {
  LegPayloads payloads;
  payloads.formats = read_formats(leg, faults);
  std::set<std::uint8_t> taken;
  for (const LegFormat& format : payloads.formats) {
    if (!taken.insert(format.payload_type).second) leg.fault("codecs", "name a payload_type twice");
    if (format.payload_type == kComfortNoisePayloadType)
      leg.fault("codecs", "name 13, which is comfort noise (RFC 3551)");
  }
  const auto read = [&](std::string_view name) -> std::optional<std::uint8_t> {
    const auto number = leg.optional_integer(name, 0, 127);
    if (!number) return std::nullopt;
    const std::uint8_t type = checked_payload_type(*number, leg, name);
    if (!taken.insert(type).second) leg.fault(name, "must differ from the codec's payload_type and all others");
    return type;
  };
  payloads.dtmf = read("dtmf_payload_type");
  payloads.comfort_noise = read("comfort_noise_payload_type");
  payloads.redundancy = read("redundancy_payload_type");
  return payloads;
}

// "192.0.2.1:4000", "[2001:db8::1]:4000", or {address, port}; port 0 is any port of that address.
std::optional<Endpoint> read_source(const json& value, const std::string& pointer, Faults& faults) {
  std::optional<Endpoint> source;
  if (value.is_string()) {
    source = parse_endpoint(value.get_ref<const std::string&>());
  } else {
    const std::size_t faults_before = faults.size();
    JsonObject object(value, pointer, faults);
    const std::string address = object.text("address");
    const std::int64_t port = object.optional_integer("port", 0, UINT16_MAX).value_or(0);
    object.finish();
    if (faults.size() != faults_before) return std::nullopt;
    source = parse_address(address, static_cast<std::uint16_t>(port));
  }
  if (!source)
    faults.push_back({pointer, "must be \"ADDRESS:PORT\" or {address, port} with an IP address, not a name"});
  return source;
}

Endpoint read_control(JsonObject& object) {
  const std::string control = object.text("control");
  const auto endpoint = parse_endpoint(control);
  if (endpoint && endpoint->port != 0) return *endpoint;
  if (!control.empty()) {
    object.fault("control", "must be \"ADDRESS:PORT\" of rtpengine's listen-ng, with an IP address, not a name");
  }
  return {};
}

// {"rtpengine": {"control": "192.0.2.1:2223", "call_id": ..., "tag": ...}}
RtpengineSource read_rtpengine(const json& value, const std::string& pointer, Faults& faults) {
  JsonObject object(value, pointer, faults);
  RtpengineSource source;
  source.control = read_control(object);
  source.call_id = object.text("call_id");
  source.tag = object.text("tag");
  object.finish();
  return source;
}

// What rtpengine says itself when it is asked.
void read_subscribed_leg(const json& source, JsonObject& object, LegSpec& leg, Faults& faults) {
  const std::string pointer = object.pointer_to("source");
  leg.rtpengine = read_rtpengine(source.at("rtpengine"), pointer + "/rtpengine", faults);
  if (source.size() != 1) faults.push_back({pointer, "must have nothing beside \"rtpengine\""});
  for (const char* said :
       {"codec", "codecs", "dtmf_payload_type", "comfort_noise_payload_type", "redundancy_payload_type", "srtp"}) {
    if (object.optional_value(said) != nullptr) object.fault(said, "must be left out: rtpengine says what it sends");
  }
  object.finish();
}

}  // namespace

RtpengineCall read_call_source(const json& value, const std::string& pointer, std::vector<FieldError>& faults) {
  JsonObject source(value, pointer, faults);
  RtpengineCall call;
  if (const json* asked = source.value("rtpengine")) {
    JsonObject object(*asked, source.pointer_to("rtpengine"), faults);
    call.control = read_control(object);
    call.call_id = object.text("call_id");
    if (object.optional_value("tags") != nullptr) {
      const std::string tags = object.pointer_to("tags");
      for (const json* tag : object.array("tags", {1, limits::kLegsPerCall})) {
        const std::string here = tags + "/" + std::to_string(call.tags.size());
        call.tags.push_back(read_text(*tag, here, {limits::kRefBytes, false, false}, faults));
      }
    }
    object.finish();
  }
  source.finish();
  return call;
}

LegChange read_leg_change(const json& value, const std::string& pointer, std::vector<FieldError>& faults,
                          bool& no_memory) {
  JsonObject object(value, pointer, faults);
  LegChange change;
  change.label = object.text("label");
  const json* source = object.optional_value("source");
  if (source != nullptr) change.source = read_source(*source, object.pointer_to("source"), faults);
  const json* srtp = object.optional_value("srtp");
  if (srtp != nullptr) change.srtp = read_srtp(*srtp, object.pointer_to("srtp"), faults, no_memory);
  object.finish();
  if (source == nullptr && srtp == nullptr) faults.push_back({pointer, "must change source or srtp, or both"});
  return change;
}

LegSpec read_leg(const json& value, const std::string& pointer, std::vector<FieldError>& faults, bool& no_memory) {
  JsonObject object(value, pointer, faults);
  LegSpec leg;
  leg.label = object.text("label");
  leg.participant = object.text("participant");
  const json* source = object.optional_value("source");
  if (source != nullptr && source->is_object() && source->contains("rtpengine")) {
    read_subscribed_leg(*source, object, leg, faults);
    return leg;
  }
  leg.payloads = read_payloads(object, faults);
  if (const json* srtp = object.optional_value("srtp")) {
    leg.srtp = read_srtp(*srtp, object.pointer_to("srtp"), faults, no_memory);
  }
  if (source != nullptr) leg.source = read_source(*source, object.pointer_to("source"), faults);
  object.finish();
  return leg;
}

}  // namespace assent
