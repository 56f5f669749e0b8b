#include "pipelines/capacity_plan.h"

#include <sys/resource.h>

#include <algorithm>
#include <bit>
#include <limits>

#include "base/secure_arena.h"

namespace assent {
namespace {

constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();
// The API's connections, the journal, the catalog, the store, the log and the runtime's own.
constexpr std::size_t kFixedFiles = limits::kApiConnections + 64;

std::size_t files_of_call(const PipelineSettings& settings) {
  return settings.capacity.legs_per_call * (settings.media.rtcp == RtcpPort::muxed ? 1 : 2);
}

struct LockedMemory {
  std::size_t leg_bytes = 0;
  std::size_t legs_per_call = 0;

  std::size_t arena_bytes(std::size_t calls) const {
    return limits::kReceiveBatch * limits::kPageBytes + calls * legs_per_call * leg_bytes;
  }
  // The memory for keys is a power of two (crypto/secret.h), with room for the keys above those of calls.
  std::size_t key_bytes(std::size_t calls) const {
    return std::bit_ceil(std::max(std::size_t{64} * 1024, (calls + 1) * limits::kSecretBytesPerCall));
  }
  std::size_t bytes(std::size_t calls) const { return arena_bytes(calls) + key_bytes(calls); }
};

// The largest number of calls up to `wanted` whose memory may be locked.
std::size_t calls_by_memory(const LockedMemory& memory, std::size_t lockable_bytes, std::size_t wanted) {
  std::size_t calls = wanted;
  while (calls > 0 && memory.bytes(calls) > lockable_bytes) --calls;
  return calls;
}

std::size_t calls_by_files(const PipelineSettings& settings, std::size_t open_files, std::size_t wanted) {
  if (open_files <= kFixedFiles) return 0;
  return std::min(wanted, (open_files - kFixedFiles) / files_of_call(settings));
}

std::string kib(std::size_t bytes) { return std::to_string((bytes + 1023) / 1024); }

}  // namespace

MachineLimits this_machine() {
  MachineLimits machine;
  machine.lockable_bytes = lockable_bytes();
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    machine.open_files = files.rlim_max == RLIM_INFINITY ? kNoLimit : static_cast<std::size_t>(files.rlim_max);
  }
  return machine;
}

CapacityPlan plan_capacity(const PipelineSettings& settings, const MachineLimits& machine, const Codec& codec) {
  const std::size_t codec_bytes_per_second = std::size_t{codec.clock_rate} * codec.frame_bytes();
  const auto hold = std::chrono::ceil<milliseconds>(settings.consent.gate.hold);
  const std::size_t leg_blocks = limits::leg_blocks(codec_bytes_per_second, hold, settings.media.reorder_window);
  const LockedMemory memory{leg_blocks * limits::kPageBytes, settings.capacity.legs_per_call};

  CapacityPlan plan;
  plan.calls_wanted = settings.capacity.calls;
  plan.leg_bytes = memory.leg_bytes;
  plan.locked_bytes = memory.bytes(plan.calls_wanted);
  plan.open_files = kFixedFiles + plan.calls_wanted * files_of_call(settings);
  plan.ports = plan.calls_wanted * settings.capacity.legs_per_call * 2;

  const std::size_t by_memory = calls_by_memory(memory, machine.lockable_bytes, plan.calls_wanted);
  const std::size_t by_files = calls_by_files(settings, machine.open_files, plan.calls_wanted);
  plan.calls_that_fit = std::min(by_memory, by_files);
  plan.arena_bytes = memory.arena_bytes(plan.calls_that_fit);
  plan.key_bytes = memory.key_bytes(plan.calls_that_fit);
  if (by_memory < plan.calls_wanted) {
    plan.advice.push_back("only " + std::to_string(by_memory) + " calls fit the limit on locked memory: allow " +
                          kib(plan.locked_bytes) + " KiB (ulimit -l " + kib(plan.locked_bytes) +
                          ", or LimitMEMLOCK= in the systemd unit), or lower capacity.calls or consent.hold");
  }
  if (by_files < plan.calls_wanted) {
    plan.advice.push_back("only " + std::to_string(by_files) + " calls fit the limit on open files: allow " +
                          std::to_string(plan.open_files) + " (ulimit -Hn " + std::to_string(plan.open_files) +
                          ", or LimitNOFILE= in the systemd unit), set media.rtcp_mux, or lower capacity.calls");
  }
  return plan;
}

}  // namespace assent
