#include "crypto/pkcs11_root_key.h"

#include <sys/stat.h>

#include <array>
#include <atomic>
#include <fstream>
#include <optional>
#include <thread>
#include <vector>

#include "catch.h"
#include "crypto/random.h"
#include "softhsm_token.h"

using namespace assent;

namespace {

KeyId epoch_id(std::uint8_t number = 5) {
  KeyId made;
  made.bytes.fill(number);
  return made;
}

Bytes bytes_of_id(KeyId id) { return {id.bytes.begin(), id.bytes.end()}; }

bool says(const Error& error, std::string_view what) { return error.what.find(what) != std::string::npos; }

}  // namespace

TEST_CASE("the first start makes a root key on the token, and later starts find the same") {
  if (softhsm_is_missing()) return;
  const SoftHsmToken token;
  const auto epoch = SecretKey::random();
  std::optional<WrappedKey> row;
  KeyId root;
  {
    CHECK(Pkcs11RootKey::open(token.settings()).error().code == Errc::not_found);
    const auto made = Pkcs11RootKey::open_or_create(token.settings());
    REQUIRE(made);
    root = made->root_id();
    row = *made->wrap_epoch(epoch_id(), epoch);
    CHECK(row->kind == KeyKind::epoch);
    CHECK(row->id == epoch_id());
    CHECK(row->parent == root);
    CHECK(row->wrapped.size() == 60);
    CHECK(made->describe() == "PKCS#11 token \"assent test\" (" + softhsm_module().string() + ")");
  }
  for (const auto& open : {Pkcs11RootKey::open, Pkcs11RootKey::open_or_create}) {
    const auto again = open(token.settings());
    REQUIRE(again);
    CHECK(again->root_id() == root);
    const auto unwrapped = again->unwrap_epoch(*row);
    REQUIRE(unwrapped);
    CHECK(*unwrapped == epoch);
  }
}

TEST_CASE("what a token wraps is what wrap_key wraps") {
  if (softhsm_is_missing()) return;
  const SoftHsmToken token;
  const auto known = SecretKey::random();
  const auto root = new_id<KeyId>(read_clocks().wall);
  RawSession(token.settings())
      .add_key("assent-root", {bytes_of_id(root), Bytes(known.reveal().begin(), known.reveal().end())});
  const auto provider = Pkcs11RootKey::open(token.settings());
  REQUIRE(provider);
  CHECK(provider->root_id() == root);
  const auto epoch = SecretKey::random();

  const auto theirs = provider->wrap_epoch(epoch_id(), epoch);
  REQUIRE(theirs);
  CHECK(*unwrap_key(known, *theirs) == epoch);
  CHECK(*provider->unwrap_epoch(wrap_key(known, root, KeyKind::epoch, epoch_id(), epoch)) == epoch);
}

TEST_CASE("a row that was moved or damaged does not open with the token, and whole ones still do") {
  if (softhsm_is_missing()) return;
  const SoftHsmToken token;
  const auto provider = Pkcs11RootKey::open_or_create(token.settings());
  REQUIRE(provider);
  const auto epoch = SecretKey::random();
  const WrappedKey row = *provider->wrap_epoch(epoch_id(), epoch);
  const auto is_refused = [&](const WrappedKey& changed) {
    const auto opened = provider->unwrap_epoch(changed);
    return !opened && opened.error().code == Errc::corrupt;
  };
  WrappedKey changed = row;
  changed.id = epoch_id(6);
  CHECK(is_refused(changed));
  changed = row;
  changed.kind = KeyKind::tenant;
  CHECK(is_refused(changed));
  for (const std::size_t size : {std::size_t{0}, std::size_t{12}, std::size_t{28}, std::size_t{59}, std::size_t{61}}) {
    changed = row;
    changed.wrapped.resize(size);
    CHECK(is_refused(changed));
  }
  for (std::size_t at = 0; at < row.wrapped.size(); ++at) {
    changed = row;
    changed.wrapped[at] ^= 1;
    CHECK(is_refused(changed));
  }
  CHECK(*provider->unwrap_epoch(row) == epoch);

  changed = row;
  changed.parent = epoch_id(7);
  const auto refused = provider->unwrap_epoch(changed);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::corrupt);
  CHECK(says(refused.error(), to_text(epoch_id(7))));
  CHECK(says(refused.error(), to_text(provider->root_id())));
  CHECK(says(refused.error(), "give the token"));
}

