#include "tools/assent/opened_state.h"

#include <utility>

#include "crypto/secret.h"
#include "engine/catalog/ledger_keys.h"
#include "tools/assent/root_key_file.h"

namespace assent {
namespace {

// Keys a command has open at once: the few above a leg's, and those of one call.
constexpr std::size_t kKeysAtHand = 256;
constexpr std::size_t kSecretBytes = std::size_t{64} * 1024;

// Where the root key is: as told, as the engine that last ran here said, or in its usual place.
RootKeyPlace root_key_of(const StateReach& reach, const StateFolder& folder) {
  if (reach.root_key) return *reach.root_key;
  auto place = read_root_key_file(folder);
  return place ? *std::move(place) : RootKeyPlace(folder.root_key());
}

}  // namespace

OpenedState::OpenedState(StateFolder folder, std::unique_ptr<SqliteCatalog> catalog,
                         std::unique_ptr<SqliteCatalog> key_catalog, std::unique_ptr<RootKeyProvider> root)
    : folder_(std::move(folder)),
      catalog_(std::move(catalog)),
      key_catalog_(std::move(key_catalog)),
      root_(std::move(root)),
      keys_(key_catalog_ ? *key_catalog_ : *catalog_, *root_, KeyRingLimits{kKeysAtHand, limits::kCachedKeyAge}) {}

Result<std::unique_ptr<OpenedState>> OpenedState::open(const StateReach& reach, StateUse use) {
  StateFolder folder(reach.folder);
  std::error_code unreadable;
  if (!std::filesystem::exists(folder.catalog_file(), unreadable)) {
    return error(Errc::not_found, reach.folder.string() + " is not a state folder that can be read: there is no " +
                                      folder.catalog_file().filename().string() + " in it");
  }
  // Without locked memory keys still work and stay out of core files; a command is short.
  if (const auto secrets = start_secret_memory(kSecretBytes);
      !secrets && secrets.error().code != Errc::exhausted && secrets.error().code != Errc::conflict) {
    return secrets.error();
  }
  auto catalog =
      use == StateUse::write ? SqliteCatalog::open(reach.folder) : SqliteCatalog::open_read_only(reach.folder);
  if (!catalog) return catalog.error();
  std::unique_ptr<SqliteCatalog> key_catalog;
  if (reach.keys_from) {
    auto opened = SqliteCatalog::open_read_only(*reach.keys_from);
    if (!opened) return opened.error();
    key_catalog = *std::move(opened);
  }
  auto root =
      open_root_key(root_key_of(reach, reach.keys_from ? StateFolder(*reach.keys_from) : folder), RootKeyUse::existing);
  if (!root) return root.error();

  std::unique_ptr<OpenedState> state(
      new OpenedState(std::move(folder), *std::move(catalog), std::move(key_catalog), *std::move(root)));
  const auto seal = open_ledger_seal(state->catalog(), state->keys());
  // A copy's ledger may be signed by a key that has been replaced since.
  if (!seal && !(reach.keys_from && seal.error().code == Errc::not_found)) return seal.error();
  if (seal) state->catalog().seal_ledger({*seal});
  auto store = FileStore::open(state->disk_, state->folder_.segments());
  if (!store) return store.error();
  state->store_ = *std::move(store);
  return state;
}

LegKeys OpenedState::leg_keys() {
  return [this](KeyId id) { return keys_.open_copy(id); };
}

}  // namespace assent
