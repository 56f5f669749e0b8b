// FramePacer: the kernel's program that sends frames when they are due, loaded, and the tables that it shares with this
// process (BPF_PROG_TEST_RUN with BPF_F_TEST_XDP_LIVE_FRAMES, Linux 5.18).
//
// Owns the program, its maps and their memory; nothing is pinned or attached, so all is gone with the process. The
// frames come up from the loopback device of this network namespace as if received there, with sources that no host
// has, so the namespace must be one made for it (bench/peers/network.py).
//
// create: one thread. run: one thread; what it shares may be read and written by others beside it, as paced_frames.h
// says.
#pragma once

#include <memory>
#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "bench/load/paced_frames.h"

namespace assent::load {

class FramePacer {
 public:
  // Errc::denied without CAP_NET_ADMIN and CAP_BPF, Errc::invalid where the loopback device takes no such frames,
  // Errc::unsupported where the kernel has no live frames, Errc::io when it refuses otherwise.
  static Result<std::unique_ptr<FramePacer>> create(Bytes frame);
  ~FramePacer();
  FramePacer(const FramePacer&) = delete;
  FramePacer& operator=(const FramePacer&) = delete;

  Pace& pace() { return *pace_; }
  PacedLeg& leg(std::size_t place) { return legs_[place]; }
  std::span<const std::uint64_t> lags() const { return {lags_, kLagSteps}; }  // packets by steps of kLagStepNs

  // Sends until all is sent and a signal interrupts it (Errc::unavailable), or the kernel has given out four thousand
  // million frames. Keeps the core busy.
  Result<void> run();

 private:
  explicit FramePacer(Bytes frame);
  Result<void> load();

  Bytes frame_;
  struct Object;  // libbpf's
  std::unique_ptr<Object> object_;
  int program_fd_ = -1;
  unsigned device_ = 0;
  Pace* pace_ = nullptr;
  PacedLeg* legs_ = nullptr;
  std::uint64_t* lags_ = nullptr;
};

}  // namespace assent::load
