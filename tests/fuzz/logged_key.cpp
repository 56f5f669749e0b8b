#include "engine/signalling/logged_key.h"

#include <cstdint>
#include <cstdlib>

// Whoever it is of is named, and the key is one.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto key = assent::logged_key({reinterpret_cast<const char*>(data), size});
  if (key && (key->call_id.empty() || key->tag.empty() || key->key == '\0')) std::abort();
  return 0;
}
