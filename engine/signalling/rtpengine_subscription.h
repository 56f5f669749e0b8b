// A subscription to what one participant says in a call that goes through rtpengine: it sends a copy of their RTP to us
// until it is told to stop, or forgets the call ("subscribe request", "subscribe answer" and "unsubscribe" of its
// protocol NG).
//
// Each leg has a subscription of its own, whose tag (rtpengine's "to-tag") is drawn here, so that it can be taken up
// again by whoever knows the source: after a restart of the engine, or of rtpengine.
//
// Any thread; each function asks rtpengine once and blocks as NgClient does. Errors are NgClient's; besides
// Errc::unsupported: it sends nothing that can be recorded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "base/result.h"
#include "codecs/codec.h"
#include "engine/control/call_service.h"
#include "engine/signalling/ng_client.h"
#include "engine/signalling/sdp.h"

namespace assent {

// What rtpengine will send, by its offer.
struct OfferedMedia {
  std::vector<SdpMedia> lines;  // all of the offer, in their order
  std::size_t line = 0;         // which of them is taken; the others are refused
  Endpoint from;                // where it sends from
  LegPayloads payloads;
  SharedSrtpTerms srtp = nullptr;                  // what it is protected with; null: nothing
  std::optional<SdpCrypto> crypto = std::nullopt;  // of its a=crypto lines the one that is taken
};

// The first audio line of an offer that has formats which this build records, or which the leg takes that it is for. Of
// one that is SRTP, its first keys, or by whose handshake they come.
Result<OfferedMedia> media_offered(const SdpSession& offer, const std::optional<LegPayloads>& taken = std::nullopt);
// Where it is received.
struct ReceivingLeg {
  Endpoint rtp;
  std::uint16_t rtcp_port = 0;
  std::string fingerprint = {};  // of our certificate, where keys come by DTLS
};
std::string answer_to(const OfferedMedia& offered, const ReceivingLeg& leg, std::uint64_t session_id);

std::string new_subscription_tag();
Result<OfferedMedia> ask_for_media(NgClient& ng, const RtpengineSource& source,
                                   const std::optional<LegPayloads>& taken = std::nullopt);
Result<void> begin_media(NgClient& ng, const RtpengineSource& source, const OfferedMedia& offered,
                         const ReceivingLeg& leg);
// Errc::not_found: it has forgotten the call, or the subscription.
Result<void> check_media(NgClient& ng, const RtpengineSource& source);
// That it knows nothing of it any more is no error.
Result<void> end_media(NgClient& ng, const RtpengineSource& source);

}  // namespace assent
