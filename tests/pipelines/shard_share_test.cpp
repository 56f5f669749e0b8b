#include "pipelines/shard_share.h"

#include <limits>

#include "catch.h"
#include "loaded_settings.h"

namespace assent {
namespace {

const MachineLimits kAmple{
    std::numeric_limits<std::size_t>::max(), std::numeric_limits<std::size_t>::max(), false, {}, {Cpu(3), Cpu(5)}};

}  // namespace

TEST_CASE("a single shard gets everything") {
  const auto settings = settings_of("");
  const CapacityPlan plan = plan_capacity(settings, kAmple);
  const auto shares = divide(settings, plan);
  REQUIRE(shares.size() == 1);
  CHECK(shares[0].id == ShardId(0));
  CHECK(shares[0].calls == 100);
  CHECK(shares[0].arena_bytes == plan.arena_bytes);
  CHECK(shares[0].sealed_pages == limits::kSealedPagesDefault);
  CHECK(shares[0].rtp_ports == PortSpan{20000, 29999});
  CHECK_FALSE(shares[0].cpu);
}

TEST_CASE("shards divide all of it, evenly, and no port is two shards'") {
  for (const std::size_t shards : {2U, 3U, 7U, 64U}) {
    const auto settings =
        settings_of("[threads]\nshards = " + std::to_string(shards) + "\n[listen]\nrtp_ports = \"20001-20412\"");
    const CapacityPlan plan = plan_capacity(settings, kAmple);
    std::size_t calls = 0;
    std::size_t arena_bytes = 0;
    std::size_t sealed_pages = 0;
    std::size_t next_port = 20002;
    for (const ShardShare& share : divide(settings, plan)) {
      calls += share.calls;
      arena_bytes += share.arena_bytes;
      sealed_pages += share.sealed_pages;
      CHECK(share.calls >= 100 / shards);
      CHECK(share.sealed_pages >= limits::kSealedPagesMin);
      CHECK(share.rtp_ports.first == next_port);
      CHECK(port_pairs(share.rtp_ports) >= share.calls * settings.capacity.legs_per_call);
      next_port = share.rtp_ports.last + 1U;
    }
    CHECK(calls == plan.calls_that_fit);
    CHECK(arena_bytes == plan.arena_bytes);
    CHECK(sealed_pages == settings.journal.sealed_pages);
    CHECK(next_port == 20412);
  }
}

TEST_CASE("where there is just a pair for each leg, each shard has them for its calls") {
  const auto settings =
      settings_of("[threads]\nshards = 2\n[capacity]\ncalls = 3\n[listen]\nrtp_ports = \"20000-20011\"");
  const auto shares = divide(settings, plan_capacity(settings, kAmple));
  REQUIRE(shares.size() == 2);
  CHECK(shares[0].calls == 2);
  CHECK(shares[0].rtp_ports == PortSpan{20000, 20007});
  CHECK(shares[1].calls == 1);
  CHECK(shares[1].rtp_ports == PortSpan{20008, 20011});
}

TEST_CASE("a pinned shard has its CPU") {
  const auto settings = settings_of("[threads]\nshards = 2\npin_shards = [5, 3]");
  const auto shares = divide(settings, plan_capacity(settings, kAmple));
  CHECK(shares[0].cpu == Cpu(5));
  CHECK(shares[1].cpu == Cpu(3));
}

}  // namespace assent
