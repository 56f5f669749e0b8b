// Player: sends every leg's packets when they are due, on a thread of its own, and says how late it was.
//
// Owns the schedule, the sockets and the thread. Sleeps until each millisecond begins and sends what leaves in it; when
// it is behind it catches up without sleeping, and the lag of each packet is what lay between its millisecond and the
// return of the system call that sent it. Lag on loopback includes the kernel's receiving, which the sender pays for.
//
// Legs begin and end while it plays: any thread asks, the player does it at its next millisecond. Destruction stops it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "bench/load/lag_histogram.h"
#include "bench/load/packet_schedule.h"
#include "bench/load/payload_pattern.h"
#include "bench/load/udp_out.h"

namespace assent::load {

struct PlayerSettings {
  StreamShape shape;
  Impairments impairments;
  Seed seed;
};

struct PlayerReport {
  std::uint64_t sent = 0;        // datagrams that the system took
  std::uint64_t lost = 0;        // by the impairments
  std::uint64_t duplicated = 0;  // by the impairments; among those sent
  std::uint64_t refused = 0;     // by the system
  LagHistogram lag;
  nanoseconds cpu{0};  // of its thread

  // It kept up, so that what was measured is the receiver.
  bool is_valid(milliseconds packet_time) const {
    return refused == 0 && lag.quantile(0.99) <= kLagP99Max && lag.largest() <= 5 * packet_time;
  }
  static constexpr milliseconds kLagP99Max{10};
};

class Player {
 public:
  static Result<std::unique_ptr<Player>> create(const PlayerSettings& settings);
  ~Player();
  Player(const Player&) = delete;
  Player& operator=(const Player&) = delete;

  // A leg that begins when the player does, or at its next millisecond, at a phase of the packet time.
  struct Phase {
    std::size_t of = 1;  // the legs that share the packet time evenly ...
    std::size_t at = 0;  // ... and which one this is
  };
  LegNumber add(const Endpoint& to, Phase phase);
  // Returns when no packet of the leg is sent any more; how many it had, lost ones included.
  std::size_t end(LegNumber leg);

  // All legs end after so long; of one that begins with the player, that is a whole number of packets.
  void start(milliseconds duration);
  // Waits for that, and for what is under way.
  PlayerReport finish();
  std::size_t packets(LegNumber leg) const { return schedule_.packets(leg); }  // once finished
  std::uint64_t sent_so_far() const { return sent_so_far_.load(std::memory_order_relaxed); }

 private:
  struct Begin {
    LegNumber leg;
    Endpoint to;
    milliseconds phase;
  };
  struct End {
    LegNumber leg;
    std::optional<std::size_t> packets;
  };

  Player(const PlayerSettings& settings, UdpOut out);
  void finish_soon();
  void play();
  void obey(Slot slot);
  void send_due(Slot slot);

  PlayerSettings settings_;
  PayloadPattern pattern_;
  PacketSchedule schedule_;  // the thread's, while there is one; so are the next three
  UdpOut out_;
  LagHistogram lag_;
  std::vector<Departure> departures_;
  MonoTime start_{};
  milliseconds duration_{0};

  std::mutex mutex_;  // of what is asked for
  std::condition_variable obeyed_;
  std::vector<Begin> begin_;
  std::vector<End*> end_;
  std::uint32_t legs_ = 0;
  bool finish_ = false;
  std::atomic<bool> asked_{false};  // set by those who ask, so that the thread need not lock to know
  std::atomic<std::uint64_t> sent_so_far_{0};
  nanoseconds cpu_{0};
  std::thread thread_;
};

}  // namespace assent::load
