// What the parts of assent-load count and name. Legs and packets are numbered from 0; a leg's number is never used
// again.
#pragma once

#include <cstdint>

#include "base/strong.h"
#include "base/time.h"

namespace assent::load {

using Seed = Strong<std::uint64_t, struct SeedTag>;
using LegNumber = Strong<std::uint32_t, struct LegNumberTag>;
using PacketNumber = Strong<std::uint32_t, struct PacketNumberTag>;  // of one leg, lost ones included
using Slot = Strong<std::uint64_t, struct SlotTag>;                  // a millisecond since the beginning

inline constexpr milliseconds kSlotTime = 1ms;

}  // namespace assent::load
