#include "crypto/random.h"

#include <sys/random.h>

#include <cerrno>

#include "base/result.h"

namespace assent {

void random_bytes(ByteSpan out) {
  while (!out.empty()) {
    const ssize_t got = ::getrandom(out.data(), out.size(), 0);
    if (got < 0) {
      // EINTR is the only failure a kernel that has the call can give; going on without randomness is not an option.
      ASSENT_CHECK(errno == EINTR);
      continue;
    }
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

std::array<std::uint8_t, 32> random_32() {
  std::array<std::uint8_t, 32> bytes;
  random_bytes(bytes);
  return bytes;
}

}  // namespace assent
