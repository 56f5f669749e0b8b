#include <cstdlib>

#include "engine/signalling/bencode.h"

// What is read is written as it was.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto value = assent::parse_bencode(text);
  if (value && assent::to_text(*value) != text) std::abort();
  return 0;
}
