// Published test vectors, which lie beside the project and may be absent: then the test says so and passes.
#pragma once

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "catch.h"

namespace assent::test {

inline std::optional<nlohmann::json> load_vectors(const std::string& name) {
  const auto path = std::filesystem::path(ASSENT_SOURCE_DIR) / ".." / "shared" / "vectors" / name;
  std::ifstream file(path);
  if (!file) {
    WARN("skipped: the vectors " << name << " are not at " << path.lexically_normal().string());
    return std::nullopt;
  }
  return nlohmann::json::parse(file);
}

inline Bytes hex_field(const nlohmann::json& object, const char* field) {
  return from_hex(object.at(field).get<std::string>()).value();
}
inline Bytes base64_field(const nlohmann::json& object, const char* field) {
  std::string text = object.at(field).get<std::string>();
  text.erase(0, text.find_first_not_of(' '));  // one published value begins with a space
  return from_base64(text).value();
}

}  // namespace assent::test
