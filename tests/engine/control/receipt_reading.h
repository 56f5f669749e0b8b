// Reading receipts for erasures as somebody would who has only them, the key set, and what the catalog held before.
#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "control_rig.h"
#include "crypto/ed25519.h"
#include "crypto/sha256.h"

namespace assent {

using Ids = std::set<std::string>;

struct SealedRig : ControlRig {
  SealedRig() { start_ledger_key(); }
};

inline nlohmann::json shown(ControlRig& rig, const std::string& id) {
  const auto reply = rig.ask("GET", "/v1/erasures/" + id);
  REQUIRE(reply.status == 200);
  return nlohmann::json::parse(reply.body);
}
inline nlohmann::json shown(ControlRig& rig, ErasureId id) { return shown(rig, to_text(id)); }

inline nlohmann::json receipt_of(ControlRig& rig, const std::string& id) {
  const nlohmann::json erasure = shown(rig, id);
  INFO(erasure.dump(1));
  REQUIRE(erasure["state"] == "done");
  REQUIRE(erasure.contains("receipt"));
  return erasure["receipt"];
}
inline nlohmann::json receipt_of(ControlRig& rig, ErasureId id) { return receipt_of(rig, to_text(id)); }

template <typename IdType>
std::string urn(const IdType& id) {
  return "urn:uuid:" + to_text(id);
}

inline nlohmann::json group(const nlohmann::json& receipt, const std::string& kind) {
  return receipt["receipt"]["assent:destroyed"]["assent:" + kind];
}

inline std::string digest_of(const Ids& ids) {
  std::string lines;
  for (const std::string& id : ids) lines += id.substr(std::string("urn:uuid:").size()) + "\n";
  return to_hex(sha256(bytes_of(lines)));
}

// The ids of one kind, which its count and digest agree with.
inline Ids ids_of(const nlohmann::json& receipt, const std::string& kind) {
  const nlohmann::json all = group(receipt, kind);
  Ids ids;
  for (const nlohmann::json& id : all["assent:ids"]) ids.insert(id.get<std::string>());
  CHECK(all["assent:ids"].size() == ids.size());
  CHECK(all["assent:count"] == ids.size());
  CHECK(all["assent:sha256"] == digest_of(ids));
  return ids;
}

inline std::vector<std::string> confirmed_by(const nlohmann::json& receipt) {
  std::vector<std::string> names;
  for (const nlohmann::json& one : receipt["receipt"]["assent:confirmed"]) names.push_back(one["assent:by"]);
  return names;
}

// What the rig's names, references, labels and notes have in them.
inline bool names_somebody(const nlohmann::json& receipt) {
  const std::string text = receipt.dump();
  const std::vector<std::string> names{"customer", "agent", "Name of", "the-ref", "role-", "default", "a note"};
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& name) { return text.find(name) != std::string::npos; });
}

struct Jws {
  std::string signed_part;
  nlohmann::json header;
  std::string payload;
  Bytes signature;
};
inline Jws parse_jws(const std::string& jws) {
  const auto decoded = [](std::string text) {
    for (char& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c;
    while (text.size() % 4 != 0) text += '=';
    return *from_base64(text);
  };
  const auto first = jws.find('.');
  const auto last = jws.rfind('.');
  return {jws.substr(0, last), nlohmann::json::parse(text_of(decoded(jws.substr(0, first)))),
          text_of(decoded(jws.substr(first + 1, last - first - 1))), decoded(jws.substr(last + 1))};
}

// By the key that the key set has under the JWS's `kid`.
inline bool verifies(ControlRig& rig, const std::string& text) {
  const Jws jws = parse_jws(text);
  const nlohmann::json keys =
      nlohmann::json::parse(rig.ask("GET", "/.well-known/jwks.json", "", std::nullopt).body)["keys"];
  for (const nlohmann::json& key : keys) {
    if (key["kid"] != jws.header["kid"]) continue;
    std::string x = key["x"];
    for (char& c : x) c = c == '-' ? '+' : c == '_' ? '/' : c;
    const Bytes bytes = *from_base64(x + "=");
    Ed25519PublicKey public_key{};
    std::copy(bytes.begin(), bytes.end(), public_key.begin());
    return ed25519_verify(public_key, bytes_of(jws.signed_part), jws.signature);
  }
  return false;
}

// Everything the catalog has of a call, before it goes.
struct Whole {
  Ids calls, recordings, legs, participants, keys;
  void add(ControlRig& rig, const RecordedCall& call, const std::set<std::size_t>& who = {0, 1}, bool all = true) {
    const auto rows = must(rig.catalog->participants(call.call));
    for (const std::size_t i : who) {
      legs.insert(urn(call.legs[i].id));
      participants.insert(urn(rows[i].id));
      keys.insert({urn(call.legs[i].key), urn(rows[i].key)});
    }
    if (!all) return;
    calls.insert(urn(call.call));
    recordings.insert(urn(call.recording));
    keys.insert(urn(call.call_key));
  }
  void check(const nlohmann::json& receipt) const {
    CHECK(ids_of(receipt, "calls") == calls);
    CHECK(ids_of(receipt, "recordings") == recordings);
    CHECK(ids_of(receipt, "legs") == legs);
    CHECK(ids_of(receipt, "participants") == participants);
    CHECK(ids_of(receipt, "keys") == keys);
  }
};

}  // namespace assent
