#include "engine/control/json_object.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

namespace assent {
namespace {

using nlohmann::json;

// RFC 6901 section 4.
std::string escaped(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

// Watches a parse: how deep it is and which names each open object has.
struct ParseWatch {
  std::vector<std::set<std::string>> names;
  std::string fault;

  bool operator()(int depth, json::parse_event_t event, json& parsed) {
    using Event = json::parse_event_t;
    if (!fault.empty()) return false;  // nothing more is kept
    if (event == Event::object_start || event == Event::array_start) {
      if (static_cast<std::size_t>(depth) >= limits::kApiJsonDepth) {
        fault = "the body is nested deeper than " + std::to_string(limits::kApiJsonDepth) + " levels";
      }
      if (event == Event::object_start) names.emplace_back();
    } else if (event == Event::object_end) {
      names.pop_back();
    } else if (event == Event::key && !names.back().insert(parsed.get<std::string>()).second) {
      fault = "the member '" + parsed.get<std::string>() + "' comes twice in one object";
    }
    return fault.empty();
  }
};

Problem malformed(std::string detail) { return {ProblemType::malformed_request, std::move(detail), {}}; }

std::string range_text(std::int64_t least, std::int64_t most) {
  return "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most);
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

}  // namespace

Result<json, Problem> parse_json_body(std::string_view body) {
  if (body.size() > limits::kApiBodyBytes) {
    return Problem{
        ProblemType::too_large, "the body is larger than " + std::to_string(limits::kApiBodyBytes) + " bytes", {}};
  }
  // The parser takes a zero byte for the end and would not look at what follows.
  if (body.find('\0') != std::string_view::npos) return malformed("the body is not JSON: it holds a zero byte");
  ParseWatch watch;
  json parsed;
  try {
    parsed = json::parse(body, std::ref(watch));
  } catch (const json::parse_error& failed) {
    if (!watch.fault.empty()) return malformed(watch.fault);
    return malformed(body.empty() ? "the request needs a JSON body"
                                  : "the body is not JSON: see byte " + std::to_string(failed.byte));
  } catch (const json::exception&) {
    return malformed("the body holds a number that is too large");
  }
  if (!watch.fault.empty()) return malformed(watch.fault);
  if (!parsed.is_object()) return malformed("the body must be a JSON object");
  return parsed;
}

std::string read_text(const json& value, std::string_view pointer, const TextRule& rule,
                      std::vector<FieldError>& faults) {
  const auto refuse = [&](std::string what) {
    faults.push_back({std::string(pointer), std::move(what)});
    return std::string();
  };
  if (!value.is_string()) return refuse("must be text");
  const auto& text = value.get_ref<const std::string&>();
  if (text.empty() && !rule.may_be_empty) return refuse("must not be empty");
  if (text.size() > rule.max_bytes) {
    return refuse("must be at most " + std::to_string(rule.max_bytes) + " bytes of UTF-8");
  }
  const bool has_control = std::any_of(text.begin(), text.end(), [&](char c) {
    return is_control(c) && !(rule.may_have_lines && (c == '\n' || c == '\t' || c == '\r'));
  });
  if (has_control) return refuse("must not hold control characters");
  return text;
}

JsonObject::JsonObject(const json& value, std::string pointer, std::vector<FieldError>& faults)
    : object_(value.is_object() ? &value : nullptr), pointer_(std::move(pointer)), faults_(faults) {
  if (object_ == nullptr) faults_.push_back({pointer_, "must be an object"});
}

std::string JsonObject::pointer_to(std::string_view name) const { return pointer_ + "/" + escaped(name); }

void JsonObject::fault(std::string_view name, std::string what) {
  faults_.push_back({pointer_to(name), std::move(what)});
}

// A member that is null is there, and wrong: it is not the same as one left out.
const json* JsonObject::find(std::string_view name) {
  known_.emplace_back(name);
  if (object_ == nullptr) return nullptr;
  const auto found = object_->find(std::string(name));
  return found == object_->end() ? nullptr : &*found;
}

const json* JsonObject::optional_value(std::string_view name) { return find(name); }

const json* JsonObject::value(std::string_view name) {
  const json* found = find(name);
  if (found == nullptr && object_ != nullptr) fault(name, "is missing");
  return found;
}

std::string JsonObject::text(std::string_view name, const TextRule& rule) {
  const json* found = value(name);
  return found == nullptr ? std::string() : read_text(*found, pointer_to(name), rule, faults_);
}

std::optional<std::string> JsonObject::optional_text(std::string_view name, const TextRule& rule) {
  const json* found = find(name);
  if (found == nullptr) return std::nullopt;
  return read_text(*found, pointer_to(name), rule, faults_);
}

std::optional<std::int64_t> JsonObject::optional_integer(std::string_view name, std::int64_t least, std::int64_t most) {
  const json* found = find(name);
  if (found == nullptr) return std::nullopt;
  // Only numbers written as whole ones: 8000.0 and 8e3 are not, and what does not fit 64 bits has become a fraction.
  const bool fits = found->is_number_unsigned() ? found->get<std::uint64_t>() <= static_cast<std::uint64_t>(INT64_MAX)
                                                : found->is_number_integer();
  const std::int64_t number = fits ? found->get<std::int64_t>() : 0;
  if (fits && number >= least && number <= most) return number;
  fault(name, range_text(least, most));
  return least;
}

std::int64_t JsonObject::integer(std::string_view name, std::int64_t least, std::int64_t most) {
  const auto number = optional_integer(name, least, most);
  if (!number && object_ != nullptr) fault(name, "is missing: " + range_text(least, most));
  return number.value_or(least);
}

std::vector<const json*> JsonObject::array(std::string_view name, Count count) {
  std::vector<const json*> elements;
  const json* found = count.least > 0 ? value(name) : find(name);
  if (found == nullptr) return elements;
  if (!found->is_array() || found->size() < count.least || found->size() > count.most) {
    fault(name,
          "must be an array of " + std::to_string(count.least) + " to " + std::to_string(count.most) + " elements");
    return elements;
  }
  elements.reserve(found->size());
  for (const json& element : *found) elements.push_back(&element);
  return elements;
}

void JsonObject::finish() {
  if (object_ == nullptr) return;
  std::string allowed;
  for (const std::string& name : known_) allowed += (allowed.empty() ? "" : ", ") + name;
  for (const auto& [name, unused] : object_->items()) {
    if (std::find(known_.begin(), known_.end(), name) == known_.end()) {
      fault(name, "is not known here; allowed are " + allowed);
    }
  }
}

}  // namespace assent
