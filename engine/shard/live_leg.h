// LiveLeg: one leg of a call while it is live: its receiver, its gate and its segments, in the order a packet meets
// them.
//
// It owns them and passes audio from one to the next; what it hears besides audio (digits, BYE) it tells the call. It
// decides nothing itself. Shard thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/ids.h"
#include "codecs/matroska/segment_head.h"
#include "engine/catalog/leg_metrics.h"
#include "engine/consent/consent_state.h"
#include "engine/ingest/inband_dtmf.h"
#include "engine/ingest/leg_receiver.h"
#include "engine/ingest/leg_srtp.h"
#include "engine/shard/expected_packet.h"
#include "engine/shard/leg_gate.h"

namespace assent {

// What the call wants to hear of its legs.
class LegListener {
 public:
  virtual void leg_digit(LegIndex leg, char digit, WallTime media, Now now) = 0;
  virtual void leg_bye(LegIndex leg, Now now) = 0;
  // The leg must be ticked at `at`, however late it was to be.
  virtual void leg_due(MonoTime at) = 0;

 protected:
  ~LegListener() = default;
};

struct LegIdentity {
  LegId id;
  LegIndex index;
  std::string label;
  LegPorts ports;
};

// The parts of the shard that a leg works with; they outlive it.
struct LegWorkshop {
  BlockPool& blocks;
  SealQueue& seal_queue;
  SegmentObserver& segments;
};

class alignas(limits::kCacheLineBytes) LiveLeg final : public LegSink {
 public:
  // A packet that was expected touches one line, of its ExpectedPacket, and three or four of its block. Any other
  // packet of audio touches these lines of its leg (its own first, the gate's, the receiver's), too.
  static constexpr std::size_t kHotLines = 1 + LegGate::kHotLines + LegReceiver::kHotLines;

  enum class KeyTones : std::uint8_t { ignored, heard };
  struct Settings {
    LegGate::Settings gate;
    SegmentWriter::Settings segments;
    KeyTones key_tones = KeyTones::ignored;
  };
  LiveLeg(LegIdentity identity, LegReceiver receiver, LegListener& listener, LegWorkshop workshop, Settings settings);
  LiveLeg(const LiveLeg&) = delete;
  LiveLeg& operator=(const LiveLeg&) = delete;

  // Where it says what it expects, from now on; nowhere, once its port is another's. The place outlives its use.
  void expect_at(ExpectedPacket* place);
  // Brings the leg near for a packet that will come soon.
  void prefetch() const;

  // What its datagrams have been opened with before they are received here; none: they are plain.
  void protect(std::optional<LegSrtp> srtp) { srtp_ = std::move(srtp); }
  LegSrtp* srtp() { return srtp_ ? &*srtp_ : nullptr; }
  const LegSrtp* srtp() const { return srtp_ ? &*srtp_ : nullptr; }
  // Errors as LegSrtp::change, and nothing has changed.
  Result<void> change_srtp(SrtpEngine& engine, const SrtpTerms& terms);
  // As LegReceiver::hear_from.
  void hear_from(const Endpoint& source) {
    catch_up();
    receiver_.hear_from(source);
  }
  // Whether a datagram may be the leg's by where it comes from; when not, it is counted as foreign.
  bool takes_from(const Endpoint& from, DatagramPort port, MonoTime now) {
    catch_up();
    return receiver_.takes_from(from, port, now);
  }

  // A packet that was not the one expected.
  void receive(Datagram&& datagram, DatagramPort port, Now now);
  // When it wants the next tick, unless leg_due says sooner.
  MonoTime tick(Now now);
  // What waits in the reorder window is handed on, so that a turn of the gate finds it where it belongs.
  void flush(Now now);

  const LegIdentity& identity() const { return identity_; }
  LegReceiver& receiver() {
    catch_up();
    return receiver_;
  }
  LegGate& gate() {
    catch_up();
    return gate_;
  }
  SegmentWriter& segments() {
    catch_up();
    return segments_;
  }
  const LegPermits& permits() const { return permits_; }

  // Where the leg's own timeline stands, which may follow the sender's clock: it runs on from the latest audio.
  WallTime media_time(Now now);
  std::optional<MonoTime> last_heard();
  // Of a recent packet; nothing when its codec's level is not measured.
  std::optional<int> level_dbov() const {
    return level_dbov_ == kUnmeasured ? std::nullopt : std::optional<int>(level_dbov_);
  }
  LegCounts counts();
  // Complete once its segments are drained.
  LegMetrics metrics(Now now);

  // While a call is paused, keys may be a card number: nobody listens to them, and nothing of what was heard is left.
  void begin_pause(Now now);
  void end_pause(Now now);
  // Their keys mean nothing any more.
  void give_up_listening();
  // What it is sent is another from now on, and so may be its sender. Errc::exhausted: it has been sent as many codecs
  // as a leg can have; others as of LegReceiver::agree_on.
  Result<void> change(const LegPayloads& payloads, const std::optional<Endpoint>& source, Now now);
  // Nothing more is heard of it: what waits is handed on, and its keys mean nothing.
  void fall_silent(Now now);

  // ---- LegSink ----
  void on_audio(ByteView payload, WallTime at, std::uint32_t ticks) override;
  void on_digit(char digit, WallTime at) override;
  void on_codec_change(const Codec& codec) override;
  void on_timeline_break() override {}
  void on_bye(Now now) override;

 private:
  static constexpr std::int8_t kUnmeasured = 1;  // no level: those are 0 and less

  // Takes in what came as expected, and expects nothing more: first of all in whatever reads or changes the leg.
  void catch_up();
  // Says what the next packet will be when the stream goes on.
  void expect_next();
  // Every packet is listened to from now on, and therefore none is expected.
  void listen();
  void stop_listening();
  void hear_keys(ByteView payload, WallTime at, nanoseconds gap);

  // What every packet touches that was not expected comes first here, in the gate and in the receiver: kHotLines.
  LegListener& listener_;
  Now now_{};             // of the call into the leg that is under way
  bool busy_ = false;     // inside the receiver, which must not be entered again
  bool heard_ = false;    // audio, ever
  bool listens_ = false;  // to tones
  std::int8_t level_dbov_ = kSilenceDbov;
  std::uint8_t packets_to_next_level_ = 0;
  WallTime heard_until_;
  MonoTime last_heard_;  // when that audio came
  ExpectedPacket* expected_ = nullptr;
  LegGate gate_;
  LegReceiver receiver_;

  LegPermits permits_;
  SegmentWriter segments_;
  LegIdentity identity_;
  std::optional<LegSrtp> srtp_;
  std::optional<InbandDtmf> key_tones_;  // none: nobody listens to them
  ExpectedPacket* withheld_ = nullptr;   // what is expected_ when it does not listen
  std::optional<MonoTime> paused_since_;
  nanoseconds paused_{0};
  nanoseconds on_hold_{0};
};

}  // namespace assent
