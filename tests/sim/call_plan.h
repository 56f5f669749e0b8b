// CallPlan: what kind of call a seed makes. Tried: what came to pass, to see that a number of calls tried everything.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/consent/call_consent.h"
#include "tests/sim/simulated_leg.h"

namespace assent::sim {

struct CallPlan {
  ConsentSettings consent;
  std::size_t people = 1;  // at the beginning
  milliseconds length{0};
  milliseconds sweep{0};
  milliseconds slowest_record{0};
  double refused_records = 0;  // share of them
  double restless = 0;         // how often something happens, each sweep
  double lazy_seal = 0;        // how often nothing is sealed, each sweep
  double lazy_disk = 0;        // and nothing becomes durable
  std::optional<milliseconds> all_agree_after;
  std::optional<milliseconds> ledger_stalls_after;  // and answers again after ledger_stalls_for
  milliseconds ledger_stalls_for{0};
  std::optional<milliseconds> crash_after;

  static CallPlan draw(Random& random);
};
std::string to_text(const CallPlan& plan);

// Digits of every simulated call.
inline constexpr char kYesDigit = '1';
inline constexpr char kPartlyYesDigit = '2';  // for the first purpose
inline constexpr char kNoDigit = '9';
inline constexpr char kPauseDigit = '*';

struct Tried {
  std::uint64_t calls = 0;
  std::uint64_t packets = 0;    // that reached the engine; each once
  std::uint64_t required = 0;   // of these had to be kept ...
  std::uint64_t forbidden = 0;  // ... and must not be
  std::uint64_t kept = 0;       // and were
  std::uint64_t recorded_calls = 0;
  std::uint64_t grants = 0;
  std::uint64_t refusals = 0;
  std::uint64_t pauses = 0;
  std::uint64_t digits = 0;  // heard, and of consequence
  std::uint64_t late_joiners = 0;
  std::uint64_t refused_records = 0;
  std::uint64_t revoked = 0;  // packets that were admitted, and dropped before they were sealed
  std::uint64_t expired = 0;
  std::uint64_t erasures = 0;
  std::uint64_t suspensions = 0;
  std::uint64_t source_changes = 0;
  std::uint64_t codec_changes = 0;
  std::uint64_t crashes = 0;
  std::uint64_t cut_short = 0;  // packets that a crash took
};

}  // namespace assent::sim
