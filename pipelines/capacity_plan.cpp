#include "pipelines/capacity_plan.h"

#include <sys/resource.h>

#include <algorithm>
#include <bit>
#include <iterator>
#include <limits>
#include <optional>
#include <string_view>

#include "base/secure_arena.h"
#include "codecs/payload_format.h"
#include "pipelines/datagram_sources.h"

namespace assent {
namespace {

constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();
// The API's connections, the catalog, the store, the log and the runtime's own, and the first shard's journal and
// socket.
constexpr std::size_t kFixedFiles = limits::kApiConnections + 64;
// A further shard's: its journal as it is written and as it is read, and its socket or what waits for its sockets.
constexpr std::size_t kFilesPerShard = limits::kJournalReaderFiles + 4;

std::size_t fixed_files(const PipelineSettings& settings) {
  return kFixedFiles + (settings.threads.shards - 1) * kFilesPerShard;
}

std::size_t files_of_call(const PipelineSettings& settings, bool steered) {
  return steered ? 0 : settings.capacity.legs_per_call * (settings.media.rtcp == RtcpPort::muxed ? 1 : 2);
}

struct LockedMemory {
  std::size_t leg_bytes = 0;
  std::size_t legs_per_call = 0;
  std::size_t shards = 1;
  SrtpMeans srtp = SrtpMeans::batched;

  std::size_t arena_bytes(std::size_t calls) const {
    return (shards - 1) * arena_bytes_for(0, leg_bytes) + arena_bytes_for(calls * legs_per_call, leg_bytes);
  }
  // The memory for keys is a power of two (crypto/secret.h), with room for the keys above those of calls.
  std::size_t key_bytes(std::size_t calls) const {
    return std::bit_ceil(std::max(std::size_t{64} * 1024, (calls + 1) * limits::kSecretBytesPerCall));
  }
  // Each shard's are rounded up to its own legs, the first one's being the most.
  std::size_t srtp_bytes(std::size_t calls) const {
    return shards * srtp_bytes_for(srtp, (calls + shards - 1) / shards * legs_per_call);
  }
  std::size_t bytes(std::size_t calls) const { return arena_bytes(calls) + key_bytes(calls) + srtp_bytes(calls); }
};

// The largest number of calls up to `wanted` whose memory may be locked.
std::size_t calls_by_memory(const LockedMemory& memory, std::size_t lockable_bytes, std::size_t wanted) {
  std::size_t calls = wanted;
  while (calls > 0 && memory.bytes(calls) > lockable_bytes) --calls;
  return calls;
}

struct OpenFiles {
  std::size_t fixed = 0;
  std::size_t per_call = 0;

  // The largest number of calls up to `wanted` that may open their files.
  std::size_t calls(std::size_t open_files, std::size_t wanted) const {
    if (open_files <= fixed) return 0;
    return per_call == 0 ? wanted : std::min(wanted, (open_files - fixed) / per_call);
  }
};

bool must_steer(const PipelineSettings& settings) { return settings.media.sockets == pipeline::Sockets::steered; }

bool steers(const PipelineSettings& settings, const MachineLimits& machine) {
  return machine.may_steer && settings.media.sockets != pipeline::Sockets::per_leg;
}

std::string sockets_text(const PipelineSettings& settings, const MachineLimits& machine) {
  if (steers(settings, machine)) return "all ports steered to one socket a shard";
  if (settings.media.sockets == pipeline::Sockets::per_leg) return "one a port, as media.sockets says";
  return (must_steer(settings) ? "none: " : "one a port: ") + machine.why_not_steered;
}

constexpr std::string_view kPermitSteering = "AmbientCapabilities=CAP_NET_ADMIN CAP_BPF in the systemd unit";

// Of those that shards are to be kept to, the first that they may not use.
std::optional<Cpu> missing_cpu(const PipelineSettings& settings, const MachineLimits& machine) {
  for (const Cpu cpu : settings.threads.pin_shards) {
    if (!machine.cpus.contains(cpu)) return cpu;
  }
  return std::nullopt;
}

// "0-3, 8": runs of CPUs, as lscpu and taskset write them.
std::string cpus_text(const std::set<Cpu>& cpus) {
  std::string text;
  for (auto first = cpus.begin(); first != cpus.end();) {
    auto last = first;
    while (std::next(last) != cpus.end() && std::next(last)->value == last->value + 1) ++last;
    text += (text.empty() ? "" : ", ") + std::to_string(first->value);
    if (last != first) text += "-" + std::to_string(last->value);
    first = std::next(last);
  }
  return text;
}

std::string kib(std::size_t bytes) { return std::to_string((bytes + 1023) / 1024); }

}  // namespace

MachineLimits limits_of_process() {
  MachineLimits machine;
  machine.lockable_bytes = lockable_bytes();
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    machine.open_files = files.rlim_max == RLIM_INFINITY ? kNoLimit : static_cast<std::size_t>(files.rlim_max);
  }
  machine.cpus = usable_cpus();
  machine.srtp = srtp_means_here();
  machine.ephemeral_ports = ephemeral_ports();
  return machine;
}

