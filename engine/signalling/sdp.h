// Session descriptions (SDP, RFC 8866), as far as audio over RTP needs them: what is offered to us, and our answer,
// which only ever receives (RFC 3264 section 6).
//
// What is read comes from the network: bounded in length, lines, media and formats, and refused whole with
// Errc::invalid and a sentence that names the line (Errc::exhausted: no locked memory is left for a key). Lines may end
// with LF alone; attributes that are not known are passed over. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/endpoint.h"
#include "base/result.h"
#include "crypto/srtp_terms.h"

namespace assent {

struct SdpFormat {
  std::uint8_t payload_type = 0;
  std::string encoding;  // "PCMU"; of a static type (RFC 3551 section 6) also without an a=rtpmap; "" when not known
  std::uint32_t clock_rate = 0;
  std::uint8_t channels = 1;
  std::string parameters;  // of a=fmtp
};

// An a=crypto line (RFC 4568) that can be taken.
struct SdpCrypto {
  std::uint32_t tag = 0;  // by which an answer names it
  SharedSrtpTerms terms;  // what its sender protects packets with
};

enum class SdpDirection { sendrecv, sendonly, recvonly, inactive };

struct SdpMedia {
  std::string kind;                 // "audio"
  std::string protocol;             // "RTP/AVP"
  std::uint16_t port = 0;           // 0: refused, or no longer wanted
  std::optional<Endpoint> address;  // where it is received, or sent from, with that port; none: no address, or a name
  std::optional<std::uint16_t> rtcp_port;
  std::vector<SdpFormat> formats;  // in the order of preference; of RTP only
  SdpDirection direction = SdpDirection::sendrecv;
  std::string label;       // RFC 4574
  bool rtcp_mux = false;   // RFC 5761
  std::string record;      // RFC 7866 section 6.1: "on", "off" or "paused"; "" without a=record, the session's included
  std::string recordpref;  // likewise "on", "off", "pause" or "nopreference"
  // In the order of preference, without those that cannot be taken: other suites, session parameters, or malformed.
  std::vector<SdpCrypto> crypto;
  // Of the certificate that its sender will show (RFC 8122), the session's included: the first that can be taken.
  std::optional<DtlsFingerprint> fingerprint;
  std::string setup;  // RFC 4145 section 4: who begins the handshake; likewise

  // What can be recorded of it, if its codec can:
  bool is_rtp_audio() const;   // plain RTP, and
  bool is_srtp_audio() const;  // SRTP whose keys stand in `crypto` (RTP/SAVP, RTP/SAVPF), or come by DTLS
  // Keys come by a handshake that the other end may begin (RFC 5763 section 5): of UDP/TLS/RTP/SAVP and SAVPF, or where
  // an m-line of SRTP has a fingerprint and no keys.
  bool is_by_dtls() const;
  SharedSrtpTerms srtp_terms() const;  // of SRTP: the first keys, or whose handshake makes them
};

struct SdpSession {
  std::vector<SdpMedia> media;
};

Result<SdpSession> parse_sdp(std::string_view text);

// One m-line of an answer, in the place of the offered one.
struct SdpAnswer {
  std::string kind = "audio";
  std::string protocol = "RTP/AVP";
  std::optional<Endpoint> address;  // where we receive; none: this one is refused
  std::uint16_t rtcp_port = 0;
  std::vector<SdpFormat> formats;                   // of the offer, those that are received
  SdpDirection direction = SdpDirection::recvonly;  // or inactive
  std::string label = {};
  bool rtcp_mux = false;
  std::string crypto = {};       // of SRTP: the line that is taken, as sdp_crypto_answer has it
  std::string fingerprint = {};  // of our certificate, where keys come by DTLS: the other end begins the handshake
};
// Takes an offered line: with a key of our own for what we would send, drawn anew, which is nothing.
std::string sdp_crypto_answer(const SdpCrypto& taken);

// `session_id` is the one of this session, and `version` grows with every change (RFC 8866 section 5.2).
std::string sdp_answer(std::uint64_t session_id, std::uint64_t version, const std::vector<SdpAnswer>& media);

}  // namespace assent
