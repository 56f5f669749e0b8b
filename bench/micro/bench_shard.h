// BenchShard: a whole shard without sockets and disk, for the benchmarks of this folder. Every leg sends 20 ms of
// G.711; a sweep every 5 ms finds a quarter of the legs.
//
// Virtual time, one thread. `step` seals on the same thread, where the gates are open, and drops the pages. With a
// suite all legs are SRTP; their packets are protected by the source, a batch at a time, which is part of what is
// measured.
#pragma once

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "crypto/srtp_engines.h"
#include "engine/shard/shard.h"

namespace assent::bench {

inline constexpr auto kPacketTime = std::chrono::milliseconds(20);
inline constexpr auto kSweepTime = std::chrono::milliseconds(5);
inline constexpr std::size_t kSweepsPerPacket = 4;
inline constexpr std::size_t kPayloadBytes = 160;
// Until every open leg has filled a block and opened its segment.
inline constexpr int kWarmUpSteps = 200;
inline constexpr auto kHold = std::chrono::seconds(5);

// Every fourth leg's next packet, at each sweep.
class PacketSource final : public DatagramSource {
 public:
  explicit PacketSource(BlockPool& pool) : pool_(pool) {}

  // The legs to come have these keys; `engine` outlives this.
  void protect_with(SrtpEngine& engine, SharedSrtpTerms terms) {
    engine_ = &engine;
    terms_ = std::move(terms);
  }

  Result<LegPorts> open(LegSlot leg, RtcpPort) override {
    streams_.resize(std::max(streams_.size(), std::size_t{leg.value} + 1));
    Stream& stream = streams_[leg.value];
    stream.open = true;
    if (terms_ != nullptr) {
      stream.session = *engine_->open({.suite = terms_->suite,
                                       .direction = SrtpDirection::send,
                                       .keys = terms_->keys,
                                       .joined = std::nullopt,
                                       .rollovers_sought = 0});
    }
    return LegPorts{2, 3};
  }
  Result<void> reopen(LegSlot leg, LegPorts) override {
    (void)open(leg, RtcpPort::next);
    return {};
  }
  void close(LegSlot leg) override { streams_[leg.value] = {}; }
  void sweep(DatagramSink& sink) override {
    if (terms_ != nullptr) return sweep_protected(sink);
    const std::array<std::uint8_t, kPayloadBytes> payload{};
    const Endpoint from = *parse_endpoint("192.0.2.1:4000");
    const std::size_t first = sweep_++ % kSweepsPerPacket;
    const std::size_t count = (streams_.size() + kSweepsPerPacket - 1 - first) / kSweepsPerPacket;
    const auto leg_at = [first](std::size_t place) {
      return std::optional(LegSlot(static_cast<std::uint32_t>(first + place * kSweepsPerPacket)));
    };
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t leg = leg_at(i)->value;
      Stream& stream = streams_[leg];
      announce(i, count, sink, leg_at);
      if (!stream.open) continue;
      BlockRef block = pool_.take();
      if (block == nullptr) continue;
      RtpHeader header;
      header.sequence = SequenceNumber(stream.sequence++);
      header.timestamp = RtpTimestamp(std::uint32_t{header.sequence.value} * kPayloadBytes);
      header.ssrc = Ssrc(static_cast<std::uint32_t>(leg));
      const std::size_t bytes = write_rtp(header, payload, block->plain);
      ++counts_.datagrams;
      sink.on_datagram(LegSlot(static_cast<std::uint32_t>(leg)), DatagramPort::rtp,
                       make_datagram(std::move(block), static_cast<std::uint16_t>(bytes), from));
    }
  }
  Result<void> send(LegSlot, const Endpoint&, ByteView) override { return {}; }
  SourceCounts counts() override { return counts_; }

 private:
  struct Stream {
    std::uint16_t sequence = 0;
    bool open = false;
    std::unique_ptr<SrtpSession> session;
  };

  void sweep_protected(DatagramSink& sink) {
    const std::array<std::uint8_t, kPayloadBytes> payload{};
    const Endpoint from = *parse_endpoint("192.0.2.1:4000");
    const std::size_t first = sweep_++ % kSweepsPerPacket;
    std::array<BlockRef, limits::kSrtpBatch> blocks;
    std::array<SrtpPacket, limits::kSrtpBatch> packets;
    std::array<LegSlot, limits::kSrtpBatch> legs{};
    for (std::size_t leg = first; leg < streams_.size();) {
      std::size_t count = 0;
      for (; count < limits::kSrtpBatch && leg < streams_.size(); leg += kSweepsPerPacket) {
        Stream& stream = streams_[leg];
        BlockRef block = stream.open ? pool_.take() : nullptr;
        if (block == nullptr) continue;
        RtpHeader header;
        header.sequence = SequenceNumber(stream.sequence++);
        header.timestamp = RtpTimestamp(std::uint32_t{header.sequence.value} * kPayloadBytes);
        header.ssrc = Ssrc(static_cast<std::uint32_t>(leg));
        packets[count] = {.session = stream.session.get(),
                          .memory = block->plain,
                          .bytes = write_rtp(header, payload, block->plain),
                          .fault = {}};
        legs[count] = LegSlot(static_cast<std::uint32_t>(leg));
        blocks[count++] = std::move(block);
      }
      engine_->protect(std::span(packets).first(count));
      for (std::size_t i = 0; i < count; ++i) {
        announce(i, count, sink, [&legs](std::size_t place) { return std::optional(legs[place]); });
        ++counts_.datagrams;
        sink.on_datagram(legs[i], DatagramPort::rtp,
                         make_datagram(std::move(blocks[i]), static_cast<std::uint16_t>(packets[i].bytes), from));
      }
    }
  }

