// What does sealing one block cost, against the cipher alone? One block of G.711 is 24 packets: divide by that for the
// cost of a packet.
#include <benchmark/benchmark.h>

#include <array>
#include <vector>

#include "crypto/aes_gcm.h"
#include "crypto/frame_cipher.h"
#include "crypto/message.h"

namespace {

using namespace assent;

// The floor: AES-256-GCM of as many bytes, one context, one key.
void floor_gcm(benchmark::State& state) {
  const SecretKey key = SecretKey::random();
  AesGcm gcm;
  if (!gcm.set_key(key.reveal())) return state.SkipWithError("no key");
  std::array<std::uint8_t, limits::kFrameBytes> plain{};
  std::array<std::uint8_t, limits::kFrameBytes> sealed{};
  std::array<std::uint8_t, 16> tag{};
  std::array<std::uint8_t, 12> iv{};
  std::uint32_t number = 0;
  for (auto _ : state) {
    store_be32(iv.data() + 8, ++number);
    benchmark::DoNotOptimize(gcm.seal(iv, {}, plain, sealed, tag));
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(plain.size()));
}
BENCHMARK(floor_gcm);

// Ours: a frame of a segment, with its header, AAD and bookkeeping; `range` segments in turn, as a worker meets them.
void seal_frame(benchmark::State& state) {
  std::vector<SegmentSealer> sealers;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    sealers.push_back(*SegmentSealer::create(SecretKey::random(), KeyId{}, {}));
  }
  FrameCipher cipher;
  std::array<std::uint8_t, limits::kFrameBytes> plain{};
  std::array<std::uint8_t, limits::kPageBytes> page{};
  std::uint32_t number = 0;
  std::size_t turn = 0;
  for (auto _ : state) {
    if (turn == 0) ++number;
    sealers[turn].seal_frame(cipher, number, plain, page);
    turn = (turn + 1) % sealers.size();
    benchmark::DoNotOptimize(page);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(plain.size()));
}
BENCHMARK(seal_frame)->Arg(1)->Arg(1000);

}  // namespace
