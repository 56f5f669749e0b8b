// LifeRecord: where in its life the engine is, and what became of the reloads, for /healthz, /readyz and the metrics.
//
// Writer: main's thread. Readers: any thread; a mutex is held for a copy.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"

namespace assent {

enum class ReloadResult {
  applied,  // what the file says holds
  partial,  // some of it waits for the next start
  failed,   // the file could not be read or has errors: nothing changed
};
inline constexpr std::array<std::string_view, 3> kReloadResults = {"applied", "partial", "failed"};
constexpr std::string_view name_of(ReloadResult result) { return kReloadResults.at(static_cast<std::size_t>(result)); }

struct Reload {
  ReloadResult result = ReloadResult::applied;
  WallTime at;
  std::vector<std::string> changed;        // settings that differ from before, and hold from now on: "consent.hold"
  std::vector<std::string> at_next_start;  // settings that differ from what the engine runs with, and do not
};

struct EngineLife {
  bool draining = false;  // no new calls; those in progress may end by themselves
  std::array<std::uint64_t, kReloadResults.size()> reloads{};
  std::optional<Reload> last_reload;
};

class LifeRecord {
 public:
  void begin_drain() {
    const std::lock_guard lock(mutex_);
    life_.draining = true;
  }
  void note(Reload reload) {
    const std::lock_guard lock(mutex_);
    ++life_.reloads.at(static_cast<std::size_t>(reload.result));
    life_.last_reload = std::move(reload);
  }
  EngineLife life() const {
    const std::lock_guard lock(mutex_);
    return life_;
  }

 private:
  mutable std::mutex mutex_;
  EngineLife life_;
};

}  // namespace assent
