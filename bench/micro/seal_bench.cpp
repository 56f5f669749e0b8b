// What does sealing one block cost, against the cipher alone (bench/micro/floor.h), and what does the cipher cost with
// OpenSSL alone? Nanoseconds a block. One block of G.711 is 24 packets: divide by that for the cost of a packet.
#include <benchmark/benchmark.h>

#include <array>
#include <vector>

#include "bench/micro/floor.h"
#include "codecs/matroska/block_writer.h"
#include "codecs/voice_activity.h"
#include "crypto/aes_gcm.h"
#include "crypto/frame_cipher.h"
#include "crypto/message.h"

namespace {

using namespace assent;

bench::Floor cipher_alone;

// AES-256-GCM of as many bytes, one context, one key; nanoseconds a block.
double gcm_ns(benchmark::State& state, AesGcm::Engine engine) {
  const SecretKey key = SecretKey::random();
  AesGcm gcm(engine);
  ASSENT_CHECK(gcm.set_key(key.reveal()));
  std::array<std::uint8_t, limits::kFrameBytes> plain{};
  std::array<std::uint8_t, limits::kFrameBytes> sealed{};
  std::array<std::uint8_t, 16> tag{};
  std::array<std::uint8_t, 12> iv{};
  std::uint32_t number = 0;
  const double before = bench::cpu_ns();
  for (auto _ : state) {
    store_be32(iv.data() + 8, ++number);
    benchmark::DoNotOptimize(gcm.seal(iv, {}, plain, sealed, tag));
  }
  return (bench::cpu_ns() - before) / static_cast<double>(state.iterations());
}

void openssl_gcm(benchmark::State& state) { state.counters["ns"] = gcm_ns(state, AesGcm::Engine::openssl); }
BENCHMARK(openssl_gcm);

// The floor of every number of segments: a key of its own for each is part of what is measured.
void floor_gcm(benchmark::State& state) { cipher_alone.is(state, 0, gcm_ns(state, AesGcm::Engine::fastest)); }
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
  const double before = bench::cpu_ns();
  for (auto _ : state) {
    if (turn == 0) ++number;
    sealers[turn].seal_frame(cipher, number, plain, page);
    turn = (turn + 1) % sealers.size();
    benchmark::DoNotOptimize(page);
  }
  cipher_alone.beside(state, 0, (bench::cpu_ns() - before) / static_cast<double>(state.iterations()));
}
BENCHMARK(seal_frame)->Arg(1)->Arg(1000);

// Beside it: how much of the block is talk, which is looked at before it is encrypted.
void talk_in_block(benchmark::State& state) {
  std::array<std::uint8_t, limits::kFrameBytes> block{};
  std::array<std::uint8_t, 160> payload{};
  for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<std::uint8_t>(i * 37);
  auto cluster = matroska::ClusterWriter::begin(block, WallTime(0s));
  std::size_t packets = 0;
  for (WallTime at(0s); cluster.fits(payload.size(), at); at += 20ms, ++packets) cluster.append(payload, at);
  cluster.finish();
  const double before = bench::cpu_ns();
  for (auto _ : state) {
    benchmark::DoNotOptimize(block);
    benchmark::DoNotOptimize(talk_in(Codec{}, block));
  }
  const double ns = (bench::cpu_ns() - before) / static_cast<double>(state.iterations());
  cipher_alone.beside(state, 0, ns);
  state.counters["ns_a_packet"] = ns / static_cast<double>(packets);
}
BENCHMARK(talk_in_block);

}  // namespace
