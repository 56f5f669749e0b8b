// SimulatedShard: a real shard, sealer and arena in virtual time, with what stands at its edges made by hand: datagrams
// are put in, the record answers late and says no when it is told to, sealed pages wait to become durable. One call
// after the other runs on it. Pages can be opened again with the leg's key.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "crypto/srtp_engines.h"
#include "engine/shard/shard.h"
#include "tests/sim/simulated_leg.h"

namespace assent::sim {

// Hands over what was put in, in that order, and says so before each.
class SimulatedSource final : public DatagramSource {
 public:
  explicit SimulatedSource(BlockPool& pool) : pool_(pool) {}
  Result<LegPorts> open(LegSlot leg, RtcpPort) override;
  Result<void> reopen(LegSlot, LegPorts ports) override { return not_to_be_had(ports); }  // nothing restarts here
  void close(LegSlot leg) override;
  void sweep(DatagramSink& sink) override;
  Result<void> send(LegSlot, const Endpoint&, ByteView) override { return {}; }
  SourceCounts counts() override { return {}; }

  struct Waiting {
    std::size_t leg;  // the simulation's number of it
    Coming coming;
  };
  std::deque<Waiting> waiting;
  std::vector<LegSlot> slots;                                     // by the simulation's number, in order of opening
  std::function<void(std::size_t leg, const Coming&)> on_coming;  // before it is handed over ...
  std::function<void()> on_taken;                                 // ... and after
  std::function<void()> on_close;                                 // a leg hears nothing more
  std::uint64_t no_block = 0;

 private:
  BlockPool& pool_;
  std::vector<LegSlot> open_;
};

// Answers in the order it was asked, each when its time has come.
class SimulatedRecord final : public CallRecord {
 public:
  void book(CallId call, std::vector<Booking> bookings, std::function<void(Result<void>, Now)> done) override;
  void erase(const LegErasure&) override {}

  struct Asked {
    std::uint64_t number = 0;
    MonoTime due;
    bool agrees = true;
    std::function<void(Result<void>, Now)> done;
  };
  std::uint64_t next_number() const { return next_; }  // of what is booked next
  // The next that is due; it is the caller's to answer.
  std::optional<Asked> take_due(MonoTime now);
  bool is_waiting() const { return !asked_.empty(); }

  // When an answer comes, and which.
  std::function<std::pair<MonoTime, bool>()> draw_answer;
  std::function<void(std::uint64_t number, const std::vector<Booking>&)> on_booked;

 private:
  std::deque<Asked> asked_;
  std::uint64_t next_ = 1;
};

struct KeptPage {
  SegmentId segment;
  std::uint32_t seq = 0;
  PageKind kind = PageKind::frame;
  Bytes bytes;
  std::uint64_t sealed = 0;  // number of the event
  bool durable = false;
};

// One packet as it came out of the sealed pages again.
struct FoundPacket {
  Marked what;
  WallTime at;
  const KeptPage* page = nullptr;
};

inline constexpr auto kLease = 300ms;

class SimulatedShard final : private SegmentObserver {
 public:
  SimulatedShard();
  ~SimulatedShard() override;

  void step() { shard_->step(now); }
  // Seals what waits, under this event's number.
  void seal(std::uint64_t event);
  void make_durable();
  // Forgets what a call left; nothing of it may be in use.
  void forget_call();

  // Every packet of a leg in its pages, in order. After a crash, at this event, in those that were sealed by then; else
  // every segment must be whole. An error says what is wrong with them.
  Result<std::vector<FoundPacket>> found(LegId leg, const SecretKey& key, std::optional<std::uint64_t> crash) const;
  nanoseconds max_delay() const { return settings_.max_delay; }
  ByteView arena() const { return memory_; }
  std::size_t blocks_in_use() const { return blocks_.in_use_blocks(); }
  Shard& shard() { return *shard_; }
  const PurposeRegistry& purposes() const { return purposes_; }

  SimulatedSource& source() { return source_; }

  Now now{MonoTime(std::chrono::seconds(1000)), WallTime(std::chrono::seconds(1'800'000'000))};
  SimulatedRecord record;
  LedgerLease lease{kLease};
  std::vector<FinishedCall> abandoned;

 private:
  struct Arena {
    SecureArena arena;
    ByteSpan memory;
  };
  explicit SimulatedShard(Arena arena);
  static Arena make_arena();
  void segment_opened(const SegmentOpened& segment) override { segments_.push_back(segment); }
  void segment_closed(SegmentId, WallTime) override {}
  Result<void> read_segment(const SegmentOpened& segment, const SecretKey& key, std::optional<std::uint64_t> crash,
                            std::vector<FoundPacket>& into) const;

  ByteView memory_;
  PurposeRegistry purposes_;
  BlockPool blocks_;
  SimulatedSource source_;
  PagePool pages_;
  SealQueue queue_;
  Sealer sealer_;
  std::uint64_t sealing_event_ = 0;
  std::deque<KeptPage> kept_;
  std::vector<SegmentOpened> segments_;
  Shard::Settings settings_;
  std::unique_ptr<SrtpEngine> srtp_ = *make_srtp_engine(srtp_means_here(), 16, ArenaBacking::locked_memory);
  std::optional<Shard> shard_;  // last: it uses all of them
};

}  // namespace assent::sim