  SrtpEngine* engine_ = nullptr;
  SharedSrtpTerms terms_;
  BlockPool& pool_;
  std::vector<Stream> streams_;
  std::size_t sweep_ = 0;
  SourceCounts counts_;
};

class InstantRecord final : public CallRecord {
 public:
  void book(CallId, std::vector<Booking>, std::function<void(Result<void>, Now)> done) override {
    waiting_.push_back(std::move(done));
  }
  void erase(const LegErasure&) override {}
  void answer(Now now) {
    for (auto& done : std::exchange(waiting_, {})) done({}, now);
  }

 private:
  std::vector<std::function<void(Result<void>, Now)>> waiting_;
};

class NoObserver final : public SegmentObserver {
 public:
  void segment_opened(const SegmentOpened&) override {}
  void segment_closed(SegmentId, WallTime) override {}
};

enum class Gates { closed, holding, open };

class BenchShard {
 public:
  // `spare_blocks` beyond what the legs need, for blocks that a benchmark lets wait.
  BenchShard(std::size_t legs, Gates gates, std::size_t spare_blocks = 0, std::optional<SrtpSuite> suite = {})
      : terms_(suite ? terms_of(*suite) : nullptr),
        blocks_(*SecureArena::create(
            (legs * blocks_per_leg(gates) + limits::kReceiveBatch + spare_blocks) * limits::kPageBytes,
            ArenaBacking::locked_memory)),
        queue_(blocks_),
        sealer_(
            queue_, pages_, [](std::span<SealedPage>) {}, Sealer::Settings{0, read_mono}),
        // Both ends of each leg.
        srtp_(*make_srtp_engine(srtp_means_here(), suite ? 2 * legs : 1, ArenaBacking::locked_memory)),
        source_(blocks_),
        shard_(Shard::Parts{blocks_, queue_, sealer_, observer_, source_, *srtp_, record_, purposes_, lease_,
                            [](const FinishedCall&) {}},
               settings(legs)) {
    lease_.prove(now_);
    if (terms_ != nullptr) source_.protect_with(*srtp_, terms_);
    for (std::size_t i = 0; i < legs / 2; ++i) add_call(gates);
    for (int i = 0; i < kWarmUpSteps; ++i) step();
  }
  ~BenchShard() {
    while (!shard_.is_idle()) {
      shard_.end_all(LiveCall::Ending::over, now_);
      step();
    }
  }
  BenchShard(const BenchShard&) = delete;
  BenchShard& operator=(const BenchShard&) = delete;

  // What waits in the queue stays there.
  void receive() {
    now_.mono += kSweepTime;
    now_.wall += kSweepTime;
    record_.answer(now_);
    shard_.step(now_);
  }
  void step() {
    receive();
    sealer_.drain();
  }
  PacketSource& source() { return source_; }
  SealQueue& queue() { return queue_; }

 private:
  static std::chrono::milliseconds hold(Gates gates) {
    return gates == Gates::holding ? std::chrono::milliseconds(kHold) : std::chrono::milliseconds(limits::kHoldMin);
  }
  static std::size_t blocks_per_leg(Gates gates) {
    return limits::leg_blocks(8000, hold(gates), limits::kReorderWindowDefault);
  }
  static Shard::Settings settings(std::size_t legs) {
    Shard::Settings settings;
    settings.calls = legs;
    return settings;
  }
  void add_call(Gates gates) {
    ConsentSettings consent;
    consent.purposes = PurposeSet::of(Purpose(0));
    consent.hold = hold(gates);
    NewCall call{{new_id<CallId>(now_.wall), {}, new_id<RecordingId>(now_.wall), {}, now_.wall}, consent, {}, {}};
    const CallId id = call.identity.id;
    for (const char* const ref : {"agent", "customer"}) {
      call.participants.push_back(
          {new_id<ParticipantId>(now_.wall), ref, std::make_shared<const SecretKey>(SecretKey::random())});
      call.legs.push_back({new_id<LegId>(now_.wall),
                           ref,
                           ref,
                           {{{0, Codec{}}}, std::uint8_t{101}},
                           std::nullopt,
                           new_id<KeyId>(now_.wall),
                           SecretKey::random(),
                           {},
                           terms_});
    }
    if (auto added = shard_.add_call(std::move(call), now_); !added) throw std::runtime_error(added.error().what);
    if (gates == Gates::holding) return;
    const Decision decision = gates == Gates::open ? Decision::granted : Decision::denied;
    for (std::uint8_t who = 0; who < 2; ++who) {
      shard_.find(id)->decide(ParticipantIndex(who), decision, consent.purposes, {}, "bench", now_, [](const auto&) {});
    }
  }

  static SharedSrtpTerms terms_of(SrtpSuite suite) {
    SrtpTerms terms{suite, {}};
    terms.keys.push_back(*SrtpMasterKey::create(suite, Bytes(key_bytes(suite) + salt_bytes(suite), 7)));
    return std::make_shared<const SrtpTerms>(std::move(terms));
  }

  Now now_{MonoTime(std::chrono::seconds(1000)), WallTime(std::chrono::seconds(1'800'000'000))};
  LedgerLease lease_{nanoseconds::max()};
  SharedSrtpTerms terms_;
  PurposeRegistry purposes_ = *PurposeRegistry::create({"quality"});
  BlockPool blocks_;
  PagePool pages_{64};
  SealQueue queue_;
  Sealer sealer_;
  std::unique_ptr<SrtpEngine> srtp_;
  PacketSource source_;
  InstantRecord record_;
  NoObserver observer_;
  Shard shard_;
};

}  // namespace assent::bench
