// FramePlayer: a player whose packets the kernel paces and writes itself, without a system call each (FramePacer), so
// that one core plays several times as many calls. Plain streams over a perfect network alone; IPv4.
//
// Owns the pacer and a thread, which is in the kernel from the first packet to the last and keeps its core busy: what
// it did while nothing was due is left out of its CPU time. A packet's lag is what lay between the time when it was due
// and when the stack had done with the batch of frames that it was in; that of a batch's first packet counts for all of
// it.
//
// A leg that ends gives its place to the one that is next added with its phase. Any thread adds and ends.
#pragma once

#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

#include "bench/load/frame_pacer.h"
#include "bench/load/player.h"

namespace assent::load {

class FramePlayer final : public Player {
 public:
  // Errc::invalid when the stream is not plain; and as FramePacer::create.
  static Result<std::unique_ptr<Player>> create(const PlayerSettings& settings);
  ~FramePlayer() override;

  LegNumber add(const Endpoint& to, Phase phase, SharedSrtpTerms srtp) override;
  std::size_t end(LegNumber leg) override;
  void start(milliseconds duration) override;
  PlayerReport finish() override;
  std::size_t packets(LegNumber leg) const override { return legs_[leg.value].packets; }

 private:
  struct Leg {
    std::uint32_t place = 0;
    bool playing = false;
    std::uint32_t packets = 0;  // once it has ended
  };

  FramePlayer(const PlayerSettings& settings, std::unique_ptr<FramePacer> pacer)
      : settings_(settings), pacer_(std::move(pacer)) {}
  void play();
  void join();
  std::size_t ended(Leg& leg);

  PlayerSettings settings_;
  std::unique_ptr<FramePacer> pacer_;
  std::mutex mutex_;  // of the next four
  std::vector<Leg> legs_;
  std::vector<bool> taken_;  // by place
  std::size_t places_ = 1;
  std::uint64_t refused_ = 0;

  std::thread thread_;
  std::atomic<bool> returned_{false};  // the thread has no more to do; what it wrote is to be seen
  std::string failure_;
  nanoseconds cpu_{0};
};

}  // namespace assent::load
