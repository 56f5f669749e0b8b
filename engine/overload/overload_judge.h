// OverloadJudge: decides from the delay of the engine's queues what has to wait, so that consented audio never does.
//
//     calm --> queries_wait --> settling_waits --> rings_shorten --> admission_stops
//       <----------- one at a time, after a second without reason -----------
//
//   queries_wait     exports, renders and listings wait for calm, and are then turned away
//   settling_waits   segments stay in the journal for a while
//   rings_shorten    legs without consent hold less: hold_floor instead of hold
//   admission_stops  no new call is taken
//
// Each stage keeps what those before it do. Consented audio, decisions, withdrawals, erasures, the end of calls and the
// ledger are in none of them. A disk that is nearly full is judged apart: it stops admission and nothing else, since
// settling is what makes room.
//
// A stage begins when a queue's oldest entry, or its fill, reaches limits::kOverloadDelay or kOverloadPercent; one
// stage a judgement, so that what the lower one does may help. It ends when for limits::kOverloadCalm every queue was
// below half of that. Pure, in virtual time; one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "base/time.h"

namespace assent {

enum class OverloadStage : std::uint8_t { calm, queries_wait, settling_waits, rings_shorten, admission_stops };
inline constexpr std::array<OverloadStage, 5> kOverloadStages = {
    OverloadStage::calm, OverloadStage::queries_wait, OverloadStage::settling_waits, OverloadStage::rings_shorten,
    OverloadStage::admission_stops};
std::string_view to_text(OverloadStage stage);

enum class OverloadQueue : std::uint8_t { seal, journal, catalog };
inline constexpr std::array<OverloadQueue, 3> kOverloadQueues = {OverloadQueue::seal, OverloadQueue::journal,
                                                                 OverloadQueue::catalog};
std::string_view to_text(OverloadQueue queue);

struct QueueSign {
  nanoseconds delay{0};  // of its oldest entry
  std::size_t used = 0;
  std::size_t capacity = 0;
};

// What is measured. Where there are several queues of a kind, the worst.
struct OverloadSigns {
  std::array<QueueSign, kOverloadQueues.size()> queues;
  std::optional<std::uint64_t> free_disk_bytes;  // unknown: as it was

  QueueSign& operator[](OverloadQueue queue) { return queues[static_cast<std::size_t>(queue)]; }
  const QueueSign& operator[](OverloadQueue queue) const { return queues[static_cast<std::size_t>(queue)]; }
};

enum class DiskRoom : std::uint8_t {
  enough,
  reserve,  // less than the reserve is left: no new calls
  floor,    // less than the catalog's part is left: nothing else is written
};
std::string_view to_text(DiskRoom room);

struct OverloadVerdict {
  OverloadStage stage = OverloadStage::calm;
  DiskRoom disk = DiskRoom::enough;
  std::string why;       // of the stage and the disk, a sentence; empty when neither asks for anything
  bool changed = false;  // stage or disk, by this judgement
};

inline bool takes_calls(const OverloadVerdict& verdict) {
  return verdict.stage != OverloadStage::admission_stops && verdict.disk == DiskRoom::enough;
}

class OverloadJudge {
 public:
  struct Settings {
    std::uint64_t disk_reserve_bytes = 0;
  };
  explicit OverloadJudge(Settings settings) : settings_(settings) {}

  const OverloadVerdict& judge(const OverloadSigns& signs, MonoTime now);

  // How long each stage has lasted, in all.
  const std::array<nanoseconds, kOverloadStages.size()>& time_in_stages() const { return time_in_; }

 private:
  void judge_queues(const OverloadSigns& signs, MonoTime now);
  void judge_disk(std::uint64_t free_bytes);
  std::string reason(const OverloadSigns& signs) const;

  Settings settings_;
  OverloadVerdict verdict_;
  std::optional<MonoTime> judged_at_;
  MonoTime needed_at_{};  // when there was last a reason for the stage
  std::array<nanoseconds, kOverloadStages.size()> time_in_{};
};

}  // namespace assent
