// Ids: opaque 128-bit names, one type for each kind of thing so that a leg's id cannot be passed for a call's.
//
// Server-made ids are UUIDv7 (RFC 9562 section 5.7): the creation time in milliseconds, then random bits, so they sort
// by age. They say nothing about a person and may stand in clear text anywhere. Any thread.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/time.h"

namespace assent {

template <typename Tag>
struct Id {
  std::array<std::uint8_t, 16> bytes{};

  constexpr auto operator<=>(const Id&) const = default;
  bool is_nil() const { return *this == Id{}; }
  ByteView view() const { return bytes; }
};

using CallId = Id<struct CallTag>;
using ParticipantId = Id<struct ParticipantTag>;
using SubjectId = Id<struct SubjectTag>;
using LegId = Id<struct LegTag>;
using SegmentId = Id<struct SegmentTag>;
using RecordingId = Id<struct RecordingTag>;
using ConsentId = Id<struct ConsentTag>;  // one consent record
using KeyId = Id<struct KeyTag>;
using NoteId = Id<struct NoteTag>;
using ErasureId = Id<struct ErasureTag>;
using TenantId = Id<struct TenantTag>;
using ReceiptId = Id<struct ReceiptTag>;
using StandingId = Id<struct StandingTag>;  // a consent on file
using HoldId = Id<struct HoldTag>;          // a legal hold
using ExportId = Id<struct ExportTag>;      // what is given to a person of themselves

namespace detail {
std::array<std::uint8_t, 16> new_uuid_v7(WallTime now);  // random bits from getrandom(2)
std::string uuid_text(const std::array<std::uint8_t, 16>& bytes);
std::optional<std::array<std::uint8_t, 16>> parse_uuid(std::string_view text);
}  // namespace detail

template <typename IdType>
IdType new_id(WallTime now) {
  return IdType{detail::new_uuid_v7(now)};
}

// "0192f0c1-2b3c-7d4e-8f90-a1b2c3d4e5f6", lower case.
template <typename Tag>
std::string to_text(const Id<Tag>& id) {
  return detail::uuid_text(id.bytes);
}

// When a server-made id was made, in whole milliseconds.
template <typename Tag>
WallTime made_at(const Id<Tag>& id) {
  std::uint64_t since_1970_ms = 0;
  for (std::size_t i = 0; i < 6; ++i) since_1970_ms = since_1970_ms << 8 | id.bytes[i];
  return WallTime(milliseconds(static_cast<std::int64_t>(since_1970_ms)));
}

template <typename IdType>
std::optional<IdType> parse_id(std::string_view text) {
  if (auto bytes = detail::parse_uuid(text)) return IdType{*bytes};
  return std::nullopt;
}

template <typename IdType>
std::optional<IdType> id_from_bytes(ByteView bytes) {
  IdType id;
  if (bytes.size() != id.bytes.size()) return std::nullopt;
  std::memcpy(id.bytes.data(), bytes.data(), bytes.size());
  return id;
}

}  // namespace assent

template <typename Tag>
struct std::hash<assent::Id<Tag>> {
  std::size_t operator()(const assent::Id<Tag>& id) const noexcept {
    // The last eight bytes of a UUIDv7 are random: they are a hash already.
    std::size_t h = 0;
    std::memcpy(&h, id.bytes.data() + 8, sizeof h);
    return h;
  }
};
