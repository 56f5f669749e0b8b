#include "engine/signalling/logged_key.h"

#include <nlohmann/json.hpp>

#include "base/limits.h"
#include "codecs/telephone_event.h"

namespace assent {
namespace {

using nlohmann::json;

std::string text_of(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

Result<LoggedKey> logged_key(std::string_view datagram) {
  const Error none = error(Errc::invalid, "it is no key that rtpengine tells of");
  if (datagram.size() > limits::kLoggedKeyBytes) return none;
  const json object = json::parse(datagram, nullptr, false);
  if (!object.is_object() || text_of(object, "type") != "DTMF") return none;
  const auto event = object.find("event");
  if (event == object.end() || !event->is_number_unsigned()) return none;
  const auto number = event->get<std::uint64_t>();
  LoggedKey key{text_of(object, "callid"), text_of(object, "source_tag")};
  if (number >= kTelephoneKeys.size() || key.call_id.empty() || key.tag.empty()) return none;
  key.key = kTelephoneKeys[number];
  return key;
}

}  // namespace assent
