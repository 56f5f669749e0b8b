#include "crypto/wipe.h"

#include <openssl/crypto.h>

#include <array>

namespace assent {
namespace {

#if defined(__x86_64__)
void wipe_vector_registers() {
  // Registers 16 to 31 exist with AVX-512 only, and no code that is compiled without it keeps anything there.
  if (__builtin_cpu_supports("avx512f")) {
    asm volatile(
        "vpxord %%zmm16, %%zmm16, %%zmm16\n vpxord %%zmm17, %%zmm17, %%zmm17\n vpxord %%zmm18, %%zmm18, %%zmm18\n"
        "vpxord %%zmm19, %%zmm19, %%zmm19\n vpxord %%zmm20, %%zmm20, %%zmm20\n vpxord %%zmm21, %%zmm21, %%zmm21\n"
        "vpxord %%zmm22, %%zmm22, %%zmm22\n vpxord %%zmm23, %%zmm23, %%zmm23\n vpxord %%zmm24, %%zmm24, %%zmm24\n"
        "vpxord %%zmm25, %%zmm25, %%zmm25\n vpxord %%zmm26, %%zmm26, %%zmm26\n vpxord %%zmm27, %%zmm27, %%zmm27\n"
        "vpxord %%zmm28, %%zmm28, %%zmm28\n vpxord %%zmm29, %%zmm29, %%zmm29\n vpxord %%zmm30, %%zmm30, %%zmm30\n"
        "vpxord %%zmm31, %%zmm31, %%zmm31\n" ::
            : "memory");
  }
  if (__builtin_cpu_supports("avx")) {
    asm volatile("vzeroall" ::
                     : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",
                       "xmm12", "xmm13", "xmm14", "xmm15");
  }
}
#else
void wipe_vector_registers() {}
#endif

}  // namespace

void wipe(ByteSpan memory) { OPENSSL_cleanse(memory.data(), memory.size()); }

// Not inlined: its frame lies right below the caller's.
[[gnu::noinline]] void wipe_traces() {
  wipe_vector_registers();
  std::array<std::uint8_t, kTraceBytes> below;
  OPENSSL_cleanse(below.data(), below.size());
}

}  // namespace assent
