// Sealer: turns admitted blocks into pages of ciphertext, on as many workers as it is given.
//
// A worker takes some blocks at once, and with each enters the leg's permit, encrypts it into an ordinary page, leaves,
// and wipes it; then it passes the pages on. A block whose permit was revoked while it waited is not encrypted: a
// Void frame takes its place, so that the segment's frames stay without a gap, and nothing of what it held goes
// further.
//
// When no page is free (the journal is stalled) sealing stops and blocks wait in the arena; `notify` starts it again.
//
// Threads: `notify` and `drain` by the shard; the work runs in a oneTBB arena of its own, on threads that all sealers
// of the process share: the least number of workers that one of them is given. The page sink is called by the workers,
// concurrently.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "crypto/frame_cipher.h"
#include "engine/seal/seal_queue.h"
#include "engine/stages.h"

namespace assent {

struct SealerCounts {
  std::uint64_t blocks_sealed = 0;
  std::uint64_t blocks_voided = 0;  // withdrawn while they were queued
};

class Sealer {
 public:
  using PageSink = std::function<void(std::span<SealedPage>)>;  // takes them all

  struct Settings {
    std::size_t workers = 1;                      // 0: none, and only `drain` seals
    std::function<MonoTime()> clock = read_mono;  // stamps pages, for measuring only
  };
  Sealer(SealQueue& queue, PagePool& pages, PageSink sink, Settings settings);
  ~Sealer();  // waits for the workers; the queue may still hold blocks, which the queue's owner then answers for

  // Something was pushed, or a page came free: make sure that enough workers run. Cheap when they do already.
  void notify();
  // Seals what is queued on the calling thread and returns when nothing is left or no page is free. For shutdown and
  // tests.
  void drain();

  SealerCounts counts() const;

 private:
  class Workers;
  struct Bench;
  // Seals some blocks; false when there were none or no page for one.
  bool seal_some(Bench& bench);
  SealedPage seal(const AdmittedBlock& admitted, PageRef page, Bench& bench);

  SealQueue& queue_;
  PagePool& pages_;
  PageSink sink_;
  const std::function<MonoTime()> clock_;
  struct Tally;
  std::unique_ptr<Tally> tally_;
  std::unique_ptr<Workers> workers_;  // null: none
};

}  // namespace assent
