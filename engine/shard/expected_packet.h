// ExpectedPacket: what the next packet of a leg looks like when its stream simply goes on, and where its payload goes.
//
// Of a call's packets nineteen in twenty bring nothing new: the same source and SSRC, the next sequence number, the
// timestamp that follows, the usual size, and room for it in the block being filled. Such a packet is known by a
// comparison and is put in its place at once, and the leg's own parts (receiver, gate) are told of all of them together
// when they are next asked for anything. This is the header prediction of TCP receivers (V. Jacobson, 1990), and for
// the same reason: one cache line a packet in place of the leg's five, and these side by side for all legs of a shard.
//
// It decides nothing: whatever is not exactly what the leg foresaw, the leg sees itself, in LiveLeg::receive. It holds
// no audio and owns nothing; `to` is in the block that the leg's filler owns, which therefore takes back what is
// expected before it lets go of the block. Shard thread.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/bytes.h"
#include "base/endpoint.h"
#include "base/limits.h"
#include "base/prefetch.h"
#include "base/time.h"
#include "codecs/interarrival_jitter.h"
#include "codecs/matroska/block_writer.h"
#include "codecs/rtp.h"
#include "engine/ingest/expected_stream.h"
#include "engine/stages.h"

namespace assent {

// Where packets of one size go, as the filler sees it.
struct ExpectedRoom {
  std::uint8_t* to = nullptr;    // of the next SimpleBlock
  std::int16_t relative_ms = 0;  // of the next packet, in its Cluster
  std::size_t packets = 0;       // as many may follow each other there
};

class alignas(limits::kCacheLineBytes) ExpectedPacket {
 public:
  // Nothing is expected, until it is said.
  ExpectedPacket() = default;
  void expect(const ExpectedStream& stream, const ExpectedRoom& room);

  // True when it is the one: its payload is in place, and the next is expected. The datagram stays the caller's.
  bool take(const Datagram& datagram, MonoTime now) {
    const ByteView bytes = datagram.bytes();
    const nanoseconds late = now - due_;
    if (left_ == 0 || bytes.size() != kRtpHeaderBytes + payload_bytes_ || load_be64(bytes.data()) != head_ ||
        load_be32(bytes.data() + 8) != ssrc_ || !(datagram.source() == source_) || std::chrono::abs(late) > kMostLate) {
      return false;
    }
    to_ = matroska::put_packet(to_, bytes.subspan(kRtpHeaderBytes), relative_ms_);
    jitter_ns_ = jitter_after(jitter_ns_, late.count() - late_ns_);
    late_ns_ = static_cast<std::int32_t>(late.count());
    go_on();
    return true;
  }

  // What was taken since `expect`. Nothing is expected from now on.
  PassedPackets take_back() {
    const MonoTime last = due_ - milliseconds(duration_ms_) + nanoseconds(late_ns_);
    const PassedPackets taken{taken_, payload_bytes_, ticks_, milliseconds(duration_ms_), last, jitter_ns_};
    left_ = 0;
    taken_ = 0;
    return taken;
  }

  bool is_set() const { return left_ != 0; }
  bool is_from(const Endpoint& source) const { return left_ != 0 && source == source_; }
  // Brings the memory near that the next payload goes to; only while one is expected.
  [[gnu::always_inline]] void prefetch_place() const {
    prefetch_for_writing(to_, limits::kSimpleBlockHeadBytes + payload_bytes_);
  }

 private:
  // A packet that is further from its time is none that was expected; a second, so that 32 bits hold it.
  static constexpr nanoseconds kMostLate = 1s;
  static_assert(kMostLate <= limits::kTimestampJump);

  // The first eight bytes of the header: version, marker and payload type, sequence number, timestamp.
  static std::uint64_t head_of(std::uint8_t payload_type, std::uint16_t sequence, std::uint32_t timestamp) {
    return std::uint64_t{0x80} << 56 | std::uint64_t{payload_type} << 48 | std::uint64_t{sequence} << 32 | timestamp;
  }
  void go_on() {
    constexpr std::uint64_t kSequence = std::uint64_t{0xFFFF} << 32;
    constexpr std::uint64_t kTimestamp = 0xFFFFFFFF;
    const std::uint64_t sequence = (head_ + (std::uint64_t{1} << 32)) & kSequence;
    head_ = (head_ & ~(kSequence | kTimestamp)) | sequence | ((head_ + ticks_) & kTimestamp);
    due_ += milliseconds(duration_ms_);
    relative_ms_ = static_cast<std::int16_t>(relative_ms_ + duration_ms_);
    --left_;
    ++taken_;
  }

  std::uint64_t head_ = 0;
  std::uint32_t ssrc_ = 0;
  Endpoint source_;
  std::uint16_t payload_bytes_ = 0;
  std::uint8_t left_ = 0;
  std::uint8_t taken_ = 0;
  std::uint16_t ticks_ = 0;
  std::uint16_t duration_ms_ = 0;
  std::int16_t relative_ms_ = 0;
  std::uint8_t* to_ = nullptr;
  MonoTime due_;
  std::int32_t late_ns_ = 0;  // the latest packet, by its timestamp
  std::uint32_t jitter_ns_ = 0;
};
static_assert(sizeof(ExpectedPacket) == limits::kCacheLineBytes);

}  // namespace assent
