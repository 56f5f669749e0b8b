// TomlTree: a TOML 1.0 document as plain values, each with its place in the file.
//
// It keeps the parser's library out of everything else and decides nothing about what the values mean. Tables keep the
// order of the file. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "pipelines/config_error.h"

namespace assent {

struct TomlValue;
struct TomlEntry;

using TomlArray = std::vector<TomlValue>;
using TomlTable = std::vector<TomlEntry>;
struct TomlTime {};  // a date or time; no setting is one

struct TomlValue {
  ConfigPlace place;
  std::variant<std::string, std::int64_t, double, bool, TomlTime, TomlArray, TomlTable> value;
};

struct TomlEntry {
  std::string key;
  ConfigPlace place;  // of the key
  TomlValue value;
};

// "text", "a whole number", "a table", ...: for messages.
std::string_view kind_of(const TomlValue& value);

// The error is where the parser gave up, and the only one: what follows it has no certain meaning.
Result<TomlValue, ConfigError> parse_toml(std::string_view text);

}  // namespace assent