TEST_CASE("a root key does not leave its token") {
  if (softhsm_is_missing()) return;
  const SoftHsmToken token;
  const auto provider = Pkcs11RootKey::open_or_create(token.settings());
  REQUIRE(provider);
  RawSession raw(token.settings());
  const auto keys = raw.find("assent-root");
  REQUIRE(keys.size() == 1);
  CK_BYTE answer = 0;
  CHECK(raw.ask(keys[0], CKA_VALUE, answer) == CKR_ATTRIBUTE_SENSITIVE);
  CHECK(answer == 0);
  for (const CK_ATTRIBUTE_TYPE yes : {CKA_TOKEN, CKA_PRIVATE, CKA_SENSITIVE, CKA_ALWAYS_SENSITIVE,
                                      CKA_NEVER_EXTRACTABLE, CKA_LOCAL, CKA_ENCRYPT, CKA_DECRYPT}) {
    CHECK(raw.ask(keys[0], yes, answer) == CKR_OK);
    CHECK(answer == CK_TRUE);
  }
  for (const CK_ATTRIBUTE_TYPE no : {CKA_EXTRACTABLE, CKA_WRAP, CKA_UNWRAP, CKA_SIGN, CKA_VERIFY, CKA_DERIVE}) {
    CHECK(raw.ask(keys[0], no, answer) == CKR_OK);
    CHECK(answer == CK_FALSE);
  }
}

TEST_CASE("a key that could leave the token, or is none of ours, is not taken for a root") {
  if (softhsm_is_missing()) return;
  const SoftHsmToken token;
  const auto id = bytes_of_id(new_id<KeyId>(read_clocks().wall));
  struct Case {
    RawSession::KeyShape shape;
    Errc code;
    std::string_view why;
  };
  const std::array<Case, 6> cases = {{
      {{id, {}, 32, CK_TRUE, CK_TRUE}, Errc::denied, "CKA_EXTRACTABLE is not false"},
      {{id, {}, 32, CK_FALSE, CK_FALSE}, Errc::denied, "CKA_SENSITIVE is not true"},
      {{id, {}, 16}, Errc::invalid, "not for AES-256"},
      {{{}, {}}, Errc::invalid, "no UUIDv7"},
      {{Bytes(16, 0xFF), {}}, Errc::invalid, "no UUIDv7"},
      {{Bytes(100, 7), {}}, Errc::invalid, "no UUIDv7"},
  }};
  for (std::size_t i = 0; i < cases.size(); ++i) {
    Pkcs11Settings settings = token.settings();
    settings.key_label = "key " + std::to_string(i);
    RawSession(settings).add_key(settings.key_label, cases[i].shape);
    const auto refused = Pkcs11RootKey::open_or_create(settings);
    REQUIRE_FALSE(refused);
    INFO(refused.error().what);
    CHECK(refused.error().code == cases[i].code);
    CHECK(says(refused.error(), cases[i].why));
    CHECK(says(refused.error(), settings.key_label));
    CHECK(says(refused.error(), "name another label"));
  }
}

TEST_CASE("a key that could leave the token stops the root it is put beside from wrapping") {
  if (softhsm_is_missing()) return;
  const SoftHsmToken token;
  auto provider = Pkcs11RootKey::open_or_create(token.settings());
  REQUIRE(provider);
  const KeyId root = provider->root_id();
  RawSession(token.settings())
      .add_key("assent-root", {bytes_of_id(new_id<KeyId>(read_clocks().wall + 1s)), {}, 32, CK_TRUE, CK_TRUE});
  const auto refused = provider->wrap_epoch(epoch_id(), SecretKey::random());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::unavailable);
  CHECK(says(refused.error(), "CKA_EXTRACTABLE is not false"));
  CHECK(provider->drop_old_roots().error().code == Errc::unavailable);
  CHECK(provider->root_id() == root);
}

