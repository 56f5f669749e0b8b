// LegReceiver: turns the datagrams of one leg into its audio, in media order and with absolute times.
//
// Decides which packets are the leg's: from the first valid source, or the one given (RFC 3550 names no rule; a packet
// from elsewhere is dropped, whatever it holds, unless a NAT has moved the stream: limits::kSourceSilence); of its
// SSRC, which changes when audio comes with another; of a payload type it was told. Then it orders them, places them in
// time, and finds digits. What a packet carries besides its own audio (RFC 2198) takes the place of packets that were
// lost. It need not know about consent, storage, or sockets.
//
// Pure: it is given datagrams and `now`, and tells a sink what came of them before the call returns. One thread, the
// shard's. The sink may call `discard` from within. A packet held back for reordering is in its arena block; `discard`
// wipes them all. Nothing that arrives can fail here: what is wrong is dropped and counted.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/limits.h"
#include "base/result.h"
#include "codecs/codec.h"
#include "codecs/interarrival_jitter.h"
#include "codecs/payload_format.h"
#include "codecs/redundant_payload.h"
#include "codecs/reorder.h"
#include "codecs/rtcp.h"
#include "codecs/rtp_timeline.h"
#include "codecs/telephone_event.h"
#include "engine/ingest/datagram_source.h"
#include "engine/ingest/expected_stream.h"
#include "engine/ingest/leg_payloads.h"

namespace assent {

// What was agreed on for a leg.
struct LegReceiverSetup {
  LegPayloads payloads;            // 1 to limits::kFormatsPerLeg formats
  std::optional<Endpoint> source;  // port 0: any port of that address
  nanoseconds reorder_window = limits::kReorderWindowDefault;
};

// All count packets unless they say otherwise. What was received and not dropped for one of the reasons is audio,
// digits or comfort noise.
struct ReceiverCounts {
  std::uint64_t packets = 0;        // RTP of the leg's own source
  std::uint64_t bytes = 0;          // of their payloads
  std::uint64_t audio = 0;          // handed to the sink
  std::uint64_t comfort_noise = 0;  // silence (RFC 3389): a hole in time follows
  std::uint64_t lost = 0;           // sequence numbers that never came in time ...
  std::uint64_t restored = 0;       // ... whose audio a later packet had, too (RFC 2198)
  std::uint64_t late = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t reordered = 0;       // came out of order and were put right
  std::uint64_t strays = 0;          // far from the stream's sequence numbers
  std::uint64_t foreign_source = 0;  // RTP and RTCP from another endpoint
  std::uint64_t source_moves = 0;    // times that the stream went on from another endpoint, which is the leg's now
  std::uint64_t unknown_payload_type = 0;
  std::uint64_t malformed_payload = 0;               // right payload type, impossible content
  std::array<std::uint64_t, kRtpFlaws> malformed{};  // not RTP, by RtpFlaw
  std::uint64_t malformed_rtcp = 0;
  std::uint64_t truncated = 0;  // datagrams larger than a block
  std::uint64_t no_block = 0;   // datagrams the pool had no room for
  std::uint64_t rtcp = 0;       // compounds
  std::uint64_t ssrc_changes = 0;
  std::uint64_t sequence_restarts = 0;
  std::uint64_t timestamp_jumps = 0;
  std::uint64_t codec_changes = 0;
  std::uint64_t sender_reports_adopted = 0;
  std::uint64_t sender_reports_ignored = 0;
  std::uint64_t digits = 0;  // presses

  ReceiverCounts& operator+=(const ReceiverCounts& more);
};

// What a leg's datagrams turn out to be, in media order.
class LegSink {
 public:
  // `at` is when the first sample was, `ticks` how long it lasts on the codec's clock. The payload is wiped afterwards.
  virtual void on_audio(ByteView payload, WallTime at, std::uint32_t ticks) = 0;
  virtual void on_digit(char digit, WallTime at) = 0;
  // The audio from here on is in another of the leg's formats.
  virtual void on_codec_change(const Codec& codec) = 0;
  // The next audio is placed by its arrival, not by the timestamps before it: another stream, or a jump. Times still
  // never go backward, so nothing need be done.
  virtual void on_timeline_break() = 0;
  virtual void on_bye(Now now) = 0;  // the sender says the stream has ended

 protected:
  ~LegSink() = default;
};

class alignas(limits::kCacheLineBytes) LegReceiver {
 public:
  // Errc::invalid when the formats or payload types contradict each other or a bound.
  static Result<LegReceiver> create(const LegReceiverSetup& setup);

  void receive(Datagram&& datagram, DatagramPort port, Now now, LegSink& sink);
  void count_drop(DatagramDrop why);
  // Whether a datagram from there may be the leg's, before what it holds is looked at; when not, it is counted.
  bool takes_from(const Endpoint& from, DatagramPort port, MonoTime now);

  // How the stream goes on, when the latest packet was plain audio in its place and nothing waits.
  std::optional<ExpectedStream> foresee() const;
  // These came as foreseen, and the sink has them already. Nothing else has come between.
  void passed(const PassedPackets& packets);

