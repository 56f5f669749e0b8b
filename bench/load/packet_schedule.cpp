#include "bench/load/packet_schedule.h"

#include "base/result.h"

namespace assent::load {

PacketSchedule::PacketSchedule(const StreamShape& shape, const Impairments& impairments, Seed seed)
    : shape_(shape), impairments_(impairments), seed_(seed) {}

void PacketSchedule::begin(LegNumber leg, Slot first) {
  ASSENT_CHECK(leg.value == legs_.size());
  legs_.push_back({StreamPlan(shape_, seed_, leg), NetworkPath(impairments_, seed_, leg), first});
  plan_next(leg);
}

std::size_t PacketSchedule::end(LegNumber leg) {
  legs_[leg.value].ended = true;
  return packets(leg);
}

void PacketSchedule::put(const Entry& entry) {
  wheel_[entry.slot.value % kSlots].push_back(entry);
  if (entry.kind == Entry::Kind::delayed) ++delayed_;
}

void PacketSchedule::plan_next(LegNumber number) {
  const Leg& leg = legs_[number.value];
  const auto after = static_cast<std::uint64_t>(leg.plan.due(leg.next) / kSlotTime);
  put({Slot(leg.first.value + after), {number, leg.next}, Entry::Kind::planned});
}

void PacketSchedule::take(Slot slot, std::vector<Departure>& departures) {
  auto& place = wheel_[slot.value % kSlots];
  // What is planned from here on may be due in this very slot: a burst.
  while (true) {
    current_.clear();
    std::size_t kept = 0;
    for (const Entry& entry : place) {
      if (entry.slot == slot) {
        current_.push_back(entry);
      } else {
        place[kept++] = entry;
      }
    }
    place.resize(kept, Entry{});
    if (current_.empty()) return;
    for (const Entry& entry : current_) depart(entry, departures);
  }
}

void PacketSchedule::depart(const Entry& entry, std::vector<Departure>& departures) {
  if (entry.kind == Entry::Kind::delayed) {
    --delayed_;
    departures.push_back(entry.departure);
    return;
  }
  Leg& leg = legs_[entry.departure.leg.value];
  if (leg.ended) return;
  leg.next = PacketNumber(leg.next.value + 1);
  Fate fate = leg.path.next();
  // Whatever overtakes a stream's very first packet is the first to a receiver, and that packet too late.
  if (entry.departure.packet == PacketNumber(0)) fate.delay = milliseconds(0);
  plan_next(entry.departure.leg);
  if (fate.lost) {
    ++counts_.lost;
    return;
  }
  const auto later = [&](milliseconds delay) {
    const Slot at(entry.slot.value + static_cast<std::uint64_t>(delay / kSlotTime));
    put({at, entry.departure, Entry::Kind::delayed});
  };
  if (fate.delay < kSlotTime) {
    departures.push_back(entry.departure);
  } else {
    later(fate.delay);
  }
  if (fate.again) {
    ++counts_.duplicated;
    later(*fate.again);
  }
}

}  // namespace assent::load
