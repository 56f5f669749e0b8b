#include "engine/signalling/rtpengine_subscription.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/text.h"
#include "codecs/payload_format.h"
#include "crypto/random.h"

namespace assent {
namespace {

std::optional<Codec> codec_of(const SdpFormat& format) {
  const auto codec = make_codec({format.encoding, format.clock_rate, format.channels, format.parameters});
  return codec ? std::optional(*codec) : std::nullopt;
}

// Of an m-line what is recorded, and by a leg that is there, what it takes. Digits on the clock of the audio, as RFC
// 4733 section 2.1 has it.
LegPayloads payloads_of(const SdpMedia& media, const std::optional<LegPayloads>& taken) {
  LegPayloads payloads;
  for (const SdpFormat& format : media.formats) {
    const auto codec = codec_of(format);
    if (!codec || payloads.formats.size() == limits::kFormatsPerLeg) continue;
    const LegFormat one{format.payload_type, *codec};
    if (!taken || std::find(taken->formats.begin(), taken->formats.end(), one) != taken->formats.end()) {
      payloads.formats.push_back(one);
    }
  }
  if (payloads.formats.empty()) return payloads;
  for (const SdpFormat& format : media.formats) {
    const bool on_clock = format.clock_rate == payloads.formats.front().codec.clock_rate;
    if (equal_but_for_case(format.encoding, "telephone-event") && on_clock && !payloads.dtmf)
      payloads.dtmf = format.payload_type;
    if (equal_but_for_case(format.encoding, "CN") && format.payload_type != kComfortNoisePayloadType &&
        !payloads.comfort_noise) {
      payloads.comfort_noise = format.payload_type;
    }
  }
  return payloads;
}

bool is_taken(const LegPayloads& payloads, std::uint8_t type) {
  return type == payloads.dtmf || type == payloads.comfort_noise || type == kComfortNoisePayloadType ||
         std::any_of(payloads.formats.begin(), payloads.formats.end(),
                     [&](const LegFormat& format) { return format.payload_type == type; });
}

std::string names_of(const std::vector<SdpMedia>& lines) {
  std::string names;
  for (const SdpMedia& line : lines) {
    for (const SdpFormat& format : line.formats) {
      names += (names.empty() ? "" : ", ") + (format.encoding.empty() ? "?" : format.encoding);
    }
  }
  return names.empty() ? "nothing" : names;
}

Bencode::Dictionary question(const char* command, const RtpengineSource& source) {
  return {{"command", command}, {"call-id", source.call_id}};
}

}  // namespace

Result<OfferedMedia> media_offered(const SdpSession& offer, const std::optional<LegPayloads>& taken) {
  for (std::size_t line = 0; line < offer.media.size(); ++line) {
    const SdpMedia& media = offer.media[line];
    if (!media.is_rtp_audio() && !media.is_srtp_audio()) continue;
    LegPayloads payloads = payloads_of(media, taken);
    if (payloads.formats.empty()) continue;
    const auto crypto = media.is_srtp_audio() ? std::optional(media.crypto.front()) : std::nullopt;
    return OfferedMedia{offer.media, line, *media.address, std::move(payloads), crypto};
  }
  const std::string wanted =
      taken ? "none of " + to_text(codecs_of(*taken)) + " by the types they had" : "nothing that is recorded";
  return error(Errc::unsupported, "it sends " + wanted + ", but " + names_of(offer.media));
}

std::string answer_to(const OfferedMedia& offered, const Endpoint& rtp, std::uint16_t rtcp_port,
                      std::uint64_t session_id) {
  std::vector<SdpAnswer> answers;
  for (const SdpMedia& line : offered.lines) answers.push_back({line.kind, line.protocol, std::nullopt, 0, {}, {}});
  SdpAnswer& taken = answers[offered.line];
  taken.address = rtp;
  taken.rtcp_port = rtcp_port;
  if (offered.crypto) taken.crypto = sdp_crypto_answer(*offered.crypto);
  for (const SdpFormat& format : offered.lines[offered.line].formats) {
    if (is_taken(offered.payloads, format.payload_type)) taken.formats.push_back(format);
  }
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

Result<void> begin_media(NgClient& ng, const RtpengineSource& source, const OfferedMedia& offered, const Endpoint& rtp,
                         std::uint16_t rtcp_port) {
  auto asked = question("subscribe answer", source);
  asked.emplace_back("to-tag", source.subscription);
  asked.emplace_back("sdp", answer_to(offered, rtp, rtcp_port, 1));
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