  // Whether packets are held back for others, and until when the oldest may be.
  bool is_waiting() const { return window_.is_waiting(); }
  MonoTime waits_until() const { return window_.waits_until(); }
  // Hands on what has waited for the whole reorder window. Cheap when nothing waits.
  void poll(Now now, LegSink& sink);
  // Hands on everything held: the leg ends.
  void finish(Now now, LegSink& sink);
  // Wipes everything held.
  void discard() { window_.discard(); }

  // The leg's source may be another from now on (re-INVITE); without one the next valid source is it.
  void pin(std::optional<Endpoint> source);

  // The other end has shown who it is, and that it is there now: if its packets came from elsewhere, they come from
  // there from now on. Not where it was named with its port, or another address was.
  void hear_from(const Endpoint& source);

  // What the payload types stand for is another from now on (re-INVITE). What waits has been handed on (`finish`).
  // Tells the sink when the format of the latest audio is there no more. Errc::invalid as of `create`; nothing has
  // changed then.
  Result<void> agree_on(const LegPayloads& payloads, LegSink& sink);

  // The wall clock was set, or the machine slept: the next audio is placed by its arrival.
  void anchor_anew() { timeline_.restart(codec().clock_rate); }

  // To be called where a segment begins; true when the timeline moved to the sender's clock.
  bool adopt_sender_report() { return timeline_.adopt_sender_report(); }

  const Codec& codec() const { return current_.codec; }
  std::optional<Endpoint> source() const;  // nothing until one is pinned
  ReceiverCounts counts() const;
  const InterarrivalJitter& jitter() const { return jitter_; }  // of the audio

  // From the object's first byte on: what a packet of audio touches, in the usual case.
  static constexpr std::size_t kHotLines = 3;

 private:
  enum class Kind : std::uint8_t { audio, digits, comfort_noise, malformed, unknown };
  enum class Pin : std::uint8_t { open, address, endpoint };  // how much of source_ must match
  struct Former {
    Ssrc ssrc;
    MonoTime left;
  };

  explicit LegReceiver(const LegReceiverSetup& setup);

  void receive_rtp(RtpPacket&& packet, const Endpoint& from, Now now, LegSink& sink);
  void receive_rtcp(ByteView compound, const Endpoint& from, Now now, LegSink& sink);
  bool accept_source(const RtpPacket& packet, const Endpoint& from, MonoTime now);
  bool may_move_to(const Endpoint& from, MonoTime now) const;
  bool has_moved(const RtpPacket& packet, const Endpoint& from, MonoTime now) const;
  bool accept_stream(const RtpPacket& packet, Now now, LegSink& sink);
  void begin_stream(Ssrc ssrc, Now now, LegSink& sink);
  // What a packet brings of its own; of one with redundancy, what its primary block is.
  struct Content {
    Kind kind = Kind::unknown;
    std::uint8_t payload_type = 0;
    ByteView payload;
  };
  Content content_of(const RtpPacket& packet) const;
  bool is_redundant(const RtpPacket& packet) const { return packet.header().payload_type == redundancy_; }
  Kind kind_of(std::uint8_t payload_type) const;
  const LegFormat* format_of(std::uint8_t payload_type) const;
  bool is_plausible(const Content& content) const;
  void hand_on(const RtpPacket& packet, Now arrived, LegSink& sink);
  void hand_on_audio(const RtpHeader& header, const Content& content, Now arrived, LegSink& sink);
  void hand_on_digits(const RtpHeader& header, ByteView payload, Now arrived, LegSink& sink);
  void hand_on_earlier(const RtpPacket& packet, Now arrived, LegSink& sink);
  void adopt_format(const LegFormat& format, SequenceNumber sequence, LegSink& sink);

  // What every packet touches comes first, side by side: kHotLines.
  LegFormat current_;  // the format of the latest audio
  Ssrc ssrc_;
  Endpoint source_;
  Pin pin_ = Pin::open;
  bool streaming_ = false;
  bool bye_seen_ = false;
  SequenceNumber latest_sequence_;          // of what was handed on
  std::uint16_t latest_payload_bytes_ = 0;  // of the latest audio; 0 when none follows it by size alone
  std::optional<std::uint8_t> dtmf_;
  std::optional<std::uint8_t> redundancy_;
  ReorderWindow<RtpPacket> window_;
  std::uint64_t packets_ = 0;  // of counts_ ...
  std::uint64_t bytes_ = 0;
  std::uint64_t audio_ = 0;
  RtpTimeline timeline_;

  InterarrivalJitter jitter_;
  MonoTime last_from_source_;
  Pin given_ = Pin::open;  // how much of the source somebody named: that much never moves
  ReceiverCounts counts_;  // ... which has the rest
  std::vector<LegFormat> formats_;
  std::optional<std::uint8_t> comfort_noise_;
  nanoseconds reorder_window_;
  std::optional<Former> former_;  // the stream before, whose stragglers must not bring it back
  DigitDetector digits_;
};

}  // namespace assent
