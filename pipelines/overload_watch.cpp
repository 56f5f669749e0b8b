#include "pipelines/overload_watch.h"

#include <algorithm>

namespace assent {
namespace {

void keep_worst(QueueSign& worst, const QueueSign& sign) {
  worst.delay = std::max(worst.delay, sign.delay);
  // By their fills, compared without a division.
  if (worst.capacity == 0 || sign.used * worst.capacity > worst.used * sign.capacity) {
    worst.used = sign.used;
    worst.capacity = sign.capacity;
  }
}

}  // namespace

std::uint64_t disk_reserve_of(const PipelineSettings& settings, std::size_t calls, const DiskSpace& space) {
  if (settings.overload.disk_reserve_bytes) return *settings.overload.disk_reserve_bytes;
  const std::uint64_t needed = limits::disk_reserve_bytes(calls * settings.capacity.legs_per_call,
                                                          settings.threads.shards, settings.journal.file_bytes);
  return std::min(needed, space.total_bytes / limits::kDiskReserveShare);
}

OverloadWatch::OverloadWatch(Parts parts, Settings settings)
    : parts_(std::move(parts)), settings_(settings), judge_({settings.disk_reserve_bytes}) {
  delays_.resize(parts_.shards.size());
  // Before the first call is asked for.
  (void)look_at_disk(read_mono());
  (void)look(read_mono());
  disk_thread_.emplace("disk-watch", disk_wake_, [this](MonoTime now) { return look_at_disk(now); });
  thread_.emplace("overload", wake_, [this](MonoTime now) { return look(now); });
}

MonoTime OverloadWatch::look_at_disk(MonoTime now) {
  if (const auto space = parts_.disk.space(parts_.folder)) {
    free_bytes_.store(space->free_bytes, std::memory_order_relaxed);
  }
  return now + limits::kDiskLookInterval;
}

OverloadSigns OverloadWatch::signs(MonoTime now) {
  OverloadSigns signs;
  for (std::size_t i = 0; i < parts_.shards.size(); ++i) {
    const ShardUnit& shard = *parts_.shards[i];
    const InOutTotals blocks = shard.seal_queue().totals();
    const InOutTotals pages = shard.pages().totals();
    keep_worst(signs[OverloadQueue::seal],
               {delays_[i].seal.sample(blocks, now), blocks.inside(), shard.seal_queue().capacity_blocks()});
    keep_worst(signs[OverloadQueue::journal],
               {delays_[i].journal.sample(pages, now), pages.inside(), shard.pages().capacity_pages()});
  }
  signs[OverloadQueue::catalog] = {parts_.writer.delay(now), static_cast<std::size_t>(parts_.writer.counts().waiting),
                                   parts_.writer.capacity()};
  const std::uint64_t free = free_bytes_.load(std::memory_order_relaxed);
  if (free != kUnknown) signs.free_disk_bytes = free;
  return signs;
}

MonoTime OverloadWatch::look(MonoTime now) {
  OverloadReport report;
  report.signs = signs(now);
  report.verdict = judge_.judge(report.signs, now);
  report.time_in_stages = judge_.time_in_stages();
  report.disk_reserve_bytes = settings_.disk_reserve_bytes;
  parts_.state.publish(report);
  if (std::exchange(rings_short_, parts_.state.rings_shorten()) != rings_short_) {
    for (const auto& shard : parts_.shards) {
      shard->limit_hold(rings_short_ ? settings_.hold_floor : nanoseconds::max());
    }
  }
  if (report.verdict.changed) tell(report.verdict);
  return now + limits::kOverloadInterval;
}

void OverloadWatch::tell(const OverloadVerdict& verdict) {
  std::string line = "overload: " + std::string(to_text(verdict.stage));
  if (verdict.disk != DiskRoom::enough) line += ", disk full: no new calls are taken";
  if (verdict.disk == DiskRoom::floor) line += ", and nothing is stored until there is room";
  parts_.report(verdict.why.empty() ? line : line + ": " + verdict.why);
}

}  // namespace assent
