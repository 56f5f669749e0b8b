// The way of a packet, as types. Read this file first.
//
//   Datagram -> RtpPacket -> [pack] HeldBlock -> [gate] AdmittedBlock -> [seal] SealedPage -> [journal] DurablePage
//            -> [settle] StoredSegment
//
// Each stage has its own type, and only the stage before can make it: the constructors are private and the maker is the
// one friend. Writing audio without passing the gate therefore does not compile: the sealer takes AdmittedBlock, only
// the LegGate makes one, and only SealedPage, which holds ciphertext, can be handed to I/O.
//
// All are move-only and own what they carry. Plaintext stages (the first four) own a block of the secure arena, which
// is wiped when they die, wherever that happens.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/coarse_time.h"
#include "base/endpoint.h"
#include "base/ids.h"
#include "base/limits.h"
#include "base/strong.h"
#include "base/time.h"
#include "codecs/rtp.h"
#include "engine/block_pool.h"
#include "engine/page_pool.h"

namespace assent {

class OpenSegment;  // engine/seal: the segment a block is sealed into

using FrameSeq = Strong<std::uint32_t, struct FrameSeqTag>;  // from 1; 0 names the message header in the journal

// ---- receive ------------------------------------------------------------------------------------------------------

// One datagram as it came, in a block of the arena. Made by a source of datagrams (engine/ingest). One that is SRTP is
// opened in its place, before it goes on, by the SrtpIntake (engine/shard).
class Datagram {
 public:
  Datagram(Datagram&&) noexcept = default;
  Datagram& operator=(Datagram&&) noexcept = default;

  ByteView bytes() const { return ByteView(block_->plain).first(block_->head.fill_bytes); }
  const Endpoint& source() const { return source_; }

 private:
  friend class DatagramSource;
  friend class RtpPacket;
  friend class SrtpIntake;
  Datagram(BlockRef block, const Endpoint& source) : block_(std::move(block)), source_(source) {}

  BlockRef block_;
  Endpoint source_;
};

// ---- open ---------------------------------------------------------------------------------------------------------

// A datagram that parses as RTP (RFC 3550 section 5.1), still in its block.
class RtpPacket {
 public:
  RtpPacket(RtpPacket&&) noexcept = default;
  RtpPacket& operator=(RtpPacket&&) noexcept = default;

  // The packet, or nothing when the bytes are not RTP, and why; the datagram is consumed either way.
  static std::optional<RtpPacket> open(Datagram&& datagram, RtpFlaw& flaw) {
    // The header is read into its place: copied right after it was written byte by byte, it would wait for every store
    // before it.
    std::optional<RtpPacket> packet(RtpPacket(std::move(datagram.block_)));
    const ByteView bytes = ByteView(packet->block_->plain).first(packet->block_->head.fill_bytes);
    flaw = read_rtp(bytes, packet->header_);
    if (flaw != RtpFlaw::none) packet.reset();
    return packet;
  }

  const RtpHeader& header() const { return header_; }
  ByteView payload() const { return ByteView(block_->plain).subspan(header_.payload_offset, header_.payload_size); }

 private:
  explicit RtpPacket(BlockRef block) : block_(std::move(block)) {}

  BlockRef block_;
  RtpHeader header_;
};

// ---- pack ---------------------------------------------------------------------------------------------------------

// A block of one leg's packets, closed and padded, that waits for the gate. Made by the BlockFiller (engine/shard).
class HeldBlock {
 public:
  HeldBlock(HeldBlock&&) noexcept = default;
  HeldBlock& operator=(HeldBlock&&) noexcept = default;

  WallTime first_time() const { return WallTime(nanoseconds(block_->head.first_ns)); }
  WallTime end_time() const { return WallTime(nanoseconds(block_->head.end_ns)); }

 private:
  friend class BlockFiller;
  friend class LegGate;
  explicit HeldBlock(BlockRef block) : block_(std::move(block)) {}

