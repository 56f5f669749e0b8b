// Reading the engine's JSON for people: a field that is missing or of another kind is an empty text, never a failure,
// because an engine of another version may say more or less. Pure. Any thread.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace assent {

using Json = nlohmann::ordered_json;

// Errc::corrupt when it is not JSON.
Result<Json> parse_reply(const std::string& body);

std::string text_at(const Json& object, std::string_view name);  // text as it is, other scalars as JSON
std::vector<Json> list_at(const Json& object, std::string_view name);
std::vector<std::string> texts_at(const Json& object, std::string_view name);  // without what is no text
std::string joined_at(const Json& object, std::string_view name);              // those as one text: "quality, training"
Json object_at(const Json& object, std::string_view name);

}  // namespace assent
