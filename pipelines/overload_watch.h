// OverloadWatch: looks at the engine's queues and its disk, lets the judge decide, and sees to what follows.
//
// Two threads: `overload` reads counts that cost nothing to read, so that it goes on while a disk stalls; `disk-watch`
// asks how much of the disk is free, which may wait for it. What follows is what nobody asks for by himself: the rings
// shorten, and a change is told. The rest asks OverloadState.
//
// Made when the shards run, destroyed before them. One thread makes and destroys it.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/step_thread.h"
#include "engine/catalog/catalog_writer.h"
#include "engine/overload/overload_state.h"
#include "engine/overload/queue_delay.h"
#include "pipelines/shard_unit.h"

namespace assent {

// What finishing the calls in progress may need of a disk; of a small one, a part of it.
std::uint64_t disk_reserve_of(const PipelineSettings& settings, std::size_t calls, const DiskSpace& space);

class OverloadWatch {
 public:
  struct Parts {  // outlive the watch
    const std::vector<std::unique_ptr<ShardUnit>>& shards;
    const CatalogWriter& writer;
    Disk& disk;
    std::filesystem::path folder;  // of what is stored
    OverloadState& state;
    std::function<void(const std::string&)> report;  // a sentence, when something changes; the watch's thread
  };
  struct Settings {
    std::uint64_t disk_reserve_bytes = 0;
    nanoseconds hold_floor{0};
  };
  OverloadWatch(Parts parts, Settings settings);
  OverloadWatch(const OverloadWatch&) = delete;
  OverloadWatch& operator=(const OverloadWatch&) = delete;

 private:
  MonoTime look(MonoTime now);
  MonoTime look_at_disk(MonoTime now);
  OverloadSigns signs(MonoTime now);
  void tell(const OverloadVerdict& verdict);

  struct ShardDelays {
    QueueDelay seal;
    QueueDelay journal;
  };

  Parts parts_;
  const Settings settings_;
  OverloadJudge judge_;
  std::vector<ShardDelays> delays_;
  bool rings_short_ = false;

  static constexpr std::uint64_t kUnknown = UINT64_MAX;
  std::atomic<std::uint64_t> free_bytes_{kUnknown};

  WakeSignal wake_;
  WakeSignal disk_wake_;
  std::optional<StepThread> disk_thread_;
  std::optional<StepThread> thread_;
};

}  // namespace assent
