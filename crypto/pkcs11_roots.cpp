#include "crypto/pkcs11_roots.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/time.h"

namespace assent {
namespace {

std::string quoted(const std::string& text) { return "\"" + text + "\""; }

// A UUIDv7 of a time that WallTime has.
bool is_made_by_us(KeyId id) {
  const bool is_version_7 = id.bytes[6] >> 4 == 7 && id.bytes[8] >> 6 == 2;
  return is_version_7 && id.bytes[0] < 8;
}

Result<Pkcs11Roots::Root> as_root(const Pkcs11Key& key, const std::string& where, const std::string& key_label) {
  const auto refuse = [&](Errc code, std::string_view why) {
    return error(code, where + ": the key " + quoted(key_label) + " there " + std::string(why) +
                           "; name another label, so that a right one is made");
  };
  if (key.is_extractable) return refuse(Errc::denied, "could be taken out of the token (CKA_EXTRACTABLE is not false)");
  if (!key.is_sensitive) return refuse(Errc::denied, "could be read from the token (CKA_SENSITIVE is not true)");
  if (key.type != CKK_AES || key.key_bytes != SecretKey::kBytes) return refuse(Errc::invalid, "is not for AES-256");
  const auto id = id_from_bytes<KeyId>(key.id);
  if (!id || !is_made_by_us(*id)) return refuse(Errc::invalid, "was not made by assent (its CKA_ID is no UUIDv7)");
  return Pkcs11Roots::Root{*id, key.handle};
}

}  // namespace

Pkcs11Roots::Pkcs11Roots(const Pkcs11Settings& settings, Pkcs11Module module)
    : settings_(settings),
      where_("PKCS#11 token " + quoted(settings.token_label) + " (" + settings.module.string() + ")"),
      module_(std::move(module)),
      pin_file_(settings.pin_file) {}

Result<void> Pkcs11Roots::open(WhenMissing when_missing) try {
  const std::lock_guard lock(mutex_);
  return open_locked(when_missing);
} catch (const std::bad_alloc&) {
  return error(Errc::exhausted, "the memory reserved for keys is used up");
}

Result<void> Pkcs11Roots::open_locked(WhenMissing when_missing) {
  if (auto started = start_session(); !started) return started;
  auto found = search();
  if (!found) return found.error();
  if (found->empty() && when_missing == WhenMissing::refuse) {
    return error(Errc::not_found, where_ + ": has no secret key " + quoted(settings_.key_label) +
                                      "; give the label of the one that belongs to this state, or let the first " +
                                      "start make one");
  }
  if (found->empty()) {
    if (auto made = make(); !made) return made;
  } else {
    oldest_first_ = *std::move(found);
  }
  return prove(oldest_first_.back());
}

KeyId Pkcs11Roots::newest_id() const {
  const std::lock_guard lock(mutex_);
  return oldest_first_.back().id;
}

// ---- the session --------------------------------------------------------------------------------------------------

Result<void> Pkcs11Roots::start_session() {
  session_.reset();
  auto started = Pkcs11Session::start(module_, where_, settings_.token_label, pin_file_);
  if (!started) return started.error();
  session_.emplace(*std::move(started));
  return {};
}

Result<void> Pkcs11Roots::start_session_and_look() {
  if (auto started = start_session(); !started) return started;
  return look_again();
}

// Some modules see a token that was away only when they are started anew.
Result<void> Pkcs11Roots::reopen() {
  auto opened = start_session_and_look();
  if (opened || opened.error().code != Errc::unavailable) return opened;
  session_.reset();
  if (auto restarted = module_.restart(); !restarted) {
    return restarted.error().code == Errc::conflict ? opened : restarted;
  }
  return start_session_and_look();
}

// ---- the keys -----------------------------------------------------------------------------------------------------

Result<std::vector<Pkcs11Roots::Root>> Pkcs11Roots::search() const {
  const auto keys = session_->find_keys(settings_.key_label);
  if (!keys) return keys.error();
  std::vector<Root> roots;
  for (const Pkcs11Key& key : *keys) {
    const auto root = as_root(key, where_, settings_.key_label);
    if (!root) return root.error();
    roots.push_back(*root);
  }
  std::sort(roots.begin(), roots.end(), [](const Root& a, const Root& b) { return a.id < b.id; });
  return roots;
}

Result<void> Pkcs11Roots::look_again() {
  auto found = search();
  if (!found) return found.error();
  if (found->empty()) {
    return error(Errc::unavailable, where_ + ": has no secret key " + quoted(settings_.key_label) +
                                        " any more; bring the token back that has it, or restore its copy");
  }
  oldest_first_ = *std::move(found);
  return {};
}

const Pkcs11Roots::Root* Pkcs11Roots::find(KeyId id) const {
  const auto root =
      std::find_if(oldest_first_.begin(), oldest_first_.end(), [&](const Root& each) { return each.id == id; });
  return root == oldest_first_.end() ? nullptr : &*root;
}

Result<void> Pkcs11Roots::make() {
  WallTime now = read_clocks().wall;
  // Later than what is there, even when the clock was set back: which is the newest decides what is destroyed.
  if (!oldest_first_.empty()) now = std::max(now, made_at(oldest_first_.back().id) + milliseconds(1));
  const auto id = new_id<KeyId>(now);
  if (auto made = session_->make_key(settings_.key_label, id); !made) return made;
  if (auto looked = look_again(); !looked) return looked;
  if (oldest_first_.back().id == id) return {};
  return error(Errc::unavailable, where_ + ": the key it made is not the newest there; let nobody else make keys " +
                                      quoted(settings_.key_label) + " meanwhile, and ask again");
}

// What goes through the token is no secret.
Result<void> Pkcs11Roots::prove(const Root& root) const {
  const ByteView aad = bytes_of("assent probe 1");
  const std::array<std::uint8_t, SecretKey::kBytes> plain{};
  std::array<std::uint8_t, SecretKey::kBytes> back;
  back.fill(1);
  const auto sealed = session_->seal(root.handle, aad, plain);
  if (!sealed) return sealed.error();
  if (auto opened = session_->unseal(root.handle, aad, *sealed, back); !opened) return opened;
  if (back != plain) return error(Errc::unsupported, where_ + ": what it decrypts is not what it encrypted");
  return {};
}

}  // namespace assent
