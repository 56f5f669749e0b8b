#include "codecs/amr_payload.h"

// The first byte chooses the codec.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace assent;
  if (size == 0) return 0;
  const Codec codec{data[0] & 1 ? CodecName::amr_wb : CodecName::amr, 8000, 1,
                    static_cast<FramePacking>(data[0] >> 1 & 1)};
  AmrFrames frames(codec, {data + 1, size - 1});
  std::size_t count = 0;
  while (frames.next()) ++count;
  if (count != frames.count().value_or(0)) __builtin_trap();
  return 0;
}
