// PayloadPattern: what a packet carries, as a function of the seed, the leg and the packet's number alone, so that a
// recording can be checked byte for byte by who has kept nothing. To a decoder of G.711 it is noise. Pure; any thread.
#pragma once

#include "base/bytes.h"
#include "bench/load/numbers.h"

namespace assent::load {

class PayloadPattern {
 public:
  explicit PayloadPattern(Seed seed) : seed_(seed) {}

  void fill(LegNumber leg, PacketNumber packet, ByteSpan payload) const;
  bool matches(LegNumber leg, PacketNumber packet, ByteView payload) const;

 private:
  Seed seed_;
};

}  // namespace assent::load
