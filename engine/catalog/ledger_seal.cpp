#include "engine/catalog/ledger_seal.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "crypto/constant_time.h"
#include "crypto/jws.h"
#include "crypto/wrapped_key.h"

namespace assent {
namespace {

using nlohmann::json;  // std::map inside: its dump has sorted keys and no white space

Bytes statement(std::string_view what, const LedgerHead& head) {
  Bytes bytes;
  append(bytes, bytes_of(what));
  append_be64(bytes, head.seq);
  append(bytes, head.hash);
  return bytes;
}

Bytes checkpoint_statement(const LedgerHead& head, WallTime at) {
  Bytes bytes = statement("assent ledger checkpoint 1", head);
  append_be64(bytes, static_cast<std::uint64_t>(at.time_since_epoch().count()));
  return bytes;
}

Bytes key_statement(const LedgerHead& before, const Ed25519PublicKey& key) {
  Bytes bytes = statement("assent ledger key 1", before);
  append(bytes, key);
  return bytes;
}

HmacSha256 head_mac(const SecretKey& key, const LedgerHead& head, std::uint64_t checkpoint_seq) {
  Bytes bytes = statement("assent ledger head 1", head);
  append_be64(bytes, checkpoint_seq);
  return hmac_sha256(key.reveal(), bytes);
}

template <std::size_t n>
bool read_hex(const json& object, const char* name, std::array<std::uint8_t, n>& out) {
  const auto member = object.find(name);
  if (member == object.end() || !member->is_string()) return false;
  const auto bytes = from_hex(member->get_ref<const std::string&>());
  if (!bytes || bytes->size() != n) return false;
  std::copy(bytes->begin(), bytes->end(), out.begin());
  return true;
}

bool read_key(const json& object, KeyId& out) {
  const auto member = object.find("key");
  if (member == object.end() || !member->is_string()) return false;
  const auto id = parse_id<KeyId>(member->get_ref<const std::string&>());
  if (id) out = *id;
  return id.has_value();
}

}  // namespace

std::string checkpoint_json(const LedgerCheckpoint& checkpoint) {
  return json{{"at_ns", checkpoint.at.time_since_epoch().count()},
              {"hash", to_hex(checkpoint.head.hash)},
              {"key", to_text(checkpoint.key)},
              {"seq", checkpoint.head.seq},
              {"signature", to_hex(checkpoint.signature)}}
      .dump();
}

std::optional<LedgerCheckpoint> parse_checkpoint(std::string_view text) {
  const json object = json::parse(text, nullptr, false);
  if (!object.is_object()) return std::nullopt;
  LedgerCheckpoint checkpoint;
  const auto at = object.find("at_ns");
  const auto seq = object.find("seq");
  if (at == object.end() || !at->is_number_integer() || seq == object.end() || !seq->is_number_unsigned()) {
    return std::nullopt;
  }
  checkpoint.at = WallTime(nanoseconds(at->get<std::int64_t>()));
  checkpoint.head.seq = seq->get<std::uint64_t>();
  if (!read_hex(object, "hash", checkpoint.head.hash) || !read_key(object, checkpoint.key) ||
      !read_hex(object, "signature", checkpoint.signature)) {
    return std::nullopt;
  }
  if (checkpoint_json(checkpoint) != text) return std::nullopt;  // it says something else besides
  return checkpoint;
}

bool verify_checkpoint(const LedgerCheckpoint& checkpoint, const Ed25519PublicKey& key) {
  return ed25519_verify(key, checkpoint_statement(checkpoint.head, checkpoint.at), checkpoint.signature);
}

std::string key_start_json(const LedgerKeyStart& start) {
  return json{
      {"key", to_text(start.key)}, {"public_key", to_hex(start.public_key)}, {"signature", to_hex(start.signature)}}
      .dump();
}

std::optional<LedgerKeyStart> parse_key_start(std::string_view text) {
  const json object = json::parse(text, nullptr, false);
  if (!object.is_object()) return std::nullopt;
  LedgerKeyStart start;
  if (!read_key(object, start.key) || !read_hex(object, "public_key", start.public_key) ||
      !read_hex(object, "signature", start.signature)) {
    return std::nullopt;
  }
  if (key_start_json(start) != text) return std::nullopt;
  return start;
}

bool verify_key_start(const LedgerKeyStart& start, const LedgerHead& before, const Ed25519PublicKey& signer) {
  return ed25519_verify(signer, key_statement(before, start.public_key), start.signature);
}

LedgerSeal::LedgerSeal(KeyId id, const SecretKey& key)
    : id_(id),
      signing_(derive(key, "ledger checkpoints")),
      head_key_(derive(key, "ledger head")),
      public_key_(ed25519_public_key(signing_)) {}

LedgerCheckpoint LedgerSeal::sign(const LedgerHead& head, WallTime at) const {
  return {head, at, id_, ed25519_sign(signing_, checkpoint_statement(head, at))};
}

LedgerKeyStart LedgerSeal::start(const LedgerSeal& next, const LedgerHead& before) const {
  return {next.id_, next.public_key_, ed25519_sign(signing_, key_statement(before, next.public_key_))};
}

std::string LedgerSeal::sign_receipt(std::string_view receipt) const {
  const json header = {{"alg", "EdDSA"}, {"cty", "application/ld+json"}, {"kid", to_text(id_)}, {"typ", "JOSE"}};
  return sign_jws(signing_, header.dump(), receipt);
}

KeptHead LedgerSeal::keep(const LedgerHead& head, std::uint64_t checkpoint_seq) const {
  return {head, checkpoint_seq, head_mac(head_key_, head, checkpoint_seq)};
}

bool LedgerSeal::is_ours(const KeptHead& kept) const {
  return equal_constant_time(kept.mac, head_mac(head_key_, kept.head, kept.checkpoint_seq));
}

}  // namespace assent
