#include "codecs/redundant_payload.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto all = assent::parse_redundant_payload({data, size});
  if (!all) return 0;
  std::size_t sum = all->primary.payload.size() + 1;
  for (const auto& block : all->blocks_before()) sum += block.payload.size() + 4;
  if (sum != size) __builtin_trap();
  return 0;
}
