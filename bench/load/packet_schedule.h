// PacketSchedule: which packets of all legs leave in which millisecond.
//
// Owns each leg's plan and path and a wheel of slots: a ring of lists, where an entry further ahead than the ring is
// long waits for its turn to come round. A leg has one entry for its next packet, and one for each packet that its path
// delays. Costs a few nanoseconds a packet whatever the number of legs. Pure; one thread.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "bench/load/network_path.h"
#include "bench/load/stream_plan.h"

namespace assent::load {

struct Departure {
  LegNumber leg;
  PacketNumber packet;
};

struct ScheduleCounts {
  std::uint64_t lost = 0;        // by the paths
  std::uint64_t duplicated = 0;  // sent once more
};

class PacketSchedule {
 public:
  PacketSchedule(const StreamShape& shape, const Impairments& impairments, Seed seed);

  // The leg's first packet is due then. Legs come in the order of their numbers.
  void begin(LegNumber leg, Slot first);
  // No new packets of the leg; what is under way still leaves. How many packets it had, lost ones included.
  std::size_t end(LegNumber leg);
  // Appends what leaves in this slot. Every slot is asked for, once, in order.
  void take(Slot slot, std::vector<Departure>& departures);

  RtpHeader header(const Departure& departure) const {
    return legs_[departure.leg.value].plan.header(departure.packet);
  }
  std::size_t packets(LegNumber leg) const { return legs_[leg.value].next.value; }
  const ScheduleCounts& counts() const { return counts_; }
  bool is_delaying() const { return delayed_ != 0; }  // packets are under way

 private:
  static constexpr std::size_t kSlots = 4096;

  struct Leg {
    StreamPlan plan;
    NetworkPath path;
    Slot first;
    PacketNumber next{};
    bool ended = false;
  };
  struct Entry {
    Slot slot;
    Departure departure;
    enum class Kind : std::uint8_t { planned, delayed } kind;
  };

  void put(const Entry& entry);
  void plan_next(LegNumber number);
  void depart(const Entry& entry, std::vector<Departure>& departures);

  StreamShape shape_;
  Impairments impairments_;
  Seed seed_;
  std::vector<Leg> legs_;  // by number
  std::vector<std::vector<Entry>> wheel_{kSlots};
  std::vector<Entry> current_;
  std::size_t delayed_ = 0;
  ScheduleCounts counts_;
};

}  // namespace assent::load
