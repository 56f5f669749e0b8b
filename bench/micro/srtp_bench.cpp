// What does opening an SRTP packet cost, by libsrtp and by the batched engine, with 1 to 10,000 sessions, against what
// ipsec-mb alone takes for the same bytes under as many keys (bench/micro/floor.h)? Nanoseconds of CPU time a packet of
// G.711, the median of kRounds rounds.
//
// Packets come in sweeps of 256, of one session after the other, each in a block of its own, into which it has just
// been copied: as from the kernel. Copying and sealing are not measured. BACKING=locked: keys in huge pages.
#include <benchmark/benchmark.h>
#include <intel-ipsec-mb.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "bench/micro/floor.h"
#include "crypto/random.h"
#include "crypto/srtp_batched.h"
#include "crypto/srtp_cipher.h"
#include "crypto/srtp_libsrtp.h"

namespace {

using namespace assent;

constexpr int kRounds = 7;
constexpr std::size_t kPacketsARound = 20480;  // with 10,000 sessions each is met twice
constexpr std::size_t kSlowPacketsARound = 2048;
constexpr std::size_t kSweep = 256;
constexpr std::size_t kPlainBytes = 172;

bench::Floor counter_mode_alone;
bench::Floor gcm_alone;
bench::Floor& floor_of(SrtpSuite suite) { return is_aead(suite) ? gcm_alone : counter_mode_alone; }

ArenaBacking backing() {
  const char* const wanted = std::getenv("BACKING");
  return wanted != nullptr && std::string_view(wanted) == "locked" ? ArenaBacking::locked_memory
                                                                   : ArenaBacking::secret_memory;
}

SrtpMasterKey random_key(SrtpSuite suite) {
  Bytes bytes(key_bytes(suite) + salt_bytes(suite));
  random_bytes(bytes);
  return std::move(SrtpMasterKey::create(suite, bytes)).value();
}

// Where the packets of a sweep lie: a block each.
class Blocks {
 public:
  ByteSpan block(std::size_t i) { return ByteSpan(memory_).subspan(i * limits::kPageBytes, limits::kPageBytes); }

