// A call of two legs whose audio follows from where it belongs, really sealed, on a failing disk in virtual time: so
// that whatever comes out of the journal and the store can be checked, packet by packet.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "../failing_disk.h"
#include "../journal/journal_bench.h"
#include "crypto/message.h"
#include "engine/journal/journal_reader.h"
#include "engine/journal/journal_writer.h"
#include "engine/store/file_store.h"
#include "engine/store/salvage.h"
#include "engine/store/segment_source.h"
#include "engine/store/settler.h"
#include "memory_catalog.h"

namespace assent::test {

inline constexpr std::uint32_t kPacketsPerFrame = 20;
inline constexpr milliseconds kPacketTime = 20ms;
inline constexpr std::size_t kPacketBytes = 160;

// One packet of the recording: which leg, which segment of it, which packet from the segment's start.
struct PacketName {
  LegId leg;
  std::uint32_t number = 0;
  std::uint32_t packet = 0;
  auto operator<=>(const PacketName&) const = default;
};

// A segment as the sealer makes it: its pages in order (header, frames, final).
struct SealedSegment {
  SegmentInfo info;
  WallTime ended;
  struct SealedFrame {
    JournalEntry entry;
    Page page{};
  };
  std::vector<SealedFrame> pages;
  std::vector<PacketName> packets_of(std::uint32_t seq) const;  // frame 1 has none
  std::uint32_t final_seq() const { return static_cast<std::uint32_t>(pages.size() - 1); }
  Bytes object() const;  // what the store should hold
};

class StoreBench {
 public:
  StoreBench();
  ~StoreBench();

  // `frames` of audio besides the head and the final frame.
  SealedSegment make_segment(std::size_t leg, std::uint32_t number, std::uint32_t frames);

  void start(ShardId shard = ShardId(0));  // journal, store and settler, after what the last salvage found
  void stop();                             // as a process that dies

  void open(const SealedSegment& segment) { settler().register_segment(segment.info); }
  void seal(const SealedSegment& segment, std::uint32_t page);  // index into pages
  void seal_all(const SealedSegment& segment);
  void end(const SealedSegment& segment) { settler().set_ended(segment.info.segment, segment.ended); }
  void record(const SealedSegment& segment);  // all of the above
  void run_for(milliseconds time);

  Result<SalvageReport> salvage();
  Result<std::unique_ptr<FileStore>> open_store() { return FileStore::open(disk, "/state/segments"); }

  // Everything the recording yields; fails the test when a packet is not what was sealed, or comes twice.
  std::set<PacketName> recorded();
  std::vector<SegmentRow> rows() const;
  SegmentReport verify(const SegmentRow& row);

  LegKeys leg_keys();
  void destroy_keys() { keys_.clear(); }

  JournalWriter& journal() { return *journal_; }
  Settler& settler() { return *settler_; }
  FileStore& store() { return *store_; }
  const std::vector<JournalEntry>& durable() const { return durable_; }
  const std::vector<StoredSegment>& stored() const { return stored_; }
  const LegRow& leg(std::size_t index) const { return legs_[index]; }
  const RecordingRow& recording() const { return catalog.recording_rows.at(recording_); }
  const CallRow& call() const { return catalog.call_rows.at(call_); }

  FailingDisk disk;
  MemoryCatalog catalog;
  bool goes_on = false;  // whether salvage is told that live calls do
  SettlePace pace = SettlePace::freely;

 private:
  std::unique_ptr<PagePool> pool_;
  CallId call_;
  RecordingId recording_;
  TenantId tenant_;
  ConsentId consent_;
  std::vector<LegRow> legs_;
  std::map<KeyId, SecretKey> keys_;
  std::map<std::tuple<LegId, std::uint32_t>, WallTime> starts_;

  std::unique_ptr<FileStore> store_;
  std::unique_ptr<JournalWriter> journal_;
  std::unique_ptr<JournalReader> reader_;
  std::unique_ptr<Settler> settler_;
  std::vector<JournalEntry> durable_;
  std::vector<StoredSegment> stored_;
  std::map<ShardId, JournalStart> next_;  // of the journals
  MonoTime now_{};
  MonoTime next_journal_{};
  MonoTime next_settle_{};
};

Bytes packet_payload(const PacketName& name);

}  // namespace assent::test
