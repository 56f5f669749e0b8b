#include "tools/assent/engine_file.h"

#include <array>
#include <nlohmann/json.hpp>

#include "tools/assent/small_file.h"

namespace assent {

Result<void> write_engine_file(Disk& disk, const StateFolder& state, const EngineFile& content) {
  const nlohmann::ordered_json json = {
      {"api", to_text(content.api)}, {"pid", content.pid}, {"root_key", content.root_key.string()}};
  const std::string text = json.dump() + "\n";
  const auto place = state.engine_file();
  auto beside = place;
  beside += ".new";

  if (auto removed = disk.remove(beside); !removed && removed.error().code != Errc::not_found) return removed;
  auto file = disk.create(beside);
  if (!file) return file.error();
  const std::array<ByteView, 1> parts = {bytes_of(text)};
  const auto written = (*file)->write_at(0, parts);
  if (!written) return written.error();
  if (*written != text.size()) return error(Errc::io, "write " + beside.string() + ": no room for " + text);
  return disk.rename(beside, place);
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
  if (const auto key = json.find("root_key"); key != json.end() && key->is_string()) {
    content.root_key = key->get<std::string>();
  }
  return content;
}

void remove_engine_file(Disk& disk, const StateFolder& state) {
  const auto removed = disk.remove(state.engine_file());
  static_cast<void>(removed.has_value());
}

}  // namespace assent