 private:
  Bytes memory_ = Bytes(kSweep * limits::kPageBytes);
};

// prepare(first packet of the sweep), and then the work that is measured, until all rounds are over.
template <typename Prepare, typename Work>
double median_ns(std::size_t packets_a_round, Prepare&& prepare, Work&& work) {
  std::array<double, kRounds> rounds{};
  std::size_t packet = 0;
  for (double& round : rounds) {
    for (std::size_t done = 0; done < packets_a_round; done += kSweep, packet += kSweep) {
      prepare(packet);
      const double before = bench::cpu_ns();
      work();
      round += bench::cpu_ns() - before;
    }
    round /= static_cast<double>(packets_a_round);
  }
  std::ranges::nth_element(rounds, rounds.begin() + kRounds / 2);
  return rounds[kRounds / 2];
}

// ipsec-mb with all that it needs laid out before.
double alone_ns(SrtpSuite suite, std::size_t sessions) {
  auto cipher = std::move(SrtpCipher::create(backing())).value();
  const auto schedules = std::move(SrtpSchedules::create(sessions, backing())).value();
  std::vector<SrtpSchedules::Place> keys;
  for (std::size_t i = 0; i < sessions; ++i) {
    keys.push_back(schedules->take());
    cipher.expand(SrtpSessionKeys::derive(random_key(suite), SrtpProtocol::rtp).view(), *keys.back());
  }
  IMB_MGR* const manager = alloc_mb_mgr(0);
  init_mb_mgr_auto(manager, nullptr);
  Blocks blocks;
  const std::array<std::uint8_t, 16> iv{};
  std::array<std::array<std::uint8_t, 20>, kSweep> tags{};
  std::vector<IMB_JOB> hashes(kSweep);
  std::vector<IMB_JOB> ciphers(kSweep);
  std::array<const SrtpSchedule*, kSweep> keys_of_sweep{};
  gcm_context_data message{};

  const auto prepare = [&](std::size_t first) {
    for (std::size_t i = 0; i < kSweep; ++i) {
      const SrtpSchedule& key = *keys[(first + i) % sessions];
      std::uint8_t* const packet = blocks.block(i).data();
      std::memset(packet, 0x5A, kPlainBytes + 10);
      keys_of_sweep[i] = &key;
      hashes[i] = IMB_JOB{};
      hashes[i].src = packet;
      hashes[i].msg_len_to_hash_in_bytes = kPlainBytes + 4;
      hashes[i].hash_alg = IMB_AUTH_HMAC_SHA_1;
      hashes[i].auth_tag_output = tags[i].data();
      hashes[i].auth_tag_output_len_in_bytes = 20;
      hashes[i].u.HMAC._hashed_auth_key_xor_ipad = key.inner.data();
      hashes[i].u.HMAC._hashed_auth_key_xor_opad = key.outer.data();
      ciphers[i] = IMB_JOB{};
      ciphers[i].src = packet;
      ciphers[i].dst = packet + 12;
      ciphers[i].cipher_start_src_offset_in_bytes = 12;
      ciphers[i].msg_len_to_cipher_in_bytes = kPlainBytes - 12;
      ciphers[i].iv = iv.data();
      ciphers[i].iv_len_in_bytes = 16;
      ciphers[i].enc_keys = key.cipher.data();
      ciphers[i].key_len_in_bytes = 16;
      ciphers[i].cipher_mode = IMB_CIPHER_CNTR;
      ciphers[i].cipher_direction = IMB_DIR_ENCRYPT;
    }
  };
  const auto counter_mode = [&] {
    for (std::uint32_t i = 0; i < kSweep; i += limits::kSrtpBatch) {
      IMB_SUBMIT_HASH_BURST_NOCHECK(manager, &hashes[i], limits::kSrtpBatch, IMB_AUTH_HMAC_SHA_1);
      IMB_SUBMIT_CIPHER_BURST_NOCHECK(manager, &ciphers[i], limits::kSrtpBatch, IMB_CIPHER_CNTR, IMB_DIR_ENCRYPT,
                                      IMB_KEY_128_BYTES);
    }
  };
  const auto gcm = [&] {
    for (std::size_t i = 0; i < kSweep; ++i) {
      std::uint8_t* const packet = blocks.block(i).data();
      const auto* const key = reinterpret_cast<const gcm_key_data*>(keys_of_sweep[i]->cipher.data());
      manager->gcm128_dec(key, &message, packet + 12, packet + 12, kPlainBytes - 12, iv.data(), packet, 12,
                          tags[i].data(), 16);
    }
  };
  const double ns =
      is_aead(suite) ? median_ns(kPacketsARound, prepare, gcm) : median_ns(kPacketsARound, prepare, counter_mode);
  free_mb_mgr(manager);
  return ns;
}

// An engine with receivers, and what seals for them.
double engine_ns(SrtpSuite suite, std::size_t sessions, SrtpEngine& engine, std::size_t packets_a_round) {
  const auto other_end = std::move(BatchedSrtp::create(sessions, backing())).value();
  std::vector<std::unique_ptr<SrtpSession>> senders;
  std::vector<std::unique_ptr<SrtpSession>> receivers;
  for (std::size_t i = 0; i < sessions; ++i) {
    const std::array keys{random_key(suite)};
    senders.push_back(
        std::move(other_end->open({.suite = suite, .direction = SrtpDirection::send, .keys = keys})).value());
    receivers.push_back(std::move(engine.open({.suite = suite, .keys = keys})).value());
  }
  Blocks blocks;
  std::array<SrtpPacket, kSweep> packets;
  const auto prepare = [&](std::size_t first) {
    for (std::size_t i = 0; i < kSweep; ++i) {
      const std::size_t session = (first + i) % sessions;
      const ByteSpan block = blocks.block(i);
      std::memset(block.data(), 0x5A, kPlainBytes);
      block[0] = 0x80;
      block[1] = 0;
      store_be16(block.data() + 2, static_cast<std::uint16_t>((first + i) / sessions));
      store_be32(block.data() + 8, static_cast<std::uint32_t>(session));
      packets[i] = {.session = senders[session].get(), .memory = block, .bytes = kPlainBytes};
    }
    other_end->protect(packets);
    for (std::size_t i = 0; i < kSweep; ++i) packets[i].session = receivers[(first + i) % sessions].get();
  };
  const double ns = median_ns(packets_a_round, prepare, [&] { engine.unprotect(packets); });
  for (const auto& receiver : receivers) ASSENT_CHECK(receiver->counts().faults == SrtpCounts{}.faults);
  return ns;
}

void floor(benchmark::State& state, SrtpSuite suite) {
  for (auto _ : state) {
    floor_of(suite).is(state, state.range(0), alone_ns(suite, static_cast<std::size_t>(state.range(0))));
  }
}

void batched(benchmark::State& state, SrtpSuite suite) {
  const auto sessions = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    const auto engine = std::move(BatchedSrtp::create(sessions, backing())).value();
    floor_of(suite).beside(state, state.range(0), engine_ns(suite, sessions, *engine, kPacketsARound));
  }
}

void libsrtp(benchmark::State& state, SrtpSuite suite) {
  const auto sessions = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    LibsrtpEngine engine;
    floor_of(suite).beside(state, state.range(0), engine_ns(suite, sessions, engine, kSlowPacketsARound));
  }
}

void sessions(benchmark::internal::Benchmark* of) {
  for (const int count : {1, 100, 1000, 10000}) of->Arg(count);
  of->Iterations(1);  // the rounds are ours
}

constexpr auto kCounterMode = SrtpSuite::aes_cm_128_hmac_sha1_80;
constexpr auto kGcm = SrtpSuite::aead_aes_128_gcm;
BENCHMARK_CAPTURE(floor, AES_CM_128_HMAC_SHA1_80, kCounterMode)->Apply(sessions);
BENCHMARK_CAPTURE(batched, AES_CM_128_HMAC_SHA1_80, kCounterMode)->Apply(sessions);
BENCHMARK_CAPTURE(floor, AEAD_AES_128_GCM, kGcm)->Apply(sessions);
BENCHMARK_CAPTURE(batched, AEAD_AES_128_GCM, kGcm)->Apply(sessions);
BENCHMARK_CAPTURE(libsrtp, AES_CM_128_HMAC_SHA1_80, kCounterMode)->Apply(sessions);
BENCHMARK_CAPTURE(libsrtp, AEAD_AES_128_GCM, kGcm)->Apply(sessions);

}  // namespace
