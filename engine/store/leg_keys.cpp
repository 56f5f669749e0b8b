#include "engine/store/leg_keys.h"

#include <utility>

namespace assent {

std::optional<KeyId> leg_key_id_of(const MessageHeader& header) {
  for (const EncryptedDataKey& key : header.keys) {
    if (key.provider_id != kKeyProvider) continue;
    if (auto id = parse_id<KeyId>(key_name_of(key))) return id;
  }
  return std::nullopt;
}

Result<OpenedHeader> open_header(ByteView message, const LegKeys& keys) {
  auto header = parse_header(message);
  if (!header) return to_error(header.error());
  const auto id = leg_key_id_of(*header);
  if (!id) return error(Errc::corrupt, "the segment's header names no leg key");
  auto key = keys(*id);
  if (!key) return key.error();

  const std::string name = to_text(*id);
  auto opener = FrameOpener::create(
      message, data_keys_from([&](std::string_view wanted) { return wanted == name ? &*key : nullptr; }));
  if (!opener) return to_error(opener.error());
  return OpenedHeader{*std::move(opener), *std::move(key), *id};
}

}  // namespace assent
