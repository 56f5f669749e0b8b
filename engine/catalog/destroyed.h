// Destroyed: which things an erasure has destroyed, by their opaque ids, as the ledger says it.
//
//   {"calls":[...],"keys":[...],"legs":[...],"participants":[...],"people":[...],"recordings":[...]}
//
// A call or a recording is among them when all of it is; of one of which something stays, the legs and participants
// are. What had been destroyed before is not: it has a receipt of its own. A kind of which there is nothing is left
// out.
//
// Of many ids a receipt gives the number and a digest, which whoever has the ids checks with sort and sha256sum:
// SHA-256 over them in their text form, sorted, each followed by a line feed.
//
// Values; any thread. 16 bytes an id.
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "crypto/sha256.h"

namespace assent {

enum class DestroyedKind { call, key, leg, participant, person, recording };
inline constexpr std::size_t kDestroyedKinds = 6;
std::string_view plural_name_of(DestroyedKind kind);  // "calls"

// Of one kind.
struct DestroyedTotal {
  std::uint64_t count = 0;
  Sha256Digest sha256{};
  std::optional<std::vector<std::string>> ids;  // sorted; none: there are too many
};
using DestroyedTotals = std::array<DestroyedTotal, kDestroyedKinds>;

class Destroyed {
 public:
  // Twice is once.
  void add(CallId id) { add(DestroyedKind::call, id.bytes); }
  void add(KeyId id) { add(DestroyedKind::key, id.bytes); }
  void add(LegId id) { add(DestroyedKind::leg, id.bytes); }
  void add(ParticipantId id) { add(DestroyedKind::participant, id.bytes); }
  void add(SubjectId id) { add(DestroyedKind::person, id.bytes); }
  void add(RecordingId id) { add(DestroyedKind::recording, id.bytes); }
  void add(const Destroyed& others);
  // What a ledger entry says; false: it says something else.
  bool add(const nlohmann::json& json);

  bool empty() const;
  nlohmann::json to_json() const;
  // With the ids themselves when there are at most so many in all.
  DestroyedTotals totals(std::size_t ids_at_most) const;

 private:
  using Uuid = std::array<std::uint8_t, 16>;
  void add(DestroyedKind kind, const Uuid& id) { ids_[static_cast<std::size_t>(kind)].push_back(id); }
  static std::vector<Uuid> sorted(std::vector<Uuid> ids);

  std::array<std::vector<Uuid>, kDestroyedKinds> ids_;
};

nlohmann::json json_of(const DestroyedTotals& totals);
std::optional<DestroyedTotals> parse_destroyed_totals(const nlohmann::json& json);

}  // namespace assent
