#include "engine/overload/overload_judge.h"

#include <algorithm>
#include <iterator>

namespace assent {
namespace {

constexpr std::size_t kSteps = kOverloadStages.size() - 1;
static_assert(std::size(limits::kOverloadDelay) == kSteps && std::size(limits::kOverloadPercent) == kSteps);

std::size_t percent_of(const QueueSign& sign) { return sign.capacity == 0 ? 0 : sign.used * 100 / sign.capacity; }

OverloadStage stage_number(std::size_t number) { return kOverloadStages.at(number); }
std::size_t number_of(OverloadStage stage) { return static_cast<std::size_t>(stage); }

// How many steps a queue is a reason for, where each begins at 1/`divisor` of its limit.
std::size_t steps_for(const QueueSign& sign, int divisor) {
  std::size_t steps = 0;
  while (steps < kSteps && (sign.delay * divisor >= limits::kOverloadDelay[steps] ||
                            percent_of(sign) * static_cast<std::size_t>(divisor) >= limits::kOverloadPercent[steps])) {
    ++steps;
  }
  return steps;
}

std::size_t steps_for(const OverloadSigns& signs, int divisor) {
  std::size_t steps = 0;
  for (const QueueSign& sign : signs.queues) steps = std::max(steps, steps_for(sign, divisor));
  return steps;
}

std::string seconds_text(nanoseconds time) {
  const auto tenths = std::chrono::duration_cast<milliseconds>(time).count() / 100;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

std::string mib_text(std::uint64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

std::string_view what_waits(OverloadQueue queue) {
  switch (queue) {
    case OverloadQueue::seal: return "audio has waited to be encrypted for ";
    case OverloadQueue::journal: return "sealed audio has waited for the disk for ";
    case OverloadQueue::catalog: return "bookings have waited for the catalog for ";
  }
  return "";
}

}  // namespace

std::string_view to_text(OverloadStage stage) {
  switch (stage) {
    case OverloadStage::calm: return "calm";
    case OverloadStage::queries_wait: return "queries_wait";
    case OverloadStage::settling_waits: return "settling_waits";
    case OverloadStage::rings_shorten: return "rings_shorten";
    case OverloadStage::admission_stops: return "admission_stops";
  }
  return "";
}

std::string_view to_text(OverloadQueue queue) {
  switch (queue) {
    case OverloadQueue::seal: return "seal";
    case OverloadQueue::journal: return "journal";
    case OverloadQueue::catalog: return "catalog";
  }
  return "";
}

std::string_view to_text(DiskRoom room) {
  switch (room) {
    case DiskRoom::enough: return "enough";
    case DiskRoom::reserve: return "reserve";
    case DiskRoom::floor: return "floor";
  }
  return "";
}

const OverloadVerdict& OverloadJudge::judge(const OverloadSigns& signs, MonoTime now) {
  if (judged_at_) time_in_[number_of(verdict_.stage)] += now - *judged_at_;
  judged_at_ = now;
  const OverloadStage stage = verdict_.stage;
  const DiskRoom disk = verdict_.disk;
  judge_queues(signs, now);
  if (signs.free_disk_bytes) judge_disk(*signs.free_disk_bytes);
  verdict_.changed = verdict_.stage != stage || verdict_.disk != disk;
  if (verdict_.changed) verdict_.why = reason(signs);
  return verdict_;
}

void OverloadJudge::judge_queues(const OverloadSigns& signs, MonoTime now) {
  const std::size_t stage = number_of(verdict_.stage);
  if (steps_for(signs, 1) > stage) {
    verdict_.stage = stage_number(stage + 1);
    needed_at_ = now;
  } else if (steps_for(signs, 2) >= stage) {
    needed_at_ = now;
  } else if (now - needed_at_ >= limits::kOverloadCalm) {
    verdict_.stage = stage_number(stage - 1);
    needed_at_ = now;
  }
}

void OverloadJudge::judge_disk(std::uint64_t free_bytes) {
  const std::uint64_t reserve = settings_.disk_reserve_bytes;
  const std::uint64_t enough = reserve + reserve / limits::kDiskReserveMargin;
  if (free_bytes < limits::kDiskFloorBytes) {
    verdict_.disk = DiskRoom::floor;
  } else if (free_bytes < reserve || (verdict_.disk != DiskRoom::enough && free_bytes < enough)) {
    verdict_.disk = DiskRoom::reserve;
  } else {
    verdict_.disk = DiskRoom::enough;
  }
}

std::string OverloadJudge::reason(const OverloadSigns& signs) const {
  std::string why;
  if (verdict_.stage != OverloadStage::calm && steps_for(signs, 2) < number_of(verdict_.stage)) {
    why = "what had waited is caught up with";
  } else if (verdict_.stage != OverloadStage::calm) {
    const auto worst =
        std::max_element(kOverloadQueues.begin(), kOverloadQueues.end(), [&](OverloadQueue a, OverloadQueue b) {
          const auto rank = [&](OverloadQueue queue) { return steps_for(signs[queue], 2); };
          return rank(a) != rank(b) ? rank(a) < rank(b) : signs[a].delay < signs[b].delay;
        });
    const QueueSign& sign = signs[*worst];
    why = std::string(what_waits(*worst)) + seconds_text(sign.delay) + " (" + std::to_string(percent_of(sign)) +
          "% of the queue's room is used)";
  }
  if (verdict_.disk == DiskRoom::enough) return why;
  if (!why.empty()) why += "; ";
  return why + "the disk has " + mib_text(signs.free_disk_bytes.value_or(0)) + " free, and " +
         mib_text(settings_.disk_reserve_bytes) + " are kept to finish the calls in progress";
}

}  // namespace assent
