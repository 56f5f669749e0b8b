// JsonObject: one object of a request body, read member by member, with every fault noted and none skipped over.
//
// It owns nothing but the list of names it was asked for; `finish` reports the members nobody asked for. A reader
// returns a harmless value after noting a fault, so that the rest of the body is still checked. One thread.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/result.h"
#include "engine/control/problem.h"

namespace assent {

// The whole body: at most limits::kApiBodyBytes, limits::kApiJsonDepth deep, an object. Takes the depth and repeated
// names into account while parsing, so that nothing unbounded is built.
Result<nlohmann::json, Problem> parse_json_body(std::string_view body);

struct TextRule {
  std::size_t max_bytes = limits::kRefBytes;
  bool may_be_empty = false;
  bool may_have_lines = false;  // line feeds and tabs
};

class JsonObject {
 public:
  // `value` may be of any type: not being an object is the first fault. All references outlive this.
  JsonObject(const nlohmann::json& value, std::string pointer, std::vector<FieldError>& faults);

  std::string text(std::string_view name, const TextRule& rule = {});
  std::optional<std::string> optional_text(std::string_view name, const TextRule& rule = {});
  std::int64_t integer(std::string_view name, std::int64_t least, std::int64_t most);
  std::optional<std::int64_t> optional_integer(std::string_view name, std::int64_t least, std::int64_t most);
  // The elements, none when the member is absent.
  struct Count {
    std::size_t least = 0;
    std::size_t most = 0;
  };
  std::vector<const nlohmann::json*> array(std::string_view name, Count count);
  const nlohmann::json* optional_value(std::string_view name);  // null when absent
  const nlohmann::json* value(std::string_view name);           // null when absent, which is a fault

  void fault(std::string_view name, std::string what);
  std::string pointer_to(std::string_view name) const;
  void finish();

 private:
  const nlohmann::json* find(std::string_view name);

  const nlohmann::json* object_;  // null when the value is no object
  std::string pointer_;
  std::vector<FieldError>& faults_;
  std::vector<std::string> known_;
};

// Notes a fault and returns "" unless the value is text that keeps the rule.
std::string read_text(const nlohmann::json& value, std::string_view pointer, const TextRule& rule,
                      std::vector<FieldError>& faults);

}  // namespace assent
