#include "engine/catalog/said.h"

#include <array>

#include "crypto/random.h"
#include "crypto/sealed_field.h"
#include "crypto/sha256.h"
#include "crypto/wrapped_key.h"
#include "engine/catalog/unless_gone.h"

namespace assent {
namespace {

constexpr std::string_view kHashed = "sha256:";
constexpr std::size_t kSaltBytes = 16;

std::string hash_of(std::string_view salted) { return std::string(kHashed) + to_hex(sha256(bytes_of(salted))); }

// The names stand in the AAD of what has been sealed: never change them.
FieldPlace place_of(const std::string& row) { return {"consents", "sealed_said", row}; }

bool is_hashed(const ConsentRow& row) { return row.signal_value.starts_with(kHashed); }

Error gone(const ConsentRow& row) {
  return error(Errc::not_found, "what the consent " + to_text(row.id) + " says of itself has been erased");
}

}  // namespace

void seal_said(const SecretKey& participant_key, std::string_view text, ConsentRow& row) {
  if (text.empty()) return;
  std::array<std::uint8_t, kSaltBytes> salt{};
  random_bytes(salt);
  const std::string salted = std::string(salt.begin(), salt.end()).append(text);
  row.signal_value = hash_of(salted);
  row.sealed_said = seal_field(derive(participant_key, kFieldLabel), place_of(to_text(row.id)), salted);
}

Result<std::string> open_said(const SecretKey& participant_key, const ConsentRow& row) {
  if (!is_hashed(row)) return row.signal_value;
  if (row.sealed_said.empty()) return gone(row);
  const auto salted = open_field(derive(participant_key, kFieldLabel), place_of(to_text(row.id)), row.sealed_said);
  if (!salted) return salted.error();
  if (salted->size() < kSaltBytes || hash_of(*salted) != row.signal_value) {
    return error(Errc::corrupt, "what is kept beside the consent " + to_text(row.id) + " is not what it was made of");
  }
  return salted->substr(kSaltBytes);
}

Result<std::optional<std::string>> open_said(KeyRing& keys, KeyId participant_key, const ConsentRow& row) {
  if (!is_hashed(row)) return std::optional(row.signal_value);
  if (row.sealed_said.empty()) return std::optional<std::string>();
  const auto key = unless_gone(keys.open(participant_key));
  if (!key) return key.error();
  if (!*key) return std::optional<std::string>();
  return unless_gone(open_said(*(*key)->key, row));
}

Result<Said> open_said(KeyRing& keys, const std::map<ParticipantId, KeyId>& participant_keys,
                       std::span<const ConsentRow> consents) {
  Said said;
  for (const ConsentRow& row : consents) {
    const auto key = participant_keys.find(row.participant);
    if (key == participant_keys.end()) continue;
    auto text = open_said(keys, key->second, row);
    if (!text) return text.error();
    if (*text) said.emplace(row.id, **std::move(text));
  }
  return said;
}

std::optional<std::string> said_by(const Said& said, ConsentId consent) {
  const auto text = said.find(consent);
  return text == said.end() ? std::nullopt : std::optional(text->second);
}

}  // namespace assent
