// Random bytes for keys, ids of messages and IVs: straight from the kernel, getrandom(2), and never from a generator in
// this process, whose state a fork or a cloned machine would repeat. Blocks only before the kernel's pool is first
// filled, early at boot; cannot fail after that. Any thread.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace assent {

void random_bytes(ByteSpan out);
std::array<std::uint8_t, 32> random_32();

}  // namespace assent
