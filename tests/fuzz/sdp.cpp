#include "engine/signalling/rtpengine_subscription.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto session = assent::parse_sdp({reinterpret_cast<const char*>(data), size});
  if (!session) return 0;
  const auto offered = assent::media_offered(*session);
  if (!offered) return 0;
  // Whatever was offered, the answer to it can be read.
  if (!assent::parse_sdp(assent::answer_to(*offered, {offered->from, 1}, 1))) __builtin_trap();
  return 0;
}
