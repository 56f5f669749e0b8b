#include "crypto/pkcs11_root_key.h"

#include <utility>

#include "crypto/aes_gcm.h"
#include "crypto/pkcs11_roots.h"

namespace assent {
namespace {

using Root = Pkcs11Roots::Root;

constexpr std::size_t kMostTokenLabelBytes = sizeof(CK_TOKEN_INFO::label);

Result<void> check(const Pkcs11Settings& settings) {
  if (settings.module.empty()) return error(Errc::invalid, "PKCS#11: give the path of the token's module");
  if (settings.pin_file.empty()) return error(Errc::invalid, "PKCS#11: give the path of a file with the token's PIN");
  if (settings.token_label.empty() || settings.token_label.size() > kMostTokenLabelBytes) {
    return error(Errc::invalid, "PKCS#11: give the token's label, 1 to 32 bytes, not \"" + settings.token_label + "\"");
  }
  if (settings.key_label.empty()) return error(Errc::invalid, "PKCS#11: give a label for the root key");
  return {};
}

Result<std::unique_ptr<Pkcs11Roots>> open_roots(const Pkcs11Settings& settings, Pkcs11Roots::WhenMissing missing) {
  if (auto checked = check(settings); !checked) return checked.error();
  auto module = Pkcs11Module::load(settings.module);
  if (!module) return module.error();
  auto roots = std::make_unique<Pkcs11Roots>(settings, *std::move(module));
  if (auto opened = roots->open(missing); !opened) return opened.error();
  return roots;
}

Result<SecretKey> unseal_with(const Pkcs11Roots& roots, const Root& root, const WrappedKey& wrapped) {
  const Bytes aad = wrapped_key_aad(wrapped.kind, wrapped.id, wrapped.parent);
  Result<void> opened;
  auto key = SecretKey::filled_by([&](std::span<std::uint8_t, SecretKey::kBytes> bytes) {
    opened = roots.session().unseal(root.handle, aad, wrapped.wrapped, bytes);
  });
  if (!opened) return opened.error();
  return key;
}

Result<SecretKey> unwrap_with(const Pkcs11Roots& roots, const Root& root, const WrappedKey& wrapped) {
  if (wrapped.wrapped.size() != SecretKey::kBytes + kSealedOverhead) return wrapped_key_does_not_open(wrapped);
  auto key = unseal_with(roots, root, wrapped);
  // Its answer does not say whether the row or the token is at fault: so it is asked for what is known to be right.
  if (key || !roots.prove(root)) return key;
  key = unseal_with(roots, root, wrapped);
  if (key) return key;
  return wrapped_key_does_not_open(wrapped);
}

}  // namespace

Pkcs11RootKey::Pkcs11RootKey(std::unique_ptr<Pkcs11Roots> roots) : roots_(std::move(roots)) {}
Pkcs11RootKey::Pkcs11RootKey(Pkcs11RootKey&&) noexcept = default;
Pkcs11RootKey::~Pkcs11RootKey() = default;

Result<Pkcs11RootKey> Pkcs11RootKey::open(const Pkcs11Settings& settings) {
  auto roots = open_roots(settings, Pkcs11Roots::WhenMissing::refuse);
  if (!roots) return roots.error();
  return Pkcs11RootKey(*std::move(roots));
}

Result<Pkcs11RootKey> Pkcs11RootKey::open_or_create(const Pkcs11Settings& settings) {
  auto roots = open_roots(settings, Pkcs11Roots::WhenMissing::make);
  if (!roots) return roots.error();
  return Pkcs11RootKey(*std::move(roots));
}

std::string Pkcs11RootKey::describe() const { return roots_->where(); }

KeyId Pkcs11RootKey::root_id() const { return roots_->newest_id(); }

Result<WrappedKey> Pkcs11RootKey::wrap_epoch(KeyId epoch_id, const SecretKey& epoch_key) const {
  return roots_->ask([&]() -> Result<WrappedKey> {
    // Under a root that another process is about to drop, the epoch would be lost.
    if (auto looked = roots_->look_again(); !looked) return looked.error();
    const Root& root = roots_->oldest_first().back();
    const Bytes aad = wrapped_key_aad(KeyKind::epoch, epoch_id, root.id);
    auto sealed = roots_->session().seal(root.handle, aad, epoch_key.reveal());
    if (!sealed) return sealed.error();
    return WrappedKey{epoch_id, KeyKind::epoch, root.id, *std::move(sealed)};
  });
}

Result<SecretKey> Pkcs11RootKey::unwrap_epoch(const WrappedKey& wrapped) const {
  return roots_->ask([&]() -> Result<SecretKey> {
    const bool is_epoch = wrapped.kind == KeyKind::epoch;
    if (is_epoch && roots_->find(wrapped.parent) == nullptr) {
      if (auto looked = roots_->look_again(); !looked) return looked.error();
    }
    const Root* const root = is_epoch ? roots_->find(wrapped.parent) : nullptr;
    if (root != nullptr) return unwrap_with(*roots_, *root, wrapped);
    return error(Errc::corrupt, std::string(name_of(wrapped.kind)) + " key " + to_text(wrapped.id) +
                                    " was wrapped under root " + to_text(wrapped.parent) + ", and " + describe() +
                                    " holds root " + to_text(roots_->oldest_first().back().id) +
                                    "; give the token and the key label that belong to this state");
  });
}

Result<void> Pkcs11RootKey::add_root() {
  return roots_->ask([&]() -> Result<void> {
    if (auto looked = roots_->look_again(); !looked) return looked;
    if (roots_->oldest_first().size() > 1) return {};
    if (auto made = roots_->make(); !made) return made;
    return roots_->prove(roots_->oldest_first().back());
  });
}

Result<void> Pkcs11RootKey::drop_old_roots() {
  return roots_->ask([&]() -> Result<void> {
    if (auto looked = roots_->look_again(); !looked) return looked;
    const Root newest = roots_->oldest_first().back();
    // Nothing is destroyed unless what stays does its work.
    if (auto works = roots_->prove(newest); !works) return works;
    for (const Root& root : roots_->oldest_first()) {
      if (root.id == newest.id) continue;
      if (auto destroyed = roots_->session().destroy_key(root.handle); !destroyed) return destroyed;
    }
    if (auto looked = roots_->look_again(); !looked) return looked;
    if (roots_->oldest_first().size() == 1) return {};
    return error(Errc::unavailable, describe() + ": says that root " + to_text(roots_->oldest_first().front().id) +
                                        " is destroyed, and still has it; destroy it with the token's own tools");
  });
}

}  // namespace assent
