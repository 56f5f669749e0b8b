#include "codecs/opus_packet.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto ticks = assent::opus_ticks({data, size});
  if (ticks && (*ticks < 120 || *ticks > 5760)) __builtin_trap();
  return 0;
}
