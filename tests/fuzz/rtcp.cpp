#include "codecs/rtcp.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto contents = assent::parse_rtcp({data, size});
  if (contents && contents->sender) (void)assent::wall_time_of(contents->sender->ntp);
  return 0;
}
