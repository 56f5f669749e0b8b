#include "engine/seal/seal_permit.h"

#include <atomic>
#include <thread>
#include <vector>

#include "catch.h"

using namespace assent;

TEST_CASE("a block of the present epoch may be sealed, one of an earlier epoch may not") {
  SealPermit permit;
  CHECK(SealPermit::Stay(permit, 1).allowed());
  permit.publish(2);
  CHECK_FALSE(SealPermit::Stay(permit, 1).allowed());
  CHECK(SealPermit::Stay(permit, 2).allowed());
}

TEST_CASE("a permit is not quiet while a worker is inside") {
  SealPermit permit;
  {
    const SealPermit::Stay stay(permit, 1);
    CHECK_FALSE(permit.quiet());
  }
  CHECK(permit.quiet());
}

// The third invariant as two threads see it: once the shard has published and seen quiet, no worker's allowed stay of
// an older epoch begins or goes on.
TEST_CASE("nothing of an older epoch is sealed after publish and quiet") {
  for (int round = 0; round < 500; ++round) {
    SealPermit permit;
    std::atomic<bool> replied{false};
    std::atomic<bool> stop{false};
    std::atomic<int> sealed_after_reply{0};
    std::vector<std::thread> workers;
    for (int i = 0; i < 2; ++i) {
      workers.emplace_back([&] {
        while (!stop.load(std::memory_order_relaxed)) {
          const SealPermit::Stay stay(permit, 1);
          if (!stay.allowed()) break;
          if (replied.load(std::memory_order_seq_cst)) sealed_after_reply.fetch_add(1);
        }
      });
    }
    for (int spin = 0; spin < round % 50; ++spin) std::this_thread::yield();
    permit.publish(2);
    while (!permit.quiet()) std::this_thread::yield();
    replied.store(true, std::memory_order_seq_cst);
    std::this_thread::yield();
    stop.store(true, std::memory_order_relaxed);
    for (std::thread& worker : workers) worker.join();
    REQUIRE(sealed_after_reply.load() == 0);
  }
}
