// CapacityPlan: what a pipeline's calls need of a machine, what the machine gives, and how many calls that is.
//
// Held audio, and the keys of SRTP that are in use, lie in locked memory or nowhere, so where little may be locked
// fewer calls are admitted, and this says how many and what to raise. The arithmetic is that of limits::leg_blocks, for
// legs of one codec (G.711 unless another is asked about); a call with a heavier codec takes the place of several.
// Sizes in bytes.
//
// plan_capacity is pure; this_machine reads the limits of the process that calls it. Any thread.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "base/cpu.h"
#include "codecs/codec.h"
#include "crypto/srtp_engines.h"
#include "pipelines/ephemeral_ports.h"
#include "pipelines/pipeline_config.h"

namespace assent {

struct MachineLimits {
  std::size_t lockable_bytes = 0;  // SIZE_MAX: no limit
  std::size_t open_files = 0;      // the hard limit: the engine raises its own soft limit to it
  bool may_steer = false;          // all ports to one socket, so that legs need no file
  std::string why_not_steered;     // a sentence, when it may not
  std::set<Cpu> cpus;              // that threads may be kept to
  SrtpMeans srtp = SrtpMeans::batched;
  EphemeralPorts ephemeral_ports;  // that other programs get without asking for them
};
MachineLimits limits_of_process();  // all but whether ports may be steered
MachineLimits this_machine();       // tries to steer, too, on the loopback address, and leaves nothing behind

struct CapacityPlan {
  std::size_t calls_wanted = 0;
  std::size_t leg_bytes = 0;       // of the arena, each leg
  std::size_t locked_bytes = 0;    // arena and keys, of SRTP, too, for the calls wanted
  std::size_t open_files = 0;      // for the calls wanted
  std::size_t ports = 0;           // for the calls wanted
  bool steered = false;            // all ports to one socket a shard; else a socket for each
  std::string sockets;             // which, and why
  std::string srtp;                // what opens it, and why
  std::size_t calls_that_fit = 0;  // of the calls wanted, on this machine
  std::size_t arena_bytes = 0;     // to reserve for the calls that fit, over all shards (shard_share.h)
  std::size_t key_bytes = 0;       // likewise, for start_secret_memory
  // How long a disk may stall, with consent for every leg of the calls that fit, before audio is lost: while sealed
  // pages last, and then each leg's own memory; but no longer than consent.lease lets gates be open.
  milliseconds stall_in_pages{0};
  milliseconds stall{0};
  std::vector<std::string> advice;  // what to change, a sentence each; empty when all fit
};

// Of the arena of one shard with so many legs; each leg's part is CapacityPlan::leg_bytes.
constexpr std::size_t arena_bytes_for(std::size_t legs, std::size_t leg_bytes) {
  return limits::kReceiveBatch * limits::kPageBytes + legs * leg_bytes;
}

CapacityPlan plan_capacity(const PipelineSettings& settings, const MachineLimits& machine, const Codec& codec = {});

// How many opened keys may be kept at hand in that much memory for keys: a quarter of it, since who looks through many
// old calls must not use up what those in progress need.
std::size_t keys_at_hand(std::size_t key_bytes);

}  // namespace assent