TEST_CASE("rows under an older root open until it is dropped, and then never") {
  if (softhsm_is_missing()) return;
  const SoftHsmToken token;
  auto provider = Pkcs11RootKey::open_or_create(token.settings());
  REQUIRE(provider);
  const KeyId first = provider->root_id();
  const WrappedKey old_row = *provider->wrap_epoch(epoch_id(), SecretKey::random());

  REQUIRE(provider->add_root());
  const KeyId second = provider->root_id();
  CHECK(first < second);
  REQUIRE(provider->add_root());  // there are two already
  CHECK(provider->root_id() == second);
  CHECK(RawSession(token.settings()).find("assent-root").size() == 2);
  const WrappedKey new_row = *provider->wrap_epoch(epoch_id(), SecretKey::random());
  CHECK(new_row.parent == second);
  CHECK(provider->unwrap_epoch(old_row));
  CHECK(provider->unwrap_epoch(new_row));

  // Interrupted here, the next start sees both.
  const auto started = Pkcs11RootKey::open(token.settings());
  REQUIRE(started);
  CHECK(started->root_id() == second);
  CHECK(started->unwrap_epoch(old_row));

  REQUIRE(provider->drop_old_roots());
  REQUIRE(provider->drop_old_roots());  // there is one only
  CHECK(provider->root_id() == second);
  CHECK(RawSession(token.settings()).find("assent-root").size() == 1);
  CHECK(provider->unwrap_epoch(new_row));
  CHECK(provider->unwrap_epoch(old_row).error().code == Errc::corrupt);
  const auto later = Pkcs11RootKey::open(token.settings());
  REQUIRE(later);
  CHECK(later->unwrap_epoch(new_row));
  CHECK(later->unwrap_epoch(old_row).error().code == Errc::corrupt);
}

TEST_CASE("a new root is the newest, even when the clock was set back since the last") {
  if (softhsm_is_missing()) return;
  const SoftHsmToken token;
  const auto ahead = new_id<KeyId>(*parse_rfc3339("2199-01-01T00:00:00Z"));
  RawSession(token.settings()).add_key("assent-root", {bytes_of_id(ahead), {}});
  auto provider = Pkcs11RootKey::open(token.settings());
  REQUIRE(provider);
  REQUIRE(provider->root_id() == ahead);
  REQUIRE(provider->add_root());
  const KeyId made = provider->root_id();
  CHECK(ahead < made);
  REQUIRE(provider->drop_old_roots());
  CHECK(provider->root_id() == made);
}

TEST_CASE("a root that another provider replaced is seen where it matters") {
  if (softhsm_is_missing()) return;
  const SoftHsmToken token;
  auto one = Pkcs11RootKey::open_or_create(token.settings());
  auto other = Pkcs11RootKey::open(token.settings());
  REQUIRE(one);
  REQUIRE(other);
  const WrappedKey old_row = *one->wrap_epoch(epoch_id(), SecretKey::random());
  REQUIRE(other->add_root());
  const WrappedKey new_row = *other->wrap_epoch(epoch_id(), SecretKey::random());
  CHECK(one->unwrap_epoch(new_row));
  REQUIRE(other->drop_old_roots());
  CHECK(one->unwrap_epoch(old_row).error().code == Errc::corrupt);
  REQUIRE(other->add_root());
  CHECK(one->wrap_epoch(epoch_id(), SecretKey::random())->parent == other->root_id());
}

TEST_CASE("threads wrap and unwrap with one token at once") {
  if (softhsm_is_missing()) return;
  const SoftHsmToken token;
  auto provider = Pkcs11RootKey::open_or_create(token.settings());
  REQUIRE(provider);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (std::uint8_t number = 1; number <= 2; ++number) {
    threads.emplace_back([&, number] {
      for (int i = 0; i < 50; ++i) {
        const auto epoch = SecretKey::random();
        const auto row = provider->wrap_epoch(epoch_id(number), epoch);
        const auto unwrapped = row ? provider->unwrap_epoch(*row) : Result<SecretKey>(row.error());
        if (!unwrapped || !(*unwrapped == epoch)) ++wrong;
      }
    });
  }
  CHECK(provider->add_root());
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
}
