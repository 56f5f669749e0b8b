#include "codecs/rtp.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto header = assent::parse_rtp({data, size});
  if (header && header->payload_offset + header->payload_size > size) __builtin_trap();
  return 0;
}
