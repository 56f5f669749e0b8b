// Player: sends every leg's packets when they are due, on a thread of its own, and says how late it was.
//
// Two do it: one with sockets, which can play whatever a StreamShape and a network may be (socket_player.h), and one
// with frames that the kernel paces, faster, which plays plain streams alone (frame_player.h).
//
// Legs begin and end while it plays: any thread asks. Destruction stops it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/endpoint.h"
#include "base/result.h"
#include "bench/load/lag_histogram.h"
#include "bench/load/network_path.h"
#include "bench/load/stream_plan.h"
#include "crypto/srtp_terms.h"

namespace assent::load {

enum class Via { sendmmsg, xdp };

struct PlayerSettings {
  StreamShape shape;
  Impairments impairments;
  Seed seed;
  Via via = Via::sendmmsg;
  std::optional<SrtpSuite> srtp;  // of every leg
  std::size_t legs = 0;           // with keys, that there are at once
};

struct PlayerReport {
  std::uint64_t sent = 0;        // datagrams that the system took
  std::uint64_t lost = 0;        // by the impairments
  std::uint64_t duplicated = 0;  // by the impairments; among those sent
  std::uint64_t refused = 0;     // by the system
  LagHistogram lag;
  nanoseconds cpu{0};   // of its thread, without waiting for packets to be due
  std::string failure;  // what ended it before its time; empty: nothing did

  // It kept up, so that what was measured is the receiver.
  bool is_valid(milliseconds packet_time) const {
    return failure.empty() && refused == 0 && lag.quantile(0.99) <= kLagP99Max && lag.largest() <= 5 * packet_time;
  }
  static constexpr milliseconds kLagP99Max{10};
};

class Player {
 public:
  // By `settings.via`. Errc::denied without the privileges that it needs, Errc::unsupported or Errc::invalid where it
  // cannot play these settings here, Errc::io when the system refuses otherwise.
  static Result<std::unique_ptr<Player>> create(const PlayerSettings& settings);
  virtual ~Player() = default;
  Player() = default;
  Player(const Player&) = delete;
  Player& operator=(const Player&) = delete;

  // A leg that begins when the player does, or when its phase of the packet time next comes.
  struct Phase {
    std::size_t of = 1;  // the legs that share the packet time evenly ...
    std::size_t at = 0;  // ... and which one this is
  };
  // `srtp` are the leg's keys, where the settings say that there are some.
  virtual LegNumber add(const Endpoint& to, Phase phase, SharedSrtpTerms srtp) = 0;
  // Returns when no packet of the leg is sent any more; how many it had, lost ones included.
  virtual std::size_t end(LegNumber leg) = 0;

  // All legs end after so long; of one that begins with the player, that is a whole number of packets.
  virtual void start(milliseconds duration) = 0;
  // Waits for that, and for what is under way.
  virtual PlayerReport finish() = 0;
  virtual std::size_t packets(LegNumber leg) const = 0;  // once finished
};

}  // namespace assent::load
