// ShardRig: a whole shard in virtual time: datagrams are put in by hand, the record answers when it is told to, and
// every sealed page is kept and can be opened again with the leg's key. One thread, unless seal workers are asked for.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "crypto/srtp_engines.h"
#include "engine/shard/shard.h"

namespace assent {

// Datagrams from memory instead of sockets.
class HandSource final : public DatagramSource {
 public:
  explicit HandSource(BlockPool& pool) : pool_(pool) {}
  Result<LegPorts> open(LegSlot leg, RtcpPort) override;
  Result<void> reopen(LegSlot leg, LegPorts ports) override;
  void close(LegSlot leg) override;
  void sweep(DatagramSink& sink) override;
  Result<void> send(LegSlot leg, const Endpoint& to, ByteView datagram) override {
    sent.push_back({leg, {datagram.begin(), datagram.end()}, to, DatagramPort::rtp});
    return {};
  }
  SourceCounts counts() override { return counts_; }

  void put(LegSlot leg, Bytes datagram, const Endpoint& from = kUsualSource, DatagramPort port = DatagramPort::rtp) {
    waiting_.push_back({leg, std::move(datagram), from, port});
  }
  bool is_open(LegSlot leg) const { return open_.contains(leg); }

  struct Waiting {
    LegSlot leg;
    Bytes datagram;
    Endpoint from;
    DatagramPort port;
  };
  std::vector<Waiting> sent;  // by the shard: `from` is where to
  bool refuses = false;       // to open again the ports of before a restart

  static const Endpoint kUsualSource;

 private:
  BlockPool& pool_;
  std::deque<Waiting> waiting_;
  std::map<LegSlot, bool> open_;
  SourceCounts counts_;
};

// A record that answers when the test says so.
class HandRecord final : public CallRecord {
 public:
  void book(CallId call, std::vector<Booking> bookings, std::function<void(Result<void>, Now)> done) override;
  void erase(const LegErasure& erasure) override { erasures.push_back(erasure); }

  void answer_all(const Result<void>& result, Now now);
  void answer_first(const Result<void>& result, Now now);  // the one that waits longest
  std::size_t waiting() const { return waiting_.size(); }

  std::vector<Booking> booked;  // what was answered with success
  std::vector<LegErasure> erasures;

 private:
  struct Submission {
    std::vector<Booking> bookings;
    std::function<void(Result<void>, Now)> done;
  };
  std::deque<Submission> waiting_;
};

struct RigOptions {
  ConsentSettings consent;
  Shard::Settings shard;
  std::size_t legs = 1;
  std::vector<LegFormat> formats = {{0, Codec{}}, {10, Codec{CodecName::l16, 8000, 1}}};
  std::optional<std::uint8_t> dtmf_payload_type = 101;
  std::size_t arena_blocks = 800;
  std::size_t page_count = 4096;
  std::size_t workers = 0;                 // 0: sealing happens in step(), on the calling thread
  std::vector<SharedSrtpTerms> srtp = {};  // by leg; those beyond are plain
  SrtpMeans srtp_means = srtp_means_here();
};

// One packet as it came out of the sealed segments again.
struct OpenedPacket {
  WallTime at;
  Bytes payload;
  AudioUse use = AudioUse::recording;  // of the segment it lies in
  Codec codec = {};                    // of that segment
};

class ShardRig : private SegmentObserver {
 public:
  explicit ShardRig(RigOptions options);
  ~ShardRig() override;

  static RigOptions defaults();

  // Sends 20 ms of PCMU filled with `tone` on a leg, then lets 20 ms pass.
  void talk(std::size_t leg, std::uint8_t tone);
  // Sends a payload, 20 ms or `ticks` of its clock long, and lets them pass.
  void say(std::size_t leg, ByteView payload, std::uint8_t payload_type = 0, std::uint32_t ticks = 160);
  void put_packet(std::size_t leg, ByteView payload, std::uint8_t payload_type = 0);
  void skip_packet(std::size_t leg) { ++streams_.at(leg).sequence; }  // one is lost on the way
  void put_datagram(std::size_t leg, Bytes datagram, const Endpoint& from = HandSource::kUsualSource);
  void press(std::size_t leg, char digit);                    // an RFC 4733 event
  void report_clock(std::size_t leg, WallTime sender_clock);  // an RTCP sender report for what comes next
  void pass(nanoseconds time);                                // steps the shard every 5 ms
  void step();

