#include <string>

#include "catch.h"
#include "crypto/pkcs11_root_key.h"
#include "softhsm_token.h"

using namespace assent;

namespace {

KeyId epoch_id() {
  KeyId made;
  made.bytes.fill(5);
  return made;
}

bool says(const Error& error, std::string_view what) { return error.what.find(what) != std::string::npos; }

}  // namespace

TEST_CASE("a session that is lost is opened again, if the token still takes the PIN") {
  if (softhsm_is_missing()) return;
  const SoftHsmToken token;
  auto provider = Pkcs11RootKey::open_or_create(token.settings());
  REQUIRE(provider);
  const auto epoch = SecretKey::random();
  const auto close_all = [&] { RawSession(token.settings()).close_all_sessions(); };
  close_all();
  const auto row = provider->wrap_epoch(epoch_id(), epoch);
  REQUIRE(row);
  close_all();
  CHECK(*provider->unwrap_epoch(*row) == epoch);
  close_all();
  REQUIRE(provider->add_root());
  close_all();
  REQUIRE(provider->drop_old_roots());

  const auto later_row = provider->wrap_epoch(epoch_id(), epoch);
  close_all();
  token.write_pin("not the PIN\n");
  const auto refused = provider->unwrap_epoch(*later_row);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::unavailable);
  CHECK(says(refused.error(), "CKR_PIN_INCORRECT"));
  // A wrong PIN is offered once: tokens lock.
  CHECK(says(provider->unwrap_epoch(*later_row).error(), "not asked again"));
  CHECK(says(provider->wrap_epoch(epoch_id(), epoch).error(), "not asked again"));
  token.write_pin("4711-pin");
  CHECK(*provider->unwrap_epoch(*later_row) == epoch);
}

TEST_CASE("a token that is taken away is unavailable until it is back") {
  if (softhsm_is_missing()) return;
  const SoftHsmToken token;
  auto provider = Pkcs11RootKey::open_or_create(token.settings());
  REQUIRE(provider);
  const auto epoch = SecretKey::random();
  const WrappedKey row = *provider->wrap_epoch(epoch_id(), epoch);
  const KeyId root = provider->root_id();
  std::filesystem::path inner;
  for (const auto& entry : std::filesystem::directory_iterator(token.tokens())) inner = entry.path();
  const auto away = token.folder() / "away";
  // The token's own folder; then the place where all of them are.
  for (const auto& taken : {inner, token.tokens()}) {
    std::filesystem::rename(taken, away);
    for (int i = 0; i < 2; ++i) {
      const auto unwrapped = provider->unwrap_epoch(row);
      REQUIRE_FALSE(unwrapped);
      INFO(unwrapped.error().what);
      CHECK(unwrapped.error().code == Errc::unavailable);
      CHECK(says(unwrapped.error(), softhsm_module().string()));
      CHECK(provider->wrap_epoch(epoch_id(), epoch).error().code == Errc::unavailable);
      CHECK(provider->add_root().error().code == Errc::unavailable);
      CHECK(provider->drop_old_roots().error().code == Errc::unavailable);
      CHECK(provider->root_id() == root);
    }
    std::filesystem::rename(away, taken);
    const auto unwrapped = provider->unwrap_epoch(row);
    REQUIRE(unwrapped);
    CHECK(*unwrapped == epoch);
  }
}

TEST_CASE("a module that something else in the process uses is not ended for it") {
  if (softhsm_is_missing()) return;
  const SoftHsmToken token;
  RawSession raw(token.settings());
  {
    auto provider = Pkcs11RootKey::open_or_create(token.settings());
    REQUIRE(provider);
  }
  CHECK(raw.session_state() == CKR_OK);
}

// ---- what an operator can get wrong -------------------------------------------------------------------------------

TEST_CASE("a wrong PIN is refused with what to do, and not offered to the token again") {
  if (softhsm_is_missing()) return;
  const SoftHsmToken token;
  token.write_pin("0000-pin\n");
  const auto refused = Pkcs11RootKey::open_or_create(token.settings());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::denied);
  CHECK(says(refused.error(), "CKR_PIN_INCORRECT (0xa0)"));
  CHECK(says(refused.error(), "put the token's user PIN into the PIN file"));
  CHECK(says(refused.error(), "\"assent test\""));
  CHECK_FALSE(says(refused.error(), "0000-pin"));  // an error never shows a PIN
}

TEST_CASE("a token that is not there is told with those that are") {
  if (softhsm_is_missing()) return;
  const SoftHsmToken token;
  Pkcs11Settings settings = token.settings();
  settings.token_label = "assent tes";
  const auto refused = Pkcs11RootKey::open_or_create(settings);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::unavailable);
  CHECK(says(refused.error(), "there is \"assent test\""));
  CHECK(says(refused.error(), "give the right label"));

  token.make_token(SoftHsmToken::kLabel);
  const auto two = Pkcs11RootKey::open_or_create(token.settings());
  REQUIRE_FALSE(two);
  CHECK(two.error().code == Errc::conflict);
  CHECK(says(two.error(), "give each its own"));
}

TEST_CASE("what is not a PKCS#11 module is refused") {
  Pkcs11Settings settings;
  settings.token_label = "x";
  settings.pin_file = "/nonexistent/pin";
  CHECK(Pkcs11RootKey::open(settings).error().code == Errc::invalid);
  for (const char* module : {"/nonexistent/libpkcs11.so", "/etc/passwd", "libc.so.6"}) {
    settings.module = module;
    const auto refused = Pkcs11RootKey::open_or_create(settings);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::unavailable);
    CHECK(says(refused.error(), module));
    CHECK(says(refused.error(), "give the path of the library that came with the token"));
  }
  settings.token_label = std::string(33, 'x');
  CHECK(Pkcs11RootKey::open(settings).error().code == Errc::invalid);
}
