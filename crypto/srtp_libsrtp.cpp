#include "crypto/srtp_libsrtp.h"

#include <srtp2/srtp.h>

#include <string>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "crypto/srtp_replay_window.h"

namespace assent {
namespace {

constexpr std::uint8_t kVersionBits = 0xC0;
constexpr std::uint8_t kVersion2 = 0x80;
constexpr std::size_t kRtcpTrailerBytes = 4;  // encrypted or not, and the index

void set_suite(srtp_policy_t& policy, SrtpSuite suite) {
  switch (suite) {
    case SrtpSuite::aes_cm_128_hmac_sha1_80:
      srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtp);
      srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtcp);
      break;
    case SrtpSuite::aes_cm_128_hmac_sha1_32:
      srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32(&policy.rtp);
      srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtcp);
      break;
    case SrtpSuite::aes_256_cm_hmac_sha1_80:
      srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(&policy.rtp);
      srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(&policy.rtcp);
      break;
    case SrtpSuite::aes_256_cm_hmac_sha1_32:
      srtp_crypto_policy_set_aes_cm_256_hmac_sha1_32(&policy.rtp);
      srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(&policy.rtcp);
      break;
    case SrtpSuite::aead_aes_128_gcm:
      srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp);
      srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp);
      break;
    case SrtpSuite::aead_aes_256_gcm:
      srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtp);
      srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtcp);
      break;
  }
}

// libsrtp's view of a setup. It points into the keys, which libsrtp reads while it creates or updates and not later.
class Policy {
 public:
  Policy(SrtpSuite suite, SrtpDirection direction, std::span<const SrtpMasterKey> keys) {
    policy_.ssrc.type = direction == SrtpDirection::receive ? ssrc_any_inbound : ssrc_any_outbound;
    policy_.window_size = SrtpReplayWindow::kPackets;
    set_suite(policy_, suite);
    for (const SrtpMasterKey& key : keys) {
      mkis_.emplace_back(key.mki().begin(), key.mki().end());
      keys_.push_back({key.reveal().data(), mkis_.back().data(), static_cast<unsigned>(key.mki().size())});
    }
    for (srtp_master_key_t& key : keys_) pointers_.push_back(&key);
    policy_.keys = pointers_.data();
    policy_.num_master_keys = pointers_.size();
  }
  Policy(const Policy&) = delete;
  Policy& operator=(const Policy&) = delete;

  const srtp_policy_t* get() const { return &policy_; }

 private:
  std::vector<Bytes> mkis_;
  std::vector<srtp_master_key_t> keys_;
  std::vector<srtp_master_key_t*> pointers_;
  srtp_policy_t policy_{};
};

Error refused(std::string_view doing, srtp_err_status_t status) {
  return error(status == srtp_err_status_alloc_fail ? Errc::exhausted : Errc::invalid,
               "libsrtp could not " + std::string(doing) + " a session: status " + std::to_string(status));
}

SrtpFault fault_of(srtp_err_status_t status) {
  switch (status) {
    case srtp_err_status_ok: return SrtpFault::none;
    case srtp_err_status_replay_fail: return SrtpFault::replayed;
    case srtp_err_status_replay_old: return SrtpFault::too_old;
    case srtp_err_status_auth_fail:
    case srtp_err_status_cipher_fail: return SrtpFault::unauthentic;
    case srtp_err_status_bad_mki: return SrtpFault::unknown_mki;
    default: return SrtpFault::malformed;
  }
}

class LibsrtpSession final : public SrtpSession {
 public:
  LibsrtpSession(srtp_t session, const SrtpSetup& setup)
      : session_(session),
        suite_(setup.suite),
        direction_(setup.direction),
        mki_bytes_(setup.keys.front().mki().size()) {}
  LibsrtpSession(const LibsrtpSession&) = delete;
  LibsrtpSession& operator=(const LibsrtpSession&) = delete;
  ~LibsrtpSession() override { (void)srtp_dealloc(session_); }

  Result<void> rekey(std::span<const SrtpMasterKey> keys) override {
    if (auto sound = check_srtp_keys(suite_, keys); !sound) return sound.error();
    const Policy policy(suite_, direction_, keys);
    if (const auto status = srtp_update(session_, policy.get()); status != srtp_err_status_ok) {
      return refused("rekey", status);
    }
    mki_bytes_ = keys.front().mki().size();
    return {};
  }

  SrtpCounts counts() const override { return counts_; }

