// wipe: overwrites memory in a way the compiler may not leave out (OPENSSL_cleanse). Any thread.
//
// wipe_traces: for a thread that has handled what must not outlive the call. Copying leaves the last bytes in the
// vector registers, of which half are never touched by anything else, and whoever saves all registers (the dynamic
// linker on the first call of a function) leaves them on the stack, where nothing wipes them. So this zeroes the vector
// registers, and kTraceBytes of the stack below its caller's frame: as deep as the calls before can have reached.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"

namespace assent {

void wipe(ByteSpan memory);
inline void wipe(std::string& text) { wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()}); }

// The call chain of a packet needs some 2 KiB, saving the registers of AVX-512 some 3 KiB more. About 0.3 us.
inline constexpr std::size_t kTraceBytes = std::size_t{16} * 1024;
void wipe_traces();

}  // namespace assent
