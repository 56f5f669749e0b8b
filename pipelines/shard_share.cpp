#include "pipelines/shard_share.h"

namespace assent {
namespace {

std::size_t part_of(std::size_t whole, std::size_t parts, std::size_t index) {
  return whole / parts + (index < whole % parts ? 1 : 0);
}

// The pairs of one shard: as large a part of the range as its calls, and those of the shards before it, are of all.
PortSpan ports_of(PortSpan all, std::size_t calls_before, std::size_t calls, std::size_t calls_of_all) {
  const std::size_t first_even = (all.first + 1U) / 2 * 2;
  const std::size_t pairs = port_pairs(all);
  const std::size_t begin = pairs * calls_before / calls_of_all;
  const std::size_t end = pairs * (calls_before + calls) / calls_of_all;
  return {static_cast<std::uint16_t>(first_even + 2 * begin), static_cast<std::uint16_t>(first_even + 2 * end - 1)};
}

}  // namespace

std::vector<ShardShare> divide(const PipelineSettings& settings, const CapacityPlan& plan) {
  const std::size_t shards = settings.threads.shards;
  ASSENT_CHECK(plan.calls_that_fit >= shards);
  std::vector<ShardShare> shares;
  std::size_t calls_before = 0;
  for (std::size_t index = 0; index < shards; ++index) {
    ShardShare share;
    share.id = ShardId(static_cast<std::uint32_t>(index));
    share.calls = part_of(plan.calls_that_fit, shards, index);
    share.arena_bytes = arena_bytes_for(share.calls * settings.capacity.legs_per_call, plan.leg_bytes);
    share.sealed_pages = part_of(settings.journal.sealed_pages, shards, index);
    share.rtp_ports = ports_of(settings.listen.rtp_ports, calls_before, share.calls, plan.calls_that_fit);
    if (!settings.threads.pin_shards.empty()) share.cpu = settings.threads.pin_shards[index];
    calls_before += share.calls;
    shares.push_back(share);
  }
  return shares;
}

}  // namespace assent
