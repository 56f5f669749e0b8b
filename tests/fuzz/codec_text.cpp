#include "base/bytes.h"
#include "codecs/codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace assent;
  const auto codecs = parse_codecs(text_of({data, size}));
  if (codecs && parse_codecs(to_text(*codecs)).value() != *codecs) __builtin_trap();
  return 0;
}
