// SocketPlayer: a player that sends from sockets (sendmmsg), through whatever networks there may be.
//
// Owns the schedule, the sockets and the thread. Sleeps until each millisecond begins and sends what leaves in it; when
// it is behind it catches up without sleeping, and the lag of each packet is what lay between its millisecond and the
// return of the system call that sent it. Lag on loopback includes the kernel's receiving, which the sender pays for.
// Legs begin and end at its next millisecond.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "bench/load/packet_schedule.h"
#include "bench/load/payload_pattern.h"
#include "bench/load/player.h"
#include "bench/load/sealed_legs.h"
#include "bench/load/udp_out.h"

namespace assent::load {

class SocketPlayer final : public Player {
 public:
  // Errc::io when the system refuses a socket; as SealedLegs::create where legs have keys.
  static Result<std::unique_ptr<Player>> create(const PlayerSettings& settings);
  ~SocketPlayer() override;

  LegNumber add(const Endpoint& to, Phase phase, SharedSrtpTerms srtp) override;
  std::size_t end(LegNumber leg) override;
  void start(milliseconds duration) override;
  PlayerReport finish() override;
  std::size_t packets(LegNumber leg) const override { return schedule_.packets(leg); }

 private:
  struct Begin {
    LegNumber leg;
    Endpoint to;
    milliseconds phase;
    SharedSrtpTerms srtp;
  };
  struct End {
    LegNumber leg;
    std::optional<std::size_t> packets;
  };

  SocketPlayer(const PlayerSettings& settings, UdpOut out, std::optional<SealedLegs> sealed);
  void finish_soon();
  void play();
  void obey(Slot slot);
  void send_due(Slot slot);

  PlayerSettings settings_;
  PayloadPattern pattern_;
  PacketSchedule schedule_;  // the thread's, while there is one; so are the next four
  UdpOut out_;
  std::optional<SealedLegs> sealed_;
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
  nanoseconds cpu_{0};
  std::thread thread_;
};

}  // namespace assent::load
