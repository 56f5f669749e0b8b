#include "engine/signalling/rtpengine_subscription.h"

#include <utility>

#include "base/bytes.h"
#include "crypto/random.h"
#include "engine/signalling/media_choice.h"

namespace assent {
namespace {

Bencode::Dictionary question(const char* command, const RtpengineSource& source) {
  return {{"command", command}, {"call-id", source.call_id}};
}

}  // namespace

Result<OfferedMedia> media_offered(const SdpSession& offer, const std::optional<LegPayloads>& taken) {
  for (std::size_t line = 0; line < offer.media.size(); ++line) {
    const SdpMedia& media = offer.media[line];
    if ((!media.is_rtp_audio() && !media.is_srtp_audio()) || !media.address) continue;
    LegPayloads payloads = payloads_of(media, taken);
    if (payloads.formats.empty()) continue;
    const SharedSrtpTerms srtp = media.srtp_terms();
    const auto crypto = srtp != nullptr && !srtp->by_dtls ? std::optional(media.crypto.front()) : std::nullopt;
    return OfferedMedia{offer.media, line, *media.address, std::move(payloads), srtp, crypto};
  }
  const std::string wanted =
      taken ? "none of " + to_text(codecs_of(*taken)) + " by the types they had" : "nothing that is recorded";
  return error(Errc::unsupported, "it sends " + wanted + ", but " + names_of(offer.media));
}

std::string answer_to(const OfferedMedia& offered, const ReceivingLeg& leg, std::uint64_t session_id) {
  std::vector<SdpAnswer> answers;
  for (const SdpMedia& line : offered.lines) answers.push_back({line.kind, line.protocol, std::nullopt, 0, {}, {}});
  SdpAnswer& taken = answers[offered.line];
  taken.address = leg.rtp;
  taken.rtcp_port = leg.rtcp_port;
  taken.rtcp_mux = offered.lines[offered.line].rtcp_mux && leg.rtcp_port == leg.rtp.port;
  taken.fingerprint = leg.fingerprint;
  if (offered.crypto) taken.crypto = sdp_crypto_answer(*offered.crypto);
  taken.formats = formats_taken(offered.lines[offered.line], offered.payloads);
  return sdp_answer(session_id, 1, answers);
}

std::string new_subscription_tag() { return "assent-" + to_hex(random_32()); }

Result<OfferedMedia> ask_for_media(NgClient& ng, const RtpengineSource& source,
                                   const std::optional<LegPayloads>& taken) {
  auto asked = question("subscribe request", source);
  asked.emplace_back("from-tag", source.tag);
  asked.emplace_back("to-tag", source.subscription);
  const auto answer = ng.ask(source.control, std::move(asked));
  if (!answer) return answer.error();
  const auto offer = parse_sdp(answer->text_of("sdp"));
  if (!offer) return error(Errc::invalid, "rtpengine at " + to_text(source.control) + " offers " + offer.error().what);
  return media_offered(*offer, taken);
}

Result<void> begin_media(NgClient& ng, const RtpengineSource& source, const OfferedMedia& offered,
                         const ReceivingLeg& leg) {
  auto asked = question("subscribe answer", source);
  asked.emplace_back("to-tag", source.subscription);
  asked.emplace_back("sdp", answer_to(offered, leg, 1));
  const auto answer = ng.ask(source.control, std::move(asked));
  return answer ? Result<void>() : answer.error();
}

Result<void> check_media(NgClient& ng, const RtpengineSource& source) {
  auto asked = question("query", source);
  asked.emplace_back("from-tag", source.subscription);
  const auto answer = ng.ask(source.control, std::move(asked));
  if (!answer) return answer.error();
  const Bencode* tags = answer->find("tags");
  const Bencode* ours = tags != nullptr ? tags->find(source.subscription) : nullptr;
  const Bencode* subscribed = ours != nullptr ? ours->find("subscriptions") : nullptr;
  if (subscribed != nullptr && subscribed->list() != nullptr && !subscribed->list()->empty()) return {};
  return error(Errc::not_found, "rtpengine at " + to_text(source.control) + " has forgotten the subscription");
}

Result<void> end_media(NgClient& ng, const RtpengineSource& source) {
  auto asked = question("unsubscribe", source);
  asked.emplace_back("to-tag", source.subscription);
  const auto answer = ng.ask(source.control, std::move(asked));
  if (answer || answer.error().code == Errc::not_found) return {};
  return answer.error();
}

}  // namespace assent
