// SRTP (RFC 3711, 6188, 7714): protected RTP and RTCP made readable, and the other way round.
//
//     SrtpEngine   does the work of many sessions; one a thread
//     SrtpSession  one direction of one session: its keys, and where each of its sources is
//     SrtpPacket   what is worked on, in place
//
// There are two engines with one behaviour: BatchedSrtp (crypto/srtp_batched.h), for as many sessions as a shard has
// legs, and LibsrtpEngine (crypto/srtp_libsrtp.h), the reference, and for processors without ipsec-mb.
//
// Nothing that arrives can fail: what is wrong with a packet is its fault, counted by the session, and changes nothing
// else. A packet with a fault has no bytes: what it held has not been authenticated, and none of it may be used.
// Rollover and replay window move by authentic packets only.
//
// A session and its packets belong to the thread of its engine, and the engine outlives its sessions. Lengths in bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/srtp_index.h"
#include "crypto/srtp_keys.h"
#include "crypto/srtp_sources.h"
#include "crypto/srtp_suite.h"

namespace assent {

// Why a packet is not to be used (or, when it was to be protected, not to be sent).
enum class SrtpFault : std::uint8_t {
  none,
  malformed,         // no RTP or RTCP header, or shorter than what it must have
  unknown_mki,       // names a master key that the session does not have
  replayed,          // has been there (RFC 3711 3.3.2)
  too_old,           // behind the replay window, so it may have been there
  unauthentic,       // damaged, forged, or under another key
  too_many_sources,  // authentic, but of a source beyond limits::kSrtpSources
  no_room,           // to be protected: its memory ends before the tag would, or a datagram does
  unkeyed,           // came before there were keys (DTLS-SRTP)
};
inline constexpr std::size_t kSrtpFaults = 9;
std::string_view name_of(SrtpFault fault);

struct SrtpCounts {
  std::uint64_t packets = 0;  // without a fault
  std::array<std::uint64_t, kSrtpFaults> faults{};

  std::uint64_t of(SrtpFault fault) const { return faults[static_cast<std::size_t>(fault)]; }
  SrtpCounts& operator+=(const SrtpCounts& more);
};

enum class SrtpDirection : std::uint8_t { receive, send };

struct SrtpSetup {
  SrtpSuite suite = SrtpSuite::aes_cm_128_hmac_sha1_80;
  SrtpDirection direction = SrtpDirection::receive;
  // 1 to limits::kSrtpMasterKeys of the suite. Several have MKIs, which are different and of one length. The first one
  // is sent with.
  std::span<const SrtpMasterKey> keys;
  // A source that is joined in the middle, with the rollover counter that was signalled for it (RFC 3711 3.3.1). All
  // others begin with 0.
  std::optional<SrtpJoin> joined;
  // With how many rollovers more the first packet of all is sought that is not authentic with the first one: of a
  // stream that may have gone on for long before the session began, as after a restart. At most
  // limits::kSrtpRolloversSought. LibsrtpEngine does not seek.
  std::uint32_t rollovers_sought = 0;
};
// Errc::invalid, and what is wrong with the keys.
Result<void> check_srtp_keys(SrtpSuite suite, std::span<const SrtpMasterKey> keys);

class SrtpSession {
 public:
  virtual ~SrtpSession() = default;
  // Other keys from now on, for the sources that there are and where they are: the rollover counters go on, and so does
  // what has been there (RFC 3711 8.1: "resetting of the ROC" is for new sources only). Packets under the former keys
  // are unauthentic. Errors as SrtpEngine::open, and then the keys are as before.
  virtual Result<void> rekey(std::span<const SrtpMasterKey> keys) = 0;
  virtual SrtpCounts counts() const = 0;  // RTP and RTCP together
};

struct SrtpPacket {
  SrtpSession* session = nullptr;
  ByteSpan memory;        // begins with the packet; to protect it, up to limits::kSrtpTrailerBytes more are needed
  std::size_t bytes = 0;  // of the packet, before and after; 0 when there is a fault
  SrtpFault fault = SrtpFault::none;  // after
};

// Whether so much more fits behind a packet that is to be protected.
bool has_srtp_room(const SrtpPacket& packet, std::size_t trailer_bytes);

class SrtpEngine {
 public:
  virtual ~SrtpEngine() = default;
  // Errc::invalid for keys that do not suit each other, Errc::exhausted when there is no memory for them, and
  // Errc::unsupported when this engine cannot join a source.
  virtual Result<std::unique_ptr<SrtpSession>> open(const SrtpSetup& setup) = 0;

  // RTP of any of the engine's sessions that receive, or that send; the more at once, the less each costs. The packets
  // of one session are in the order in which they came. BatchedSrtp allocates nothing here.
  virtual void unprotect(std::span<SrtpPacket> packets) = 0;
  virtual void protect(std::span<SrtpPacket> packets) = 0;
  // RTCP, a packet at a time. What is sent is encrypted, and so must be what is received.
  virtual void unprotect_rtcp(SrtpPacket& packet) = 0;
  virtual void protect_rtcp(SrtpPacket& packet) = 0;
};

}  // namespace assent
