#include "engine/signalling/rs_metadata.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto said = assent::parse_rs_metadata({reinterpret_cast<const char*>(data), size});
  if (said) (void)assent::updated(assent::updated({}, *said), *said);
  return 0;
}
