// ConfigError: one thing that is wrong in a configuration file, and where. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace assent {

// Line and column from 1, as an editor counts them.
struct ConfigPlace {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  constexpr bool operator==(const ConfigPlace&) const = default;
  // In the order of reading.
  constexpr bool operator<(const ConfigPlace& other) const {
    return line != other.line ? line < other.line : column < other.column;
  }
};

struct ConfigError {
  ConfigPlace place;
  std::string what;     // "consent.hold: \"10m\" is too long"
  std::string allowed;  // "1s to 5m"; empty when `what` says it all
  bool operator==(const ConfigError&) const = default;
};

// "embedded.toml:12:8: consent.hold: "10m" is too long; allowed: 1s to 5m"
std::string to_text(const ConfigError& error, std::string_view file_name);

// What came from the file, quoted for a message: control characters as '?', cut after 60 bytes.
std::string in_quotes(std::string_view text);

}  // namespace assent
