#include "tools/assent/root_key_file.h"

#include <nlohmann/json.hpp>
#include <string>

#include "tools/assent/small_file.h"

namespace assent {
namespace {

using Json = nlohmann::ordered_json;
using Provider = pipeline::Keys::Provider;

Json json_of(const pipeline::Keys& keys) {
  if (keys.provider == Provider::file) return {{"provider", "file"}, {"path", keys.path}};
  return {{"provider", "pkcs11"},
          {"module", keys.module},
          {"token", keys.token},
          {"label", keys.label},
          {"pin_file", keys.pin_file}};
}

}  // namespace

Result<void> write_root_key_file(Disk& disk, const StateFolder& state, const pipeline::Keys& keys) {
  return replace_small_file(disk, state.root_key_file(), json_of(keys).dump() + "\n");
}

Result<RootKeyPlace> read_root_key_file(const StateFolder& state) {
  const auto text = read_small_file(state.root_key_file());
  if (!text) return text.error();
  const Json json = Json::parse(*text, nullptr, false);
  const auto member = [&json](const char* name) {
    const auto found = json.is_object() ? json.find(name) : json.end();
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  pipeline::Keys keys;
  if (member("provider") == "pkcs11") {
    keys.provider = Provider::pkcs11;
    keys.module = member("module");
    keys.token = member("token");
    keys.label = member("label");
    keys.pin_file = member("pin_file");
  } else if (member("provider") == "file" && !member("path").empty()) {
    keys.path = member("path");
  } else {
    return error(Errc::corrupt, state.root_key_file().string() + " is not what an engine writes: give --root-key FILE");
  }
  return root_key_place(keys, state);
}

}  // namespace assent
