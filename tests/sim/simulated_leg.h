// SimulatedLeg: who speaks on one leg of a simulated call, and the network between them and the engine. It makes RTP
// whose payloads say which packet they are, presses digits, changes its source, and loses, delays, reorders and
// duplicates what it sends, all of it drawn from the call's random numbers.
//
// It also knows what the reorder window may do to a packet: whether one that comes now must be heard, or only may be.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "codecs/rtp.h"

namespace assent::sim {

using Random = std::mt19937_64;

// A draw: true this often.
inline bool happens(Random& random, double share) { return std::uniform_real_distribution<double>()(random) < share; }
// From 0 to `most`, both included.
inline std::size_t upto(Random& random, std::size_t most) {
  return std::uniform_int_distribution<std::size_t>(0, most)(random);
}
inline milliseconds upto(Random& random, milliseconds most) {
  return milliseconds(static_cast<std::int64_t>(upto(random, static_cast<std::size_t>(most.count()))));
}

// A payload of audio that can be told from all others, also in the arena.
inline constexpr std::uint64_t kMarker = 0x8E3A'C1D7'52F9'0B64;
struct Marked {
  std::size_t leg = 0;
  std::size_t packet = 0;
};
Bytes marked_payload(Marked what, std::size_t bytes);
// The one whose payload this is, every byte of it; nothing if it is none.
std::optional<Marked> read_marked(ByteView payload);
// The same by the first bytes alone.
std::optional<Marked> find_marked(ByteView payload);
inline constexpr std::size_t kMarkedBytes = 13;

// What is on its way to the engine.
struct Coming {
  MonoTime due;
  Bytes datagram;
  std::uint32_t place = 0;  // among all that its leg sent
  std::uint32_t stream = 0;
  std::optional<std::size_t> packet;  // of audio
  std::optional<std::size_t> press;   // of a digit
};

// A digit, sent as several packets.
struct Press {
  char digit = 0;
  std::optional<std::uint32_t> first_place;  // of its packets that came
  MonoTime came;                             // the first of them
  std::uint64_t version = 0;                 // of the oracle then
  bool would_change = false;                 // something, had it been heard at once
  bool heard = false;
};

struct LegHabits {
  milliseconds packet_time{20};
  double loss = 0;       // each packet, on its way
  double reorder = 0;    // comes up to 45 ms late, behind others
  double straggle = 0;   // comes up to 120 ms late, and is often given up
  double duplicate = 0;  // comes twice
  double silence = 0;    // begins to say nothing for a while
  milliseconds jitter{0};
  std::uint8_t payload_type = 0;

  static LegHabits draw(Random& random);
};

class SimulatedLeg {
 public:
  static constexpr std::uint8_t kPcmu = 0;
  static constexpr std::uint8_t kL16 = 10;
  static constexpr std::uint8_t kEvents = 101;

  SimulatedLeg(std::size_t index, MonoTime from, Random& random);

  // Sends what is due.
  void talk(MonoTime now, Random& random);
  void press(char digit, MonoTime now, Random& random);
  void change_source(MonoTime now, Random& random);
  void change_codec() { habits_.payload_type = habits_.payload_type == kPcmu ? kL16 : kPcmu; }
  void send_rubbish(MonoTime now, Random& random);

  // What has come by now, in the order it came.
  std::vector<Coming> arrived(MonoTime now);
  // Notes that it came, and says whether what was to be heard of it might not be. `version` is the oracle's.
  bool may_be_missed(const Coming& coming, MonoTime now, std::uint64_t version);
  bool came_before(std::size_t packet) const { return packet < came_.size() && came_[packet]; }

  std::vector<Press> presses;

 private:
  struct Passed {
    std::uint32_t place;
    MonoTime at;
    std::uint64_t version;
  };

  void send(Coming coming, std::uint8_t payload_type, std::uint32_t timestamp, ByteView payload, Random& random);

  std::size_t index_;
  LegHabits habits_;
  std::vector<Coming> on_the_way_;  // sorted by when they are due
  std::vector<bool> came_;
  std::vector<Passed> passed_;  // of the present stream, the latest

  MonoTime next_;  // packet
  MonoTime silent_until_;
  MonoTime changed_;         // the source
  std::size_t packets_ = 0;  // of audio, sent
  std::uint32_t place_ = 0;
  std::uint32_t stream_ = 0;
  std::uint32_t heard_stream_ = 0;            // the latest that came
  std::optional<std::uint32_t> begins_with_;  // its first audio that came: what was sent before that is late
  std::uint16_t sequence_ = 0;
  std::uint32_t timestamp_ = 0;
};

}  // namespace assent::sim
