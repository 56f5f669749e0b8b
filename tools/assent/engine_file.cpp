#include "tools/assent/engine_file.h"

#include <nlohmann/json.hpp>

#include "tools/assent/small_file.h"

namespace assent {

Result<void> write_engine_file(Disk& disk, const StateFolder& state, const EngineFile& content) {
  const nlohmann::ordered_json json = {{"api", to_text(content.api)}, {"pid", content.pid}};
  return replace_small_file(disk, state.engine_file(), json.dump() + "\n");
}

Result<EngineFile> read_engine_file(const StateFolder& state) {
  const auto text = read_small_file(state.engine_file());
  if (!text) return text.error();
  const auto json = nlohmann::json::parse(*text, nullptr, false);
  const auto corrupt = [&] {
    return error(Errc::corrupt, state.engine_file().string() + " is not what an engine writes: give --api ADDR:PORT");
  };
  if (!json.is_object() || !json.contains("api") || !json["api"].is_string()) return corrupt();
  const auto api = parse_endpoint(json["api"].get<std::string>());
  if (!api) return corrupt();
  EngineFile content;
  content.api = *api;
  if (const auto pid = json.find("pid"); pid != json.end() && pid->is_number_integer()) content.pid = *pid;
  return content;
}

void remove_engine_file(Disk& disk, const StateFolder& state) {
  const auto removed = disk.remove(state.engine_file());
  static_cast<void>(removed.has_value());
}

}  // namespace assent
