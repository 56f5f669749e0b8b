#include "engine/catalog/retention_end.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "crypto/sha256.h"

namespace assent {
namespace {

// Above every other time.
constexpr nanoseconds kForEver = nanoseconds::max();

nanoseconds time_for(const std::string& purpose, WallTime agreed, std::span<const RetentionPurpose> purposes,
                     const OwnRetention& own) {
  if (const auto found = own.find(purpose); found != own.end()) {
    return found->second ? nanoseconds(*found->second) : kForEver;
  }
  nanoseconds time = kForEver;  // of a purpose that the register does not know
  for (const RetentionPurpose& version : purposes) {
    if (version.id != purpose || version.at > agreed) continue;
    time = version.hours ? nanoseconds(std::chrono::hours(*version.hours)) : kForEver;
  }
  return time;
}

struct Standing {
  std::optional<WallTime> agreed;  // the last time
  bool withdrawn = false;
};

}  // namespace

std::int64_t RetentionRules::number() const {
  Sha256 digest;
  for (const auto& [tenant, own] : tenants) {
    for (const auto& [purpose, time] : own) {
      const std::string line = std::to_string(tenant.size()) + ":" + tenant + std::to_string(purpose.size()) + ":" +
                               purpose + (time ? std::to_string(time->count()) : "-") + "\n";
      digest.update(bytes_of(line));
    }
  }
  const Sha256Digest hash = digest.finish();
  return static_cast<std::int64_t>((load_be64(hash.data()) >> 1U) | 1U);
}

std::optional<WallTime> retention_end(WallTime ended, std::span<const RetentionConsent> consents,
                                      std::span<const RetentionPurpose> purposes, const OwnRetention& own) {
  std::map<std::pair<ParticipantId, std::string>, Standing> all;
  WallTime last_withdrawal = WallTime::min();
  for (const RetentionConsent& one : consents) {
    Standing& standing = all[{one.participant, one.purpose}];
    if (one.decision == "granted") {
      standing = {one.at, false};
    } else if (one.decision == "withdrawn") {
      standing.withdrawn = true;
      last_withdrawal = std::max(last_withdrawal, one.at);
    }
  }
  std::optional<nanoseconds> longest_standing;
  std::optional<nanoseconds> shortest_ever;
  for (const auto& [whose, standing] : all) {
    if (!standing.agreed) continue;
    const nanoseconds time = time_for(whose.second, *standing.agreed, purposes, own);
    shortest_ever = std::min(shortest_ever.value_or(kForEver), time);
    if (!standing.withdrawn) longest_standing = std::max(longest_standing.value_or(nanoseconds(0)), time);
  }
  const nanoseconds time = longest_standing.value_or(shortest_ever.value_or(kForEver));
  if (time == kForEver) return std::nullopt;
  return std::max(ended + time, last_withdrawal);
}

}  // namespace assent
