#include "engine/catalog/lost_audio.h"

#include <nlohmann/json.hpp>

namespace assent {
namespace {

using nlohmann::json;

json object_of(std::string_view text) {
  json object = json::parse(text, nullptr, false);
  return object.is_object() ? object : json::object();
}

void join(json& into, const json& more) {
  for (const auto& [name, value] : more.items()) {
    json& place = into[name];
    if (place.is_array() && value.is_array()) {
      place.insert(place.end(), value.begin(), value.end());
    } else if (place.is_object() && value.is_object()) {
      join(place, value);
    } else {
      place = value;
    }
  }
}

}  // namespace

std::string joined_losses(std::string_view before, std::string_view since) {
  json all = object_of(before);
  join(all, object_of(since));
  return all.empty() ? std::string() : all.dump();
}

std::string with_interruption(std::string_view before, WallTime from, WallTime to) {
  json all = object_of(before);
  all["interruptions"].push_back({{"from", to_rfc3339(from)}, {"to", to_rfc3339(to)}});
  return all.dump();
}

}  // namespace assent