  void unprotect(SrtpPacket& packet) {
    const std::size_t least = kRtpBytes + mki_bytes_ + tag_bytes(suite_);
    work(packet, least, &srtp_unprotect_mki);
  }
  void unprotect_rtcp(SrtpPacket& packet) {
    const std::size_t least = kRtcpBytes + kRtcpTrailerBytes + mki_bytes_ + (is_aead(suite_) ? 16 : 10);
    work(packet, least, &srtp_unprotect_rtcp_mki);
  }
  void protect(SrtpPacket& packet) {
    if (has_room(packet, tag_bytes(suite_))) work(packet, kRtpBytes, &protect_with_first);
  }
  void protect_rtcp(SrtpPacket& packet) {
    if (has_room(packet, kRtcpTrailerBytes + 16)) work(packet, kRtcpBytes, &protect_rtcp_with_first);
  }

 private:
  static constexpr std::size_t kRtpBytes = 12;
  static constexpr std::size_t kRtcpBytes = 8;
  using Work = srtp_err_status_t (*)(srtp_t, void*, int*, unsigned);

  static srtp_err_status_t protect_with_first(srtp_t session, void* packet, int* bytes, unsigned use_mki) {
    return srtp_protect_mki(session, packet, bytes, use_mki, 0);
  }
  static srtp_err_status_t protect_rtcp_with_first(srtp_t session, void* packet, int* bytes, unsigned use_mki) {
    return srtp_protect_rtcp_mki(session, packet, bytes, use_mki, 0);
  }

  bool has_room(SrtpPacket& packet, std::size_t trailer_bytes) {
    if (has_srtp_room(packet, mki_bytes_ + trailer_bytes)) return true;
    done(packet, SrtpFault::no_room, 0);
    return false;
  }

  void work(SrtpPacket& packet, std::size_t least_bytes, Work work_on) {
    ASSENT_CHECK(packet.bytes <= packet.memory.size());
    const bool is_rtp_like = packet.bytes >= least_bytes && packet.bytes <= limits::kSrtpPacketBytes &&
                             (packet.memory[0] & kVersionBits) == kVersion2;
    if (!is_rtp_like) return done(packet, SrtpFault::malformed, 0);
    int bytes = static_cast<int>(packet.bytes);
    const auto status = work_on(session_, packet.memory.data(), &bytes, mki_bytes_ > 0 ? 1 : 0);
    done(packet, fault_of(status), static_cast<std::size_t>(bytes));
  }

  void done(SrtpPacket& packet, SrtpFault fault, std::size_t bytes) {
    packet.fault = fault;
    packet.bytes = fault == SrtpFault::none ? bytes : 0;
    ++(fault == SrtpFault::none ? counts_.packets : counts_.faults[static_cast<std::size_t>(fault)]);
  }

  srtp_t session_;
  SrtpSuite suite_;
  SrtpDirection direction_;
  std::size_t mki_bytes_;
  SrtpCounts counts_;
};

LibsrtpSession& session_of(const SrtpPacket& packet) { return static_cast<LibsrtpSession&>(*packet.session); }

}  // namespace

LibsrtpEngine::LibsrtpEngine() {
  static const srtp_err_status_t started = srtp_init();  // once in a process
  ASSENT_CHECK(started == srtp_err_status_ok);
}

Result<std::unique_ptr<SrtpSession>> LibsrtpEngine::open(const SrtpSetup& setup) {
  if (auto sound = check_srtp_keys(setup.suite, setup.keys); !sound) return sound.error();
  if (setup.joined) return error(Errc::unsupported, "libsrtp begins every source with rollover counter 0");
  const Policy policy(setup.suite, setup.direction, setup.keys);
  srtp_t session = nullptr;
  if (const auto status = srtp_create(&session, policy.get()); status != srtp_err_status_ok) {
    return refused("create", status);
  }
  return std::unique_ptr<SrtpSession>(std::make_unique<LibsrtpSession>(session, setup));
}

void LibsrtpEngine::unprotect(std::span<SrtpPacket> packets) {
  for (SrtpPacket& packet : packets) session_of(packet).unprotect(packet);
}
void LibsrtpEngine::protect(std::span<SrtpPacket> packets) {
  for (SrtpPacket& packet : packets) session_of(packet).protect(packet);
}
void LibsrtpEngine::unprotect_rtcp(SrtpPacket& packet) { session_of(packet).unprotect_rtcp(packet); }
void LibsrtpEngine::protect_rtcp(SrtpPacket& packet) { session_of(packet).protect_rtcp(packet); }

}  // namespace assent
