// How long recordings are kept: until the last purpose that somebody agreed to has had its time.
//
//   end = recording ended + the longest time of the purposes that somebody in it still agrees to
//
// The time of a purpose is what the register said of it when that person agreed: its newest version then. A tenant may
// have its own in its place. A purpose without any needs the recording until it is erased, and so there is no end.
//
// A withdrawn purpose needs nothing any more: nobody may use the recording for it. So it counts no longer, unless
// another person's yes to it stands; what the withdrawal leaves then decides. When nothing is left, what was kept
// (on_withdraw = keep) stays for the shortest of the times that were agreed to, and no longer. So a withdrawal never
// makes a recording live longer; what it leaves without any time ends with it. That a consent's own time is over
// (validity) is no withdrawal, and changes nothing.
//
// It is reckoned in the transaction that closes the recording, or that withdraws, from what is on record there: times
// in nanoseconds of wall clock. Pure; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "base/ids.h"
#include "base/time.h"

namespace assent {

// By a purpose's name; none: kept until it is erased.
using OwnRetention = std::map<std::string, std::optional<milliseconds>>;

struct RetentionRules {
  std::map<std::string, OwnRetention> tenants;  // by name: in place of what the register says
  bool operator==(const RetentionRules&) const = default;
  // Stands beside each end that was reckoned: other rules have another one. Never 0.
  std::int64_t number() const;
};

struct RetentionConsent {
  ParticipantId participant;
  std::string purpose;
  std::string decision;
  WallTime at;
};

// A version of a purpose, as it came on record.
struct RetentionPurpose {
  std::string id;
  std::optional<std::int64_t> hours;
  WallTime at;
};

// `consents` and `purposes` oldest first. None: there is no end.
std::optional<WallTime> retention_end(WallTime ended, std::span<const RetentionConsent> consents,
                                      std::span<const RetentionPurpose> purposes, const OwnRetention& own);

}  // namespace assent
