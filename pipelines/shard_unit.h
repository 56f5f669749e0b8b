// ShardUnit: one shard with everything that is its own: its part of the locked memory, its source of datagrams, its
// sealer, its journal and its settler, and their threads.
//
//      datagrams -> Shard -> SealQueue -> Sealer -> JournalWriter -> Settler
//        shard-N             |            workers   journal-N        settler-N
//
// It owns them and the order in which they come and go. Units share nothing but what is made for any thread: the
// catalog's writer, the store, the keys and the disk. It need not know which calls it gets, nor how many other units
// there are.
//
// start and the way down: one thread (main's). The rest as each part says.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include "base/disk.h"
#include "base/secure_arena.h"
#include "base/step_thread.h"
#include "crypto/srtp_engines.h"
#include "engine/calls/shard_link.h"
#include "engine/calls/shard_storage.h"
#include "engine/catalog/catalog_writer.h"
#include "engine/journal/journal_reader.h"
#include "engine/overload/overload_state.h"
#include "engine/seal/sealer.h"
#include "engine/store/salvage.h"
#include "pipelines/datagram_sources.h"
#include "pipelines/shard_share.h"

namespace assent {

class ShardUnit {
 public:
  struct Parts {  // outlive the unit
    const PipelineSettings& settings;
    const PurposeRegistry& purposes;
    const DatagramSources& sources;
    Disk& disk;
    std::filesystem::path journal_folder;
    SegmentStore& store;
    CatalogWriter& writer;
    LegKeys leg_keys;
    ShardLink::EraseLegs erase;                            // shard's thread; must not block
    std::function<void(ShardId, FinishedCall)> abandoned;  // a call that nobody ended; shard's thread
    const OverloadState& overload;
    Shard::Parts::OnHandshake handshake = {};  // shard's thread; must not block
  };
  // What differs from unit to unit.
  struct Own {
    ShardShare share;
    SecureArena arena;
    JournalStart journal;
  };
  static Result<std::unique_ptr<ShardUnit>> start(const Parts& parts, Own own);
  ~ShardUnit();
  ShardUnit(const ShardUnit&) = delete;
  ShardUnit& operator=(const ShardUnit&) = delete;

  const ShardShare& share() const { return share_; }
  ShardLink& link() { return *link_; }
  Settler& settler() { return *settler_; }
  ShardStorage storage() { return {*settler_, *journal_}; }
  const BlockPool& blocks() const { return blocks_; }
  const PagePool& pages() const { return pages_; }
  const SealQueue& seal_queue() const { return *seal_queue_; }
  const Sealer& sealer() const { return *sealer_; }
  const JournalWriter& journal() const { return *journal_; }
  const ShardLatencies& latencies() const { return shard_->latencies(); }

  // Legs without consent hold at most this much from now on.
  void limit_hold(nanoseconds most);

  // ---- the way down, in this order ----
  // Begins to end every call; each is reported as abandoned.
  void end_calls(LiveCall::Ending how);
  bool is_idle();       // no call is left
  void stop_calls();    // joins the shard's thread and the sealer's work
  void stop_storage();  // what is not stored stays in the journal
  Result<void> remove_unneeded_files() { return journal_->remove_unneeded_files(); }

 private:
  class SettlerFeed;

  ShardUnit(const Parts& parts, Own&& own);
  Result<void> start_storage(JournalStart begin);
  Result<void> start_calls();
  std::string thread_name(const char* what) const;

  // In the order in which they are made; destroyed the other way round.
  const Parts parts_;
  const ShardShare share_;
  BlockPool blocks_;
  PagePool pages_;

  std::unique_ptr<JournalWriter> journal_;
  std::optional<JournalReader> reader_;
  std::optional<Settler> settler_;
  std::unique_ptr<SettlerFeed> feed_;
  std::optional<StepThread> settler_thread_;
  std::optional<StepThread> journal_thread_;

  std::optional<SealQueue> seal_queue_;
  std::optional<Sealer> sealer_;
  std::unique_ptr<DatagramSource> source_;
  std::unique_ptr<SrtpEngine> srtp_;
  std::optional<ShardLink> link_;
  WakeSignal shard_wake_;  // before what wakes the shard
  std::optional<Shard> shard_;
  std::optional<StepThread> shard_thread_;
};

}  // namespace assent
