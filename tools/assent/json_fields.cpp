#include "tools/assent/json_fields.h"

namespace assent {
namespace {

const Json* find(const Json& object, std::string_view name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(std::string(name));
  return found == object.end() ? nullptr : &*found;
}

}  // namespace

Result<Json> parse_reply(const std::string& body) {
  Json json = Json::parse(body, nullptr, false);
  if (json.is_discarded()) return error(Errc::corrupt, "the engine's answer is not JSON: is it an assent engine?");
  return json;
}

std::string text_at(const Json& object, std::string_view name) {
  const Json* found = find(object, name);
  if (found == nullptr || found->is_null() || found->is_structured()) return {};
  return found->is_string() ? found->get<std::string>() : found->dump();
}

std::vector<Json> list_at(const Json& object, std::string_view name) {
  const Json* found = find(object, name);
  if (found == nullptr || !found->is_array()) return {};
  return {found->begin(), found->end()};
}

std::vector<std::string> texts_at(const Json& object, std::string_view name) {
  std::vector<std::string> texts;
  for (const Json& one : list_at(object, name)) {
    if (one.is_string()) texts.push_back(one.get<std::string>());
  }
  return texts;
}

std::string joined_at(const Json& object, std::string_view name) {
  std::string joined;
  for (const std::string& text : texts_at(object, name)) joined += (joined.empty() ? "" : ", ") + text;
  return joined;
}

Json object_at(const Json& object, std::string_view name) {
  const Json* found = find(object, name);
  return found != nullptr && found->is_object() ? *found : Json::object();
}

}  // namespace assent
