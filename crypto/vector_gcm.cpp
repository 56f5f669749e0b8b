#include "crypto/vector_gcm.h"

#include "base/result.h"
#include "crypto/wipe.h"

#ifdef ASSENT_IPSEC_MB

#include <intel-ipsec-mb.h>

#include <new>

namespace assent {
namespace {

struct FreeManager {
  void operator()(IMB_MGR* manager) const { free_mb_mgr(manager); }
};

// One for all threads: it is only read, for the functions that suit the processor.
IMB_MGR* manager() {
  static const std::unique_ptr<IMB_MGR, FreeManager> made = [] {
    std::unique_ptr<IMB_MGR, FreeManager> fresh(alloc_mb_mgr(0));
    if (fresh) init_mb_mgr_auto(fresh.get(), nullptr);
    return fresh;
  }();
  return made.get();
}

// The library refuses a null pointer, which an empty view may be.
constexpr std::uint8_t kNothing = 0;
const std::uint8_t* bytes_of(ByteView view) { return view.empty() ? &kNothing : view.data(); }

}  // namespace

struct VectorGcm::State {
  ~State() {
    wipe(ByteSpan(reinterpret_cast<std::uint8_t*>(&key), sizeof key));
    wipe(ByteSpan(reinterpret_cast<std::uint8_t*>(&message), sizeof message));
  }
  gcm_key_data key;
  gcm_context_data message;
};

bool VectorGcm::is_available() {
  static const bool available = [] {
    constexpr std::uint64_t kNeeded =
        IMB_FEATURE_VAES | IMB_FEATURE_VPCLMULQDQ | IMB_FEATURE_AVX512_SKX | IMB_FEATURE_SELF_TEST_PASS;
    return manager() != nullptr && imb_get_errno(manager()) == 0 && (manager()->features & kNeeded) == kNeeded;
  }();
  return available;
}

VectorGcm::VectorGcm() : state_(std::make_unique<State>()) { ASSENT_CHECK(is_available()); }

void VectorGcm::set_key(std::span<const std::uint8_t, 32> key) {
  IMB_AES256_GCM_PRE(manager(), key.data(), &state_->key);
}

void VectorGcm::seal(std::span<const std::uint8_t, 12> iv, ByteView aad, ByteView plain, ByteSpan cipher,
                     std::span<std::uint8_t, 16> tag) {
  std::uint8_t nothing = 0;
  IMB_AES256_GCM_ENC(manager(), &state_->key, &state_->message, cipher.empty() ? &nothing : cipher.data(),
                     bytes_of(plain), plain.size(), iv.data(), bytes_of(aad), aad.size(), tag.data(), tag.size());
}

void VectorGcm::open(std::span<const std::uint8_t, 12> iv, ByteView aad, ByteView cipher, ByteSpan plain,
                     std::span<std::uint8_t, 16> tag) {
  std::uint8_t nothing = 0;
  IMB_AES256_GCM_DEC(manager(), &state_->key, &state_->message, plain.empty() ? &nothing : plain.data(),
                     bytes_of(cipher), cipher.size(), iv.data(), bytes_of(aad), aad.size(), tag.data(), tag.size());
}

}  // namespace assent

#else  // another kind of processor: nothing is available, and AesGcm never makes one

namespace assent {

struct VectorGcm::State {};
bool VectorGcm::is_available() { return false; }
VectorGcm::VectorGcm() { ASSENT_CHECK(is_available()); }
void VectorGcm::set_key(std::span<const std::uint8_t, 32>) {}
void VectorGcm::seal(std::span<const std::uint8_t, 12>, ByteView, ByteView, ByteSpan, std::span<std::uint8_t, 16>) {}
void VectorGcm::open(std::span<const std::uint8_t, 12>, ByteView, ByteView, ByteSpan, std::span<std::uint8_t, 16>) {}

}  // namespace assent

#endif

namespace assent {

VectorGcm::VectorGcm(VectorGcm&&) noexcept = default;
VectorGcm& VectorGcm::operator=(VectorGcm&&) noexcept = default;
VectorGcm::~VectorGcm() = default;

}  // namespace assent
