#include "pipelines/toml_tree.h"

#include <toml++/toml.h>

#include <algorithm>
#include <array>

namespace assent {
namespace {

ConfigPlace place_of(const toml::source_region& source) {
  // A node that stands nowhere itself (a table that only its children name) has line 0.
  return {std::max<std::uint32_t>(source.begin.line, 1), std::max<std::uint32_t>(source.begin.column, 1)};
}

// Nesting is bounded by the parser (256), so recursion is, too.
TomlValue value_of(const toml::node& node) {
  TomlValue out{place_of(node.source()), {}};
  if (const auto* text = node.as_string()) out.value = text->get();
  if (const auto* integer = node.as_integer()) out.value = integer->get();
  if (const auto* number = node.as_floating_point()) out.value = number->get();
  if (const auto* flag = node.as_boolean()) out.value = flag->get();
  if (node.is_date() || node.is_time() || node.is_date_time()) out.value = TomlTime{};
  if (const auto* array = node.as_array()) {
    TomlArray items;
    for (const auto& item : *array) items.push_back(value_of(item));
    out.value = std::move(items);
  }
  if (const auto* table = node.as_table()) {
    TomlTable entries;
    for (const auto& [key, value] : *table) {
      entries.push_back({std::string(key.str()), place_of(key.source()), value_of(value)});
    }
    std::stable_sort(entries.begin(), entries.end(),
                     [](const TomlEntry& a, const TomlEntry& b) { return a.place < b.place; });
    out.value = std::move(entries);
  }
  return out;
}

}  // namespace

std::string_view kind_of(const TomlValue& value) {
  static constexpr std::array<std::string_view, 7> kKinds = {
      "text", "a whole number", "a fraction", "true or false", "a date or time", "a list", "a table"};
  return kKinds[value.value.index()];
}

Result<TomlValue, ConfigError> parse_toml(std::string_view text) {
  try {
    const toml::table document = toml::parse(text);
    return value_of(document);
  } catch (const toml::parse_error& failure) {
    return ConfigError{place_of(failure.source()), "not TOML: " + std::string(failure.description()), ""};
  }
}

}  // namespace assent
