#include "engine/catalog/ledger_seal.h"

#include "engine/catalog/canonical_json.h"
#include "sealed_ledger.h"

using namespace assent;
using namespace assent::test;

namespace {

LedgerHead some_head() {
  LedgerHead head{7, {}};
  head.hash[3] = 9;
  return head;
}

SecretKey key_of(std::uint8_t byte) {
  std::array<std::uint8_t, 32> bytes;
  bytes.fill(byte);
  return SecretKey(bytes);
}

}  // namespace

TEST_CASE("a checkpoint signs number, hash and time as they are drawn") {
  const LedgerSeal seal = new_seal();
  const auto checkpoint = seal.sign(some_head(), at_ms(5));
  Bytes drawn;
  append(drawn, bytes_of("assent ledger checkpoint 1"));
  append_be64(drawn, 7);
  append(drawn, some_head().hash);
  append_be64(drawn, static_cast<std::uint64_t>(at_ms(5).time_since_epoch().count()));
  CHECK(ed25519_verify(seal.public_key(), drawn, checkpoint.signature));
  CHECK(verify_checkpoint(checkpoint, seal.public_key()));
  CHECK_FALSE(verify_checkpoint(checkpoint, new_seal().public_key()));

  auto changed = checkpoint;
  changed.head.seq = 8;
  CHECK_FALSE(verify_checkpoint(changed, seal.public_key()));
  changed = checkpoint;
  changed.head.hash[0] ^= 1;
  CHECK_FALSE(verify_checkpoint(changed, seal.public_key()));
  changed = checkpoint;
  changed.at += 1ns;
  CHECK_FALSE(verify_checkpoint(changed, seal.public_key()));
}

TEST_CASE("a checkpoint is read as it was written, and not with anything else in it") {
  const LedgerSeal seal = new_seal();
  const auto checkpoint = seal.sign(some_head(), at_ms(5));
  const std::string text = checkpoint_json(checkpoint);
  CHECK(*canonical_json(text) == text);
  const auto read = parse_checkpoint(text);
  REQUIRE(read);
  CHECK(read->head == checkpoint.head);
  CHECK(read->at == checkpoint.at);
  CHECK(read->key == seal.key());
  CHECK(read->signature == checkpoint.signature);
  for (const char* bad : {"", "{}", "[]", R"({"at_ns":1})"}) CHECK_FALSE(parse_checkpoint(bad));
  std::string more = text;
  more.insert(1, R"("a":1,)");
  CHECK_FALSE(parse_checkpoint(more));
  std::string negative = text;
  negative.replace(negative.find("\"seq\":7"), 7, "\"seq\":-7");
  CHECK_FALSE(parse_checkpoint(negative));
}

TEST_CASE("the next key is signed by the one before, the first by itself") {
  const LedgerSeal first = new_seal();
  const LedgerSeal second = new_seal();
  const auto own = first.start(first, some_head());
  CHECK(verify_key_start(own, some_head(), first.public_key()));
  CHECK_FALSE(verify_key_start(own, {}, first.public_key()));
  const auto next = first.start(second, some_head());
  CHECK(next.key == second.key());
  CHECK(next.public_key == second.public_key());
  CHECK(verify_key_start(next, some_head(), first.public_key()));
  CHECK_FALSE(verify_key_start(next, some_head(), second.public_key()));
  const auto read = parse_key_start(key_start_json(next));
  REQUIRE(read);
  CHECK(read->signature == next.signature);
  CHECK_FALSE(parse_key_start("{}"));
}

TEST_CASE("a kept head is this key's or it is not") {
  const LedgerSeal seal(KeyId{}, key_of(1));
  const LedgerSeal same(KeyId{}, key_of(1));
  const LedgerSeal other(KeyId{}, key_of(2));
  const KeptHead kept = seal.keep(some_head(), 3);
  CHECK(same.is_ours(kept));
  CHECK_FALSE(other.is_ours(kept));
  auto changed = kept;
  changed.head.seq = 6;
  CHECK_FALSE(seal.is_ours(changed));
  changed = kept;
  changed.head.hash[31] ^= 1;
  CHECK_FALSE(seal.is_ours(changed));
  changed = kept;
  changed.checkpoint_seq = 4;
  CHECK_FALSE(seal.is_ours(changed));
  changed = kept;
  changed.mac[0] ^= 1;
  CHECK_FALSE(seal.is_ours(changed));
}

TEST_CASE("what the key signs with is not what it authenticates with") {
  const SecretKey key = key_of(1);
  const LedgerSeal seal(KeyId{}, key);
  CHECK(seal.public_key() != ed25519_public_key(key));
}
