#include "crypto/srtp_cipher.h"

#include <utility>

#include "base/limits.h"
#include "crypto/wipe.h"

#ifdef ASSENT_IPSEC_MB

#include <intel-ipsec-mb.h>

#include <algorithm>
#include <new>

namespace assent {

static_assert(sizeof(gcm_key_data) <= sizeof(SrtpSchedule::cipher));
static_assert(limits::kSrtpBatch <= IMB_MAX_BURST_SIZE);

struct SrtpCipher::State {
  explicit State(SecureArena memory)
      : arena(std::move(memory)),
        message(new (arena.memory().data()) gcm_context_data{}),
        manager(imb_set_pointers_mb_mgr(arena.memory().data() + kMessageBytes, 0, 1)) {
    init_mb_mgr_auto(manager, nullptr);
    for (IMB_JOB& job : hash_jobs) {
      job.hash_alg = IMB_AUTH_HMAC_SHA_1;
      job.hash_start_src_offset_in_bytes = 0;
      job.auth_tag_output_len_in_bytes = SrtpKeyView::kAuthenticationBytes;
    }
    for (IMB_JOB& job : cipher_jobs) {
      job.cipher_mode = IMB_CIPHER_CNTR;
      job.cipher_direction = IMB_DIR_ENCRYPT;  // the same both ways
      job.iv_len_in_bytes = sizeof(SrtpIv);
    }
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { wipe(arena.memory()); }

  static constexpr std::size_t kMessageBytes = 128;  // in whole cache lines
  static_assert(sizeof(gcm_context_data) <= kMessageBytes);

  SecureArena arena;  // has the next two
  gcm_context_data* message;
  IMB_MGR* manager;
  // What differs between packets is set anew each time.
  std::array<IMB_JOB, limits::kSrtpBatch> hash_jobs{};
  std::array<IMB_JOB, limits::kSrtpBatch> cipher_jobs{};
};

bool SrtpCipher::is_available() {
  static const bool available = [] {
    constexpr std::uint64_t kNeeded = IMB_FEATURE_AESNI | IMB_FEATURE_PCLMULQDQ | IMB_FEATURE_SELF_TEST_PASS;
    IMB_MGR* const manager = alloc_mb_mgr(0);
    if (manager == nullptr) return false;
    init_mb_mgr_auto(manager, nullptr);
    const bool is_sound = imb_get_errno(manager) == 0 && (manager->features & kNeeded) == kNeeded;
    free_mb_mgr(manager);
    return is_sound;
  }();
  return available;
}

std::size_t SrtpCipher::locked_bytes() { return State::kMessageBytes + imb_get_mb_mgr_size(); }

Result<SrtpCipher> SrtpCipher::create(ArenaBacking backing) {
  ASSENT_CHECK(is_available());
  auto arena = SecureArena::create(locked_bytes(), backing);
  if (!arena) return arena.error();
  return SrtpCipher(std::make_unique<State>(std::move(*arena)));
}

void SrtpCipher::expand(const SrtpKeyView& keys, SrtpSchedule& schedule) {
  IMB_MGR* const manager = state_->manager;
  std::ranges::copy(keys.salt, schedule.salt.begin());
  const std::uint8_t* const key = keys.encryption.data();
  if (is_aead(keys.suite)) {
    auto* const expanded = reinterpret_cast<gcm_key_data*>(schedule.cipher.data());
    if (key_bytes(keys.suite) == 32) {
      IMB_AES256_GCM_PRE(manager, key, expanded);
    } else {
      IMB_AES128_GCM_PRE(manager, key, expanded);
    }
    return;
  }
  // The library expands for decryption, too, which counter mode does not need.
  alignas(16) std::array<std::uint8_t, 240> unused;
  if (key_bytes(keys.suite) == 32) {
    IMB_AES_KEYEXP_256(manager, key, schedule.cipher.data(), unused.data());
  } else {
    IMB_AES_KEYEXP_128(manager, key, schedule.cipher.data(), unused.data());
  }
  std::array<std::uint8_t, IMB_SHA1_BLOCK_SIZE> block;
  const auto state_after = [&](std::uint8_t pad, std::array<std::uint8_t, 20>& state) {
    block.fill(pad);
    for (std::size_t i = 0; i < keys.authentication.size(); ++i) block[i] ^= keys.authentication[i];
    IMB_SHA1_ONE_BLOCK(manager, block.data(), state.data());
  };
  state_after(0x36, schedule.inner);
  state_after(0x5C, schedule.outer);
  wipe(unused);
  wipe(block);
}

void SrtpCipher::authenticate(std::span<SrtpCipherJob* const> jobs) {
  constexpr std::uint32_t kRolloverBytes = 4;
  ASSENT_CHECK(jobs.size() <= state_->hash_jobs.size());
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    IMB_JOB& job = state_->hash_jobs[i];
    job.src = jobs[i]->packet;
    job.msg_len_to_hash_in_bytes = jobs[i]->payload_at + jobs[i]->payload_bytes + kRolloverBytes;
    job.auth_tag_output = jobs[i]->tag.data();
    job.u.HMAC._hashed_auth_key_xor_ipad = jobs[i]->keys->inner.data();
    job.u.HMAC._hashed_auth_key_xor_opad = jobs[i]->keys->outer.data();
  }
  const auto count = static_cast<std::uint32_t>(jobs.size());
  ASSENT_CHECK(IMB_SUBMIT_HASH_BURST_NOCHECK(state_->manager, state_->hash_jobs.data(), count, IMB_AUTH_HMAC_SHA_1) ==
               count);
}

void SrtpCipher::crypt(SrtpSuite suite, std::span<SrtpCipherJob* const> jobs) {
  ASSENT_CHECK(jobs.size() <= state_->cipher_jobs.size());
  std::uint32_t count = 0;
  for (SrtpCipherJob* const from : jobs) {
    if (from->payload_bytes == 0) continue;
    IMB_JOB& job = state_->cipher_jobs[count++];
    job.src = from->packet;
    job.dst = from->packet + from->payload_at;
    job.cipher_start_src_offset_in_bytes = from->payload_at;
    job.msg_len_to_cipher_in_bytes = from->payload_bytes;
    job.iv = from->iv.data();
    job.enc_keys = from->keys->cipher.data();
    job.key_len_in_bytes = key_bytes(suite);
  }
  const auto size = key_bytes(suite) == 32 ? IMB_KEY_256_BYTES : IMB_KEY_128_BYTES;
  ASSENT_CHECK(IMB_SUBMIT_CIPHER_BURST_NOCHECK(state_->manager, state_->cipher_jobs.data(), count, IMB_CIPHER_CNTR,
                                               IMB_DIR_ENCRYPT, size) == count);
}

namespace {

constexpr std::size_t kGcmTag = 16;

const gcm_key_data* gcm_keys(const SrtpCipherJob& job) {
  return reinterpret_cast<const gcm_key_data*>(job.keys->cipher.data());
}

}  // namespace

void SrtpCipher::seal(SrtpSuite suite, SrtpCipherJob& job) {
  const auto seal_with = key_bytes(suite) == 32 ? state_->manager->gcm256_enc : state_->manager->gcm128_enc;
  std::uint8_t* const payload = job.packet + job.payload_at;
  seal_with(gcm_keys(job), state_->message, payload, payload, job.payload_bytes, job.iv.data(), job.aad.data(),
            job.aad.size(), job.tag.data(), kGcmTag);
}

void SrtpCipher::open(SrtpSuite suite, SrtpCipherJob& job) {
  const auto open_with = key_bytes(suite) == 32 ? state_->manager->gcm256_dec : state_->manager->gcm128_dec;
  std::uint8_t* const payload = job.packet + job.payload_at;
  open_with(gcm_keys(job), state_->message, payload, payload, job.payload_bytes, job.iv.data(), job.aad.data(),
            job.aad.size(), job.tag.data(), kGcmTag);
}

}  // namespace assent

#else  // another kind of processor: nothing is available, and nobody makes one

namespace assent {

struct SrtpCipher::State {};
bool SrtpCipher::is_available() { return false; }
std::size_t SrtpCipher::locked_bytes() { return 0; }
Result<SrtpCipher> SrtpCipher::create(ArenaBacking) { return error(Errc::unsupported, "built without ipsec-mb"); }
void SrtpCipher::expand(const SrtpKeyView&, SrtpSchedule&) {}
void SrtpCipher::authenticate(std::span<SrtpCipherJob* const>) {}
void SrtpCipher::crypt(SrtpSuite, std::span<SrtpCipherJob* const>) {}
void SrtpCipher::seal(SrtpSuite, SrtpCipherJob&) {}
void SrtpCipher::open(SrtpSuite, SrtpCipherJob&) {}

}  // namespace assent

#endif

namespace assent {

SrtpCipher::SrtpCipher(std::unique_ptr<State> state) : state_(std::move(state)) {}
SrtpCipher::SrtpCipher(SrtpCipher&&) noexcept = default;
SrtpCipher& SrtpCipher::operator=(SrtpCipher&&) noexcept = default;
SrtpCipher::~SrtpCipher() = default;

}  // namespace assent