MachineLimits this_machine() {
  MachineLimits machine = limits_of_process();
  machine.why_not_steered = why_not_steered();
  machine.may_steer = machine.why_not_steered.empty();
  return machine;
}

CapacityPlan plan_capacity(const PipelineSettings& settings, const MachineLimits& machine, const Codec& codec) {
  const std::size_t codec_bytes_per_second = bytes_per_second(codec);
  const auto hold = std::chrono::ceil<milliseconds>(settings.consent.gate.hold);
  const std::size_t leg_blocks = limits::leg_blocks(codec_bytes_per_second, hold, settings.media.reorder_window);
  const LockedMemory memory{leg_blocks * limits::kPageBytes, settings.capacity.legs_per_call, settings.threads.shards,
                            machine.srtp};

  CapacityPlan plan;
  plan.calls_wanted = settings.capacity.calls;
  plan.leg_bytes = memory.leg_bytes;
  plan.locked_bytes = memory.bytes(plan.calls_wanted);
  plan.steered = steers(settings, machine);
  plan.sockets = sockets_text(settings, machine);
  plan.srtp = sentence_about(machine.srtp);
  const OpenFiles files{fixed_files(settings), files_of_call(settings, plan.steered)};
  plan.open_files = files.fixed + plan.calls_wanted * files.per_call;
  plan.ports = plan.calls_wanted * settings.capacity.legs_per_call * 2;

  const std::size_t by_memory = calls_by_memory(memory, machine.lockable_bytes, plan.calls_wanted);
  const std::size_t by_files = files.calls(machine.open_files, plan.calls_wanted);
  plan.calls_that_fit = must_steer(settings) && !plan.steered ? 0 : std::min(by_memory, by_files);
  const auto missing = missing_cpu(settings, machine);
  if (missing) {
    plan.calls_that_fit = 0;
    plan.advice.push_back("threads.pin_shards names CPU " + std::to_string(missing->value) +
                          ", and this process may use " + cpus_text(machine.cpus) +
                          ": choose from these, or allow it (taskset, or AllowedCPUs= in the systemd unit)");
  }
  plan.arena_bytes = memory.arena_bytes(plan.calls_that_fit);
  plan.key_bytes = memory.key_bytes(plan.calls_that_fit);
  if (const std::size_t legs = plan.calls_that_fit * settings.capacity.legs_per_call; legs != 0) {
    const milliseconds block = limits::shortest_block(codec_bytes_per_second);
    plan.stall_in_pages = block * (settings.journal.sealed_pages / legs);
    const milliseconds in_memory =
        plan.stall_in_pages + block * limits::queued_blocks_of(leg_blocks, settings.media.reorder_window);
    plan.stall = std::min(in_memory, limits::stall_within_lease(settings.consent.lease));
  }
  if (must_steer(settings) && !plan.steered) {
    plan.advice.push_back("media.sockets is \"steered\", but " + machine.why_not_steered + ": permit it (" +
                          std::string(kPermitSteering) + "), or set media.sockets to \"auto\"");
  }
  if (by_memory < plan.calls_wanted) {
    plan.advice.push_back("only " + std::to_string(by_memory) + " calls fit the limit on locked memory: allow " +
                          kib(plan.locked_bytes) + " KiB (ulimit -l " + kib(plan.locked_bytes) +
                          ", or LimitMEMLOCK= in the systemd unit), or lower capacity.calls or consent.hold");
  }
  if (by_files < plan.calls_wanted) {
    std::string instead = ", set media.rtcp_mux, or lower capacity.calls";
    if (plan.steered) {
      instead = ", or lower capacity.calls";
    } else if (settings.media.sockets == pipeline::Sockets::per_leg) {
      instead += ", or set media.sockets to \"auto\"";
    } else {
      instead += ", or permit steering, which needs no files for legs (" + std::string(kPermitSteering) + ")";
    }
    plan.advice.push_back("only " + std::to_string(by_files) + " calls fit the limit on open files: allow " +
                          std::to_string(plan.open_files) + " (ulimit -Hn " + std::to_string(plan.open_files) +
                          ", or LimitNOFILE= in the systemd unit)" + instead);
  }
  if (has_any_of(machine.ephemeral_ports, settings.listen.rtp_ports)) {
    const std::string span = to_text(settings.listen.rtp_ports);
    plan.advice.push_back("listen.rtp_ports (" + span +
                          ") are among the ports that the kernel gives to any program, and a call whose port another "
                          "has got does not go on after a restart: choose others, or sysctl -w "
                          "net.ipv4.ip_local_reserved_ports=" +
                          span);
  }
  return plan;
}

std::size_t keys_at_hand(std::size_t key_bytes) {
  return std::min(limits::kCachedKeys, key_bytes / limits::kKeyBytes / 4);
}

}  // namespace assent
