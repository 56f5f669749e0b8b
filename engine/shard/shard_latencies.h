// ShardLatencies: how long packets and opt-ins take in a shard, for the metrics.
//
// packet_to_gate    A bound, one a sweep, counted for each of its datagrams: from the beginning of the sweep before,
//                   which left nothing behind, until this one has handed on all it took. So no datagram was older in
//                   the engine's hands, and most were younger. It costs two readings of the clock a sweep and none a
//                   packet. What a packet waits in its leg's reorder window, when others are missing, is not in it.
// opt_in_to_turn    From a yes until the gate turned to `opening`: from that packet on audio is taken as consented to,
//                   and what the ring holds stays. A yes through the API begins when its request has been read; one by
//                   a digit with the sweep before the one that brought it, as above.
// opt_in_to_open    From the same moment until the gate is `open`: the consent record is on disk and audio flows to be
//                   sealed. It contains a commit of the catalog, and nothing is lost by it: what is said meanwhile is
//                   held.
// refusal_to_turn   From a no that leaves a leg without consent, until its gate turned: what is queued is void, and
//                   what comes is not taken. It begins as a yes does.
// refusal_to_quiet  From the same moment until no worker is sealing a block of that leg: the last byte of it that is
//                   ever sealed is behind. The reply waits for this and, besides, for the record.
//
// Writer: the shard's thread. Readers: any thread.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>

#include "base/latency_histogram.h"
#include "base/limits.h"
#include "base/time.h"

namespace assent {

class ShardLatencies {
 public:
  explicit ShardLatencies(std::function<MonoTime()> clock) : clock_(std::move(clock)) {}

  const LatencyHistogram& packet_to_gate() const { return packet_to_gate_; }
  const LatencyHistogram& opt_in_to_turn() const { return opt_in_to_turn_; }
  const LatencyHistogram& opt_in_to_open() const { return opt_in_to_open_; }
  const LatencyHistogram& refusal_to_turn() const { return refusal_to_turn_; }
  const LatencyHistogram& refusal_to_quiet() const { return refusal_to_quiet_; }

  // ---- the shard's thread ----
  void sweep_begins(MonoTime now) {
    now_ = now;
    if (!oldest_arrival_) oldest_arrival_ = now;
  }
  void sweep_took(std::size_t datagrams) {
    if (datagrams != 0) packet_to_gate_.add(clock_() - *oldest_arrival_, datagrams);
    // One that reached its bound may have left some behind, which are older than the next sweep's.
    if (datagrams < limits::kSteeredSweepDatagrams) oldest_arrival_ = now_;
  }
  // What this sweep brings came later than this.
  MonoTime oldest_arrival() const { return oldest_arrival_.value_or(now_); }
  void gate_turned(MonoTime asked_at) { opt_in_to_turn_.add(clock_() - asked_at); }
  void gate_opened(MonoTime asked_at) { opt_in_to_open_.add(clock_() - asked_at); }
  void gate_refused(MonoTime asked_at) { refusal_to_turn_.add(clock_() - asked_at); }
  void went_quiet(MonoTime asked_at) { refusal_to_quiet_.add(clock_() - asked_at); }

 private:
  std::function<MonoTime()> clock_;
  MonoTime now_{};                          // when the sweep under way began
  std::optional<MonoTime> oldest_arrival_;  // no datagram that is still to be taken came before
  LatencyHistogram packet_to_gate_;
  LatencyHistogram opt_in_to_turn_;
  LatencyHistogram opt_in_to_open_;
  LatencyHistogram refusal_to_turn_;
  LatencyHistogram refusal_to_quiet_;
};

}  // namespace assent
