#include "crypto/wrapped_key.h"

#include <set>
#include <string>

#include "catch.h"
#include "crypto/blind_index.h"
#include "crypto/sealed_field.h"

using namespace assent;

namespace {

KeyId id(std::uint8_t n) {
  KeyId made;
  made.bytes.fill(n);
  return made;
}

bool opens(const SecretKey& parent, const WrappedKey& wrapped) { return unwrap_key(parent, wrapped).has_value(); }

}  // namespace

TEST_CASE("a key wrapped down the whole tree comes back up it") {
  const auto root = SecretKey::random();
  const SecretKey keys[] = {SecretKey::random(), SecretKey::random(), SecretKey::random(), SecretKey::random()};
  const KeyKind kinds[] = {KeyKind::epoch, KeyKind::tenant, KeyKind::subject, KeyKind::leg};
  std::vector<WrappedKey> rows;
  for (std::uint8_t i = 0; i < 4; ++i) {
    rows.push_back(wrap_key(i == 0 ? root : keys[i - 1], id(i), kinds[i], id(i + 1), keys[i]));
    CHECK(rows.back().wrapped.size() == 60);
  }
  auto parent = root.duplicate();
  for (std::size_t i = 0; i < 4; ++i) {
    auto key = unwrap_key(parent, rows[i]);
    REQUIRE(key);
    CHECK(*key == keys[i]);
    parent = *std::move(key);
  }
}

TEST_CASE("a wrapped key opens only with its parent and in its place") {
  const auto parent = SecretKey::random();
  const auto row = wrap_key(parent, id(1), KeyKind::leg, id(2), SecretKey::random());
  REQUIRE(opens(parent, row));
  CHECK(unwrap_key(SecretKey::random(), row).error().code == Errc::corrupt);
  CHECK_FALSE(opens(parent, {id(3), row.kind, row.parent, row.wrapped}));
  CHECK_FALSE(opens(parent, {row.id, KeyKind::subject, row.parent, row.wrapped}));
  CHECK_FALSE(opens(parent, {row.id, row.kind, id(3), row.wrapped}));
}

TEST_CASE("a wrapped key with any bit changed or byte missing does not open") {
  const auto parent = SecretKey::random();
  const auto row = wrap_key(parent, id(1), KeyKind::leg, id(2), SecretKey::random());
  for (std::size_t i = 0; i < row.wrapped.size(); ++i) {
    auto damaged = row;
    damaged.wrapped[i] ^= 1;
    CHECK_FALSE(opens(parent, damaged));
    damaged.wrapped.resize(i);
    CHECK_FALSE(opens(parent, damaged));
  }
}

TEST_CASE("one key wrapped twice gives unequal rows") {
  const auto parent = SecretKey::random();
  const auto key = SecretKey::random();
  CHECK(wrap_key(parent, id(1), KeyKind::leg, id(2), key).wrapped !=
        wrap_key(parent, id(1), KeyKind::leg, id(2), key).wrapped);
}

TEST_CASE("keys derived for different uses are different, and the same each time") {
  const auto key = SecretKey::random();
  CHECK(derive(key, kFieldLabel) == derive(key, kFieldLabel));
  CHECK_FALSE(derive(key, kFieldLabel) == derive(key, kBlindIndexLabel));
  CHECK_FALSE(derive(key, kFieldLabel) == key);
  CHECK_FALSE(derive(key, kFieldLabel) == derive(SecretKey::random(), kFieldLabel));
}

TEST_CASE("a combined key needs both of its parts, in their order") {
  const auto a = SecretKey::random();
  const auto b = SecretKey::random();
  CHECK(combine(a, b) == combine(a, b));
  CHECK_FALSE(combine(a, b) == combine(b, a));
  CHECK_FALSE(combine(a, b) == combine(a, SecretKey::random()));
  CHECK_FALSE(combine(a, b) == combine(SecretKey::random(), b));
}

TEST_CASE("a sealed field opens in its place only") {
  const auto key = derive(SecretKey::random(), kFieldLabel);
  const FieldPlace place{"participants", "name", "row 1"};
  const Bytes sealed = seal_field(key, place, "Zo\xC3\xAB");
  REQUIRE(open_field(key, place, sealed));
  CHECK(*open_field(key, place, sealed) == "Zo\xC3\xAB");
  CHECK(open_field(key, place, seal_field(key, place, ""))->empty());
  CHECK(open_field(key, {"participants", "name", "row 2"}, sealed).error().code == Errc::corrupt);
  CHECK_FALSE(open_field(key, {"participants", "address", "row 1"}, sealed));
  CHECK_FALSE(open_field(key, {"participant", "sname", "row 1"}, sealed));  // the parts' borders count
  CHECK_FALSE(open_field(SecretKey::random(), place, sealed));
  for (std::size_t i = 0; i < sealed.size(); ++i) CHECK_FALSE(open_field(key, place, ByteView(sealed).first(i)));
}

TEST_CASE("a blind index finds equal texts of one kind under one key") {
  const auto key = derive(SecretKey::random(), kBlindIndexLabel);
  const std::string number = "+4930123456";
  CHECK(blind_index(key, "phone", number) == blind_index(key, "phone", number));
  const std::set<BlindIndex> different{
      blind_index(key, "phone", number), blind_index(key, "phone", number + "7"), blind_index(key, "reference", number),
      blind_index(key, "phone+", number.substr(1)), blind_index(SecretKey::random(), "phone", number)};
  CHECK(different.size() == 5);
}
