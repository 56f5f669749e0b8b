// SrtpIntake: where the datagrams of SRTP legs wait for each other, to be opened many at a time, before their legs see
// them.
//
//      source -> [ is the leg's SRTP? ] --no-------------------------------> leg
//                        | yes
//                        +--> waits, until a batch is full or the sweep is over --> opened in place --> leg
//
// It knows of each leg whether it is SRTP, which is a byte a leg, so that a datagram of one that is not costs no more
// than that; owns the datagrams that wait, at most limits::kSrtpBatch; and borrows the sessions, which belong to their
// legs (engine/ingest/leg_srtp.h). The datagrams of a leg go on in the order in which they came, RTCP among them. What
// cannot be opened goes nowhere: its session counts it, and its block is wiped.
//
// The shard's thread; between two sweeps nothing waits. It allocates when a leg comes, and never for a datagram.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "crypto/srtp_session.h"
#include "engine/ingest/datagram_source.h"

namespace assent {

class SrtpIntake {
 public:
  explicit SrtpIntake(SrtpEngine& engine) : engine_(engine) {}
  SrtpIntake(const SrtpIntake&) = delete;
  SrtpIntake& operator=(const SrtpIntake&) = delete;

  // The leg's datagrams are SRTP from now on, to be opened with `session`; null: there is none yet, and they cannot be.
  void protect(LegSlot leg, SrtpSession* session);
  // They are not, or the leg is gone. What waits of it is dropped.
  void remove(LegSlot leg);
  bool has(LegSlot leg) const { return leg.value < is_srtp_.size() && is_srtp_[leg.value] != 0; }
  bool can_open(LegSlot leg) const { return has(leg) && sessions_[leg.value] != nullptr; }

  // Of a leg that can be opened. True when no more fit: they are to be opened now.
  bool add(LegSlot leg, DatagramPort port, Datagram&& datagram) {
    waiting_[count_++].emplace(leg, port, std::move(datagram));
    return count_ == waiting_.size();
  }
  bool is_empty() const { return count_ == 0; }

  // Opens all that wait, and hands on, in their order, what is authentic: deliver(LegSlot, DatagramPort, Datagram&&).
  template <typename Deliver>
  void open(Deliver&& deliver) {
    open_rtp();
    const std::size_t count = std::exchange(count_, 0);
    for (std::size_t i = 0; i < count; ++i) {
      Waiting& one = *waiting_[i];
      if (one.is_rtcp) open_rtcp(one);
      // Whoever got one before it may have ended the leg.
      if (one.is_open && can_open(one.leg)) deliver(one.leg, one.port, std::move(one.datagram));
      waiting_[i].reset();
    }
  }

 private:
  struct Waiting {
    Waiting(LegSlot slot, DatagramPort to, Datagram&& came) : leg(slot), port(to), datagram(std::move(came)) {}

    LegSlot leg;
    DatagramPort port;
    bool is_rtcp = false;
    bool is_open = false;
    Datagram datagram;
  };

  void open_rtp();
  void open_rtcp(Waiting& one);
  SrtpPacket packet_of(Waiting& one) const;
  static void take_over(Waiting& one, const SrtpPacket& opened);

  SrtpEngine& engine_;
  std::vector<std::uint8_t> is_srtp_;  // by slot ...
  std::vector<SrtpSession*> sessions_;
  std::size_t count_ = 0;
  std::array<std::optional<Waiting>, limits::kSrtpBatch> waiting_;
  std::array<SrtpPacket, limits::kSrtpBatch> packets_;  // of RTP, of those that wait ...
  std::array<Waiting*, limits::kSrtpBatch> owners_{};   // ... and whose each is
};

}  // namespace assent
