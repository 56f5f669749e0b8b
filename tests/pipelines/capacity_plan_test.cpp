#include "pipelines/capacity_plan.h"

#include <limits>

#include "catch.h"
#include "crypto/srtp_terms.h"
#include "loaded_settings.h"

namespace assent {
namespace {

constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

}  // namespace

TEST_CASE("keys kept at hand never take the memory that calls in progress need") {
  CHECK(keys_at_hand(64 * 1024) * limits::kKeyBytes == 16 * 1024);
  CHECK(keys_at_hand(1U << 30) == limits::kCachedKeys);
}

TEST_CASE("a machine without limits takes all calls, and nothing is advised") {
  const auto plan = plan_capacity(settings_of(""), {kNoLimit, kNoLimit});
  CHECK(plan.calls_that_fit == limits::kCallsDefault);
  CHECK(plan.leg_bytes == 86 * limits::kPageBytes);
  CHECK(plan.arena_bytes == (64 + 100 * 2 * 86) * limits::kPageBytes);
  CHECK(plan.key_bytes == 512 * 1024);
  CHECK(plan.locked_bytes == plan.arena_bytes + plan.key_bytes + srtp_bytes_for(SrtpMeans::batched, 200));
  CHECK(plan.ports == 400);
  CHECK(plan.open_files == limits::kApiConnections + 64 + 400);
  CHECK(plan.advice.empty());
}

TEST_CASE("an ordinary user's 8 MiB of locked memory hold 11 calls, and the advice says what to raise") {
  const auto plan = plan_capacity(settings_of(""), {8U << 20, kNoLimit});
  CHECK(plan.calls_that_fit == 11);
  CHECK(plan.arena_bytes + plan.key_bytes <= 8U << 20);
  REQUIRE(plan.advice.size() == 1);
  CHECK(plan.advice[0].find("only 11 calls fit the limit on locked memory") != std::string::npos);
  CHECK(plan.advice[0].find("ulimit -l " + std::to_string((plan.locked_bytes + 1023) / 1024)) != std::string::npos);
}

TEST_CASE("media ports among those that the kernel gives to any program are advised against") {
  MachineLimits machine{kNoLimit, kNoLimit};
  machine.ephemeral_ports = ephemeral_ports_from("29999\t60999", "");
  const auto plan = plan_capacity(settings_of(""), machine);
  CHECK(plan.calls_that_fit == limits::kCallsDefault);
  REQUIRE(plan.advice.size() == 1);
  CHECK_THAT(plan.advice[0], Catch::Contains("net.ipv4.ip_local_reserved_ports=20000-29999"));
  machine.ephemeral_ports = ephemeral_ports_from("30000\t60999", "");
  CHECK(plan_capacity(settings_of(""), machine).advice.empty());
}

TEST_CASE("the limit on locked memory that is advised is enough") {
  const auto settings = settings_of("[capacity]\ncalls = 333");
  const auto wanted = plan_capacity(settings, {0, kNoLimit});
  CHECK(wanted.calls_that_fit == 0);
  CHECK(plan_capacity(settings, {wanted.locked_bytes, wanted.open_files}).calls_that_fit == 333);
  CHECK(plan_capacity(settings, {wanted.locked_bytes - 1, wanted.open_files}).calls_that_fit < 333);
  CHECK(plan_capacity(settings, {wanted.locked_bytes, wanted.open_files - 1}).calls_that_fit == 332);
}

TEST_CASE("the keys of SRTP are in the locked memory, and libsrtp's are not") {
  MachineLimits machine{kNoLimit, kNoLimit};
  const auto batched = plan_capacity(settings_of("[threads]\nshards = 3"), machine);
  CHECK_THAT(batched.srtp, Catch::Contains("ipsec-mb, with its keys in locked memory"));
  machine.srtp = SrtpMeans::libsrtp;
  const auto reference = plan_capacity(settings_of("[threads]\nshards = 3"), machine);
  CHECK(reference.locked_bytes == reference.arena_bytes + reference.key_bytes);
  CHECK_THAT(reference.srtp, Catch::Contains("by libsrtp, since"));
  // Each shard's for the most calls that one of them gets, 34.
  CHECK(batched.locked_bytes - reference.locked_bytes == 3 * srtp_bytes_for(SrtpMeans::batched, 68));
}

TEST_CASE("an engine of SRTP is made by either means, and locks what it says") {
  for (const SrtpMeans means : {SrtpMeans::libsrtp, srtp_means_here()}) {
    const std::size_t before = lockable_bytes();
    auto engine = make_srtp_engine(means, 4, ArenaBacking::locked_memory);
    REQUIRE(engine);
    if (before != kNoLimit) CHECK(before - lockable_bytes() == srtp_bytes_for(means, 4));
    SrtpTerms terms;
    terms.keys.push_back(*SrtpMasterKey::create(terms.suite, Bytes(30, 7)));
    CHECK(
        (*engine)->open({.suite = terms.suite, .direction = SrtpDirection::receive, .keys = terms.keys, .joined = {}}));
  }
}

TEST_CASE("open files bound the calls, half as much when RTCP is muxed") {
  const auto two = plan_capacity(settings_of(""), {kNoLimit, 976});
  CHECK(two.calls_that_fit == 100);
  const auto fewer = plan_capacity(settings_of(""), {kNoLimit, 780});
  CHECK(fewer.calls_that_fit == 51);
  CHECK(fewer.advice.size() == 1);
  CHECK(plan_capacity(settings_of("[media]\nrtcp_mux = true"), {kNoLimit, 780}).calls_that_fit == 100);
}

TEST_CASE("where ports are steered no leg needs a file") {
  const MachineLimits machine{kNoLimit, limits::kApiConnections + 65, true, {}};
  const auto plan = plan_capacity(settings_of(""), machine);
  CHECK(plan.steered);
  CHECK(plan.calls_that_fit == 100);
  CHECK(plan.open_files == limits::kApiConnections + 64);
  CHECK(plan.advice.empty());

  const auto by_wish = plan_capacity(settings_of("[media]\nsockets = \"per-leg\""), machine);
  CHECK_FALSE(by_wish.steered);
  CHECK(by_wish.calls_that_fit == 0);
}

TEST_CASE("where a socket a port limits the calls, the advice says what permits steering") {
  const MachineLimits machine{kNoLimit, 780, false, "steering needs something"};
  const auto plan = plan_capacity(settings_of(""), machine);
  CHECK(plan.sockets == "one a port: steering needs something");
  REQUIRE(plan.advice.size() == 1);
  CHECK(plan.advice[0].find("AmbientCapabilities=CAP_NET_ADMIN CAP_BPF") != std::string::npos);
}

TEST_CASE("steering that is asked for and not permitted lets no call in, and is advised about") {
  const MachineLimits machine{kNoLimit, kNoLimit, false, "steering needs something"};
  const auto plan = plan_capacity(settings_of("[media]\nsockets = \"steered\""), machine);
  CHECK(plan.calls_that_fit == 0);
  REQUIRE(plan.advice.size() == 1);
  CHECK(plan.advice[0].find("steering needs something") != std::string::npos);
}

TEST_CASE("a leg of a heavier codec, or a longer hold, takes more") {
  const auto g711 = plan_capacity(settings_of(""), {kNoLimit, kNoLimit});
  const auto l16 = plan_capacity(settings_of(""), {kNoLimit, kNoLimit}, Codec{CodecName::l16, 48000, 2});
  CHECK(l16.leg_bytes > 20 * g711.leg_bytes);
  const auto longer = plan_capacity(settings_of("[consent]\nhold = \"60s\""), {kNoLimit, kNoLimit});
  CHECK(longer.leg_bytes == limits::leg_blocks(8000, 60s, 60ms) * limits::kPageBytes);
}

TEST_CASE("each shard receives into blocks of its own, and opens a journal") {
  const auto plan = plan_capacity(settings_of("[threads]\nshards = 4"), {kNoLimit, kNoLimit});
  CHECK(plan.calls_that_fit == 100);
  CHECK(plan.arena_bytes == (4 * 64 + 100 * 2 * 86) * limits::kPageBytes);
  CHECK(plan.open_files == limits::kApiConnections + 64 + 3 * 12 + 400);
}

TEST_CASE("a CPU that the process may not use lets no call in, and the advice says which it may use") {
  MachineLimits machine{kNoLimit, kNoLimit, false, {}, {Cpu(0), Cpu(1), Cpu(2), Cpu(8)}};
  const auto settings = settings_of("[threads]\nshards = 2\npin_shards = [2, 7]");
  const auto plan = plan_capacity(settings, machine);
  CHECK(plan.calls_that_fit == 0);
  REQUIRE(plan.advice.size() == 1);
  CHECK(plan.advice[0].find("names CPU 7, and this process may use 0-2, 8") != std::string::npos);
  machine.cpus.insert(Cpu(7));
  CHECK(plan_capacity(settings, machine).calls_that_fit == 100);
}

TEST_CASE("this machine's limits are read") { CHECK(this_machine().open_files > 0); }

TEST_CASE("how long a disk may stall follows from the sealed pages and the legs' own memory") {
  // 780 calls of two legs: 21 pages each of 460 ms; then 74 blocks of the leg's own.
  const auto plan = plan_capacity(settings_of("[capacity]\ncalls = 780\n[consent]\nlease = \"60s\""),
                                  {kNoLimit, kNoLimit, true, {}, {}});
  CHECK(plan.stall_in_pages == 21 * 460ms);
  CHECK(plan.stall == 21 * 460ms + 74 * 460ms);
  const auto twice = plan_capacity(settings_of("[capacity]\ncalls = 780\n[journal]\nsealed_pages = 65536"),
                                   {kNoLimit, kNoLimit, true, {}, {}});
  CHECK(twice.stall_in_pages == 42 * 460ms);
  CHECK(plan_capacity(settings_of(""), {0, 0}).stall == 0ms);
  // Memory outlasts the lease, of which a fifth may have passed when the disk stalls.
  CHECK(plan_capacity(settings_of("[capacity]\ncalls = 780"), {kNoLimit, kNoLimit, true, {}, {}}).stall == 24s);
}

}  // namespace assent