  void decide(
      std::size_t participant, Decision decision, Decided done = [](const auto&) {});
  void grant_all();  // every participant, and durable
  FinishedCall end();
  // No page is free to seal into, as when the disk has stalled for longer than the budget lasts.
  void stall() {
    while (PageRef page = pages_.take()) taken_pages_.push_back(std::move(page));
  }
  void end_stall() { taken_pages_.clear(); }
  // No block of the arena is free either.
  void use_up_blocks() {
    while (BlockRef block = blocks_->take()) taken_blocks_.push_back(std::move(block));
  }
  void end_shortage() { taken_blocks_.clear(); }
  std::size_t free_blocks() const { return blocks_->capacity_blocks() - blocks_->in_use_blocks(); }

  std::vector<OpenedPacket> opened(std::size_t leg);  // every packet in the leg's sealed pages
  std::size_t sealed_pages();
  std::size_t final_pages();
  std::size_t segment_count(std::size_t leg) const;
  std::vector<std::uint32_t> segment_numbers() const;  // of all legs, as they were opened
  void refuse_ports() { source_->refuses = true; }
  const std::vector<HandSource::Waiting>& sent() const { return source_->sent; }
  bool arena_holds(ByteView marker) const;
  Gate gate(std::size_t leg);
  LiveCall& call();

  Now now{MonoTime(std::chrono::seconds(1000)), WallTime(std::chrono::seconds(1'800'000'000))};
  HandRecord record;
  std::shared_ptr<const SecretKey> participant_key = std::make_shared<const SecretKey>(SecretKey::random());  // of all
  std::vector<FinishedCall> abandoned;
  struct Handshake {
    LegId leg;
    DtlsLook look;
    Bytes datagram;
    Endpoint from;
  };
  std::vector<Handshake> handshakes;  // datagrams for them
  nanoseconds working{0};             // how long a sweep takes: what the clock shows at its end
  nanoseconds asked_before{0};        // how long before they reach the shard decisions are made
  LatencyHistogram seal_delays;
  bool auto_record = true;  // the record answers at the next step
  LedgerLease lease;
  std::unique_ptr<SrtpEngine> srtp;
  bool ledger_answers = true;  // which is proven with every step
  std::optional<Shard> shard;
  CallId call_id;
  std::vector<LegId> leg_ids;

 private:
  struct KeptPage {
    SegmentId segment;
    std::uint32_t seq;
    PageKind kind;
    Bytes bytes;
  };
  void segment_opened(const SegmentOpened& segment) override { segments_.push_back(segment); }
  void segment_closed(SegmentId, WallTime) override {}
  std::function<MonoTime()> sealing_clock() const;
  std::vector<OpenedPacket> open_segment(const SegmentOpened& segment, const SecretKey& key);

  RigOptions options_;
  PurposeRegistry purposes_;
  ByteSpan arena_memory_;
  std::optional<BlockPool> blocks_;
  PagePool pages_;
  std::vector<PageRef> taken_pages_;
  std::vector<BlockRef> taken_blocks_;
  std::optional<SealQueue> queue_;
  std::optional<Sealer> sealer_;
  std::optional<HandSource> source_;
  std::vector<SegmentOpened> segments_;
  std::mutex mutex_;  // guards kept_, which seal workers fill
  std::vector<KeptPage> kept_;
  std::vector<SecretKey> keys_;
  std::vector<KeyId> key_ids_;
  struct Stream {
    std::uint16_t sequence = 0;
    std::uint32_t timestamp = 0;
  };
  std::vector<Stream> streams_;
};

}  // namespace assent
