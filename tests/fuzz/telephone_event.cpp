#include "codecs/telephone_event.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  assent::DigitDetector detector;
  for (assent::ByteView rest(data, size); rest.size() > 20; rest = rest.subspan(20)) {
    const auto header = assent::parse_rtp(rest.first(16));
    if (header) detector.see_packet(*header, rest.subspan(12, 8), [](char, assent::RtpTimestamp) {});
  }
  return 0;
}