  BlockRef block_;
};

// ---- gate ---------------------------------------------------------------------------------------------------------

// A block whose audio was consented to. Made from a HeldBlock by the LegGate (engine/shard), and by nothing else; the
// SegmentWriter gives it its place in a segment, and makes the few that hold no audio (header, head, counts).
class AdmittedBlock {
 public:
  AdmittedBlock(AdmittedBlock&&) noexcept = default;
  AdmittedBlock& operator=(AdmittedBlock&&) noexcept = default;

  const Block& block() const { return *block_; }
  OpenSegment& segment() const { return *segment_; }

 private:
  friend class LegGate;
  friend class SegmentWriter;
  friend class SealQueue;
  friend class Sealer;
  AdmittedBlock(BlockRef block, OpenSegment* segment) : block_(std::move(block)), segment_(segment) {}

  BlockRef block_;
  OpenSegment* segment_;  // null until it has its place
};

// ---- seal ---------------------------------------------------------------------------------------------------------

enum class PageKind : std::uint16_t { header = 1, frame = 2, final = 3 };

// When what is in a page went to be sealed, and when it had been; for the metrics.
struct PageTimes {
  CoarseTime full;
  CoarseTime sealed;
};

// One page of ciphertext (or a message header, which is clear text by design). Made by the Sealer (engine/seal).
class SealedPage {
 public:
  SealedPage(SealedPage&&) noexcept = default;
  SealedPage& operator=(SealedPage&&) noexcept = default;

  SegmentId segment() const { return segment_; }
  FrameSeq seq() const { return seq_; }
  PageKind kind() const { return kind_; }
  ByteView bytes() const { return *page_; }
  PageTimes times() const { return times_; }

 private:
  friend class Sealer;
  friend struct SealedPageForTest;
  SealedPage(PageRef page, SegmentId segment, FrameSeq seq, PageKind kind, PageTimes times = {})
      : page_(std::move(page)), segment_(segment), seq_(seq), kind_(kind), times_(times) {}

  PageRef page_;
  SegmentId segment_;
  FrameSeq seq_;
  PageKind kind_;
  PageTimes times_;
};

// ---- journal ------------------------------------------------------------------------------------------------------

// Where a page lies in the journal.
struct JournalPlace {
  std::uint32_t file = 0;  // number of the journal file
  std::uint32_t page = 0;  // from the file's first, 0
  constexpr std::uint64_t offset_bytes() const { return std::uint64_t{page} * limits::kPageBytes; }
  constexpr auto operator<=>(const JournalPlace&) const = default;
};

// A page that has been written and synced. Made by the JournalWriter, and at start by the journal scan.
class DurablePage {
 public:
  SegmentId segment() const { return segment_; }
  FrameSeq seq() const { return seq_; }
  PageKind kind() const { return kind_; }
  JournalPlace place() const { return place_; }

 private:
  friend class JournalWriter;
  friend class JournalScan;
  DurablePage(SegmentId segment, FrameSeq seq, PageKind kind, JournalPlace place)
      : segment_(segment), seq_(seq), kind_(kind), place_(place) {}

  SegmentId segment_;
  FrameSeq seq_;
  PageKind kind_;
  JournalPlace place_;
};

// ---- settle -------------------------------------------------------------------------------------------------------

// A finished segment that is one durable object of the store. Made by the Settler (engine/store).
class StoredSegment {
 public:
  SegmentId segment() const { return segment_; }
  const std::string& object() const { return object_; }
  std::uint64_t size_bytes() const { return size_bytes_; }
  std::uint32_t frames() const { return frames_; }

 private:
  friend class Settler;
  StoredSegment(SegmentId segment, std::string object, std::uint64_t size_bytes, std::uint32_t frames)
      : segment_(segment), object_(std::move(object)), size_bytes_(size_bytes), frames_(frames) {}

  SegmentId segment_;
  std::string object_;
  std::uint64_t size_bytes_;
  std::uint32_t frames_;
};

}  // namespace assent
