#include "pipelines/root_key.h"

#include <utility>

#include "crypto/file_root_key.h"

namespace assent {
namespace {

template <typename Provider>
Result<std::unique_ptr<RootKeyProvider>> owned(Result<Provider> opened) {
  if (!opened) return opened.error();
  return std::unique_ptr<RootKeyProvider>(std::make_unique<Provider>(*std::move(opened)));
}

}  // namespace

RootKeyPlace root_key_place(const pipeline::Keys& keys, const StateFolder& state) {
  if (keys.provider == pipeline::Keys::Provider::file) return state.root_key(keys.path);
  return Pkcs11Settings{keys.module, keys.token, keys.label, state.root() / keys.pin_file};
}

Result<std::unique_ptr<RootKeyProvider>> open_root_key(const RootKeyPlace& place, RootKeyUse use) {
  const bool makes = use == RootKeyUse::existing_or_new;
  if (const auto* file = std::get_if<std::filesystem::path>(&place)) {
    return owned(makes ? FileRootKey::open_or_create(*file) : FileRootKey::open(*file));
  }
  const auto& token = std::get<Pkcs11Settings>(place);
  return owned(makes ? Pkcs11RootKey::open_or_create(token) : Pkcs11RootKey::open(token));
}

}  // namespace assent
