#include "engine/signalling/sdp.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/limits.h"
#include "base/text.h"
#include "codecs/payload_format.h"
#include "crypto/random.h"
#include "crypto/srtp_sdes.h"
#include "crypto/wipe.h"

namespace assent {
namespace {

struct StaticType {
  std::uint8_t payload_type;
  std::string_view encoding;
  std::uint32_t clock_rate;
  std::uint8_t channels;
};
// RFC 3551 table 4: those that are still sent, and not recorded.
constexpr std::array kOtherTypes = {StaticType{3, "GSM", 8000, 1}, StaticType{4, "G723", 8000, 1},
                                    StaticType{kComfortNoisePayloadType, "CN", 8000, 1},
                                    StaticType{15, "G728", 8000, 1}};

SdpFormat format_of(std::uint8_t payload_type) {
  if (const auto codec = codec_of_static(payload_type)) {
    return {payload_type, std::string(name_of(codec->name)), codec->clock_rate, codec->channels, {}};
  }
  const auto known = std::find_if(kOtherTypes.begin(), kOtherTypes.end(),
                                  [&](const StaticType& type) { return type.payload_type == payload_type; });
  if (known == kOtherTypes.end()) return {payload_type, {}, 0, 1, {}};
  return {payload_type, std::string(known->encoding), known->clock_rate, known->channels, {}};
}

// The words that are separated by single blanks, as SDP has them; more blanks are let pass.
std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    if (end != 0) words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

std::pair<std::string_view, std::string_view> split_at(std::string_view text, char where) {
  const auto at = text.find(where);
  if (at == text.npos) return {text, {}};
  return {text.substr(0, at), text.substr(at + 1)};
}

std::optional<SdpDirection> direction_of(std::string_view attribute) {
  if (attribute == "sendrecv") return SdpDirection::sendrecv;
  if (attribute == "sendonly") return SdpDirection::sendonly;
  if (attribute == "recvonly") return SdpDirection::recvonly;
  if (attribute == "inactive") return SdpDirection::inactive;
  return std::nullopt;
}

class Reader {
 public:
  Result<SdpSession> read(std::string_view text) {
    while (!text.empty()) {
      ++line_;
      auto [line, rest] = split_at(text, '\n');
      text = rest;
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (line.empty()) continue;
      if (line.size() < 2 || line[1] != '=') return fault("is no line of a session description");
      if (line_ == 1 && line != "v=0") return fault("must be v=0");
      if (auto taken = take(line[0], line.substr(2)); !taken) return taken.error();
    }
    if (line_ == 0) return error(Errc::invalid, "sdp: it is empty");
    finish();
    return std::move(session_);
  }

 private:
  Error fault(const std::string& what) const {
    return error(Errc::invalid, "sdp: line " + std::to_string(line_) + " " + what);
  }

  Result<void> take(char type, std::string_view value) {
    switch (type) {
      case 'm': return take_media(value);
      case 'c': return take_connection(value);
      case 'a': return take_attribute(value);
      default: return {};
    }
  }

  // m=audio 49170 RTP/AVP 0 8 101
  Result<void> take_media(std::string_view value) {
    if (session_.media.size() == limits::kSdpMedia) return fault("is one m-line too many");
    const auto words = words_of(value);
    if (words.size() < 4) return fault("has too few words");
    const auto port = parse_number<std::uint16_t>(split_at(words[1], '/').first);
    if (!port) return fault("has no proper port");
    SdpMedia media;
    media.kind = words[0];
    media.protocol = words[2];
    media.port = *port;
    media.direction = direction_;
    media.record = record_;
    media.recordpref = recordpref_;
    media.setup = setup_;
    fingerprints_.emplace_back();
    connections_.emplace_back();
    if (media.protocol.find("RTP/") != std::string::npos) {
      if (words.size() > 3 + limits::kSdpFormats) return fault("has too many formats");
      for (std::size_t i = 3; i < words.size(); ++i) {
        const auto type = parse_number<std::uint8_t>(words[i]);
        if (!type || *type > 127) return fault("has a format that is no payload type");
        media.formats.push_back(format_of(*type));
      }
    }
    session_.media.push_back(std::move(media));
    return {};
  }

  // c=IN IP4 192.0.2.1, also with "/ttl".
  Result<void> take_connection(std::string_view value) {
    const auto words = words_of(value);
    if (words.size() < 3) return fault("has no address");
    std::string address(split_at(words[2], '/').first);
    (session_.media.empty() ? connection_ : connections_.back()) = std::move(address);
    return {};
  }

  Result<void> take_attribute(std::string_view value) {
    const auto [name, rest] = split_at(value, ':');
    if (const auto direction = direction_of(name)) {
      (session_.media.empty() ? direction_ : session_.media.back().direction) = *direction;
      return {};
    }
    if (name == "record") (session_.media.empty() ? record_ : session_.media.back().record) = rest;
    if (name == "recordpref") (session_.media.empty() ? recordpref_ : session_.media.back().recordpref) = rest;
    if (name == "setup") (session_.media.empty() ? setup_ : session_.media.back().setup) = rest;
    if (name == "fingerprint") take_fingerprint(rest);
    if (session_.media.empty()) return {};
    if (name == "rtcp-mux") session_.media.back().rtcp_mux = true;
    if (name == "label") session_.media.back().label = rest;
    if (name == "rtpmap") return take_rtpmap(rest);
    if (name == "fmtp") take_parameters(rest);
    if (name == "rtcp") return take_rtcp(rest);
    if (name == "crypto") return take_crypto(value);
    return {};
  }

  SdpFormat* format(std::string_view payload_type) {
    const auto type = parse_number<std::uint8_t>(payload_type);
    auto& formats = session_.media.back().formats;
    const auto found =
        std::find_if(formats.begin(), formats.end(), [&](const SdpFormat& one) { return one.payload_type == type; });
    return found == formats.end() ? nullptr : &*found;
  }

  // a=rtpmap:101 telephone-event/8000; of a type that the m-line does not have it says nothing.
  Result<void> take_rtpmap(std::string_view value) {
    const auto [type, encoding] = split_at(value, ' ');
    SdpFormat* mapped = format(type);
    if (mapped == nullptr) return {};
    const auto [name, rates] = split_at(encoding, '/');
    const auto [clock, channels] = split_at(rates, '/');
    const auto clock_rate = parse_number<std::uint32_t>(clock);
    const auto channel_count = channels.empty() ? std::optional<std::uint8_t>(1) : parse_number<std::uint8_t>(channels);
    if (name.empty() || !clock_rate || !channel_count) return fault("has no proper encoding");
    mapped->encoding = name;
    mapped->clock_rate = *clock_rate;
    mapped->channels = *channel_count;
    return {};
  }

  void take_parameters(std::string_view value) {
    const auto [type, parameters] = split_at(value, ' ');
    if (SdpFormat* described = format(type)) described->parameters = parameters;
  }

  // a=rtcp:53020 IN IP4 126.16.64.4 (RFC 3605)
  Result<void> take_rtcp(std::string_view value) {
    const auto port = parse_number<std::uint16_t>(split_at(value, ' ').first);
    if (!port) return fault("has no proper port");
    session_.media.back().rtcp_port = *port;
    return {};
  }

  // Of several, of one certificate by other hashes, those that we do not know are passed over (RFC 8122 section 5).
  void take_fingerprint(std::string_view value) {
    auto& taken = session_.media.empty() ? fingerprint_ : fingerprints_.back();
    auto fingerprint = parse_dtls_fingerprint(value);
    if (!taken && fingerprint) taken = *std::move(fingerprint);
  }

  // Of several lines those that are not for us, or make no sense, are passed over (RFC 4568 section 5.1.2).
  Result<void> take_crypto(std::string_view value) {
    auto& lines = session_.media.back().crypto;
    if (lines.size() == limits::kSrtpMasterKeys) return fault("is one a=crypto too many");
    std::string line = "a=" + std::string(value);
    auto sdes = parse_srtp_sdes(line);
    wipe(line);
    if (sdes) {
      lines.push_back({sdes->tag, std::make_shared<const SrtpTerms>(SrtpTerms{sdes->suite, std::move(sdes->keys)})});
    } else if (sdes.error().code == Errc::exhausted) {
      return sdes.error();
    }
    return {};
  }

  void finish() {
    for (std::size_t i = 0; i < session_.media.size(); ++i) {
      SdpMedia& media = session_.media[i];
      const auto& connection = connections_[i] ? connections_[i] : connection_;
      if (connection) media.address = parse_address(*connection, media.port);
      media.fingerprint = fingerprints_[i] ? fingerprints_[i] : fingerprint_;
    }
  }

  SdpSession session_;
  std::vector<std::optional<std::string>> connections_;       // of the m-lines, where they have their own ...
  std::optional<std::string> connection_;                     // ... and of the session
  std::vector<std::optional<DtlsFingerprint>> fingerprints_;  // likewise ...
  std::optional<DtlsFingerprint> fingerprint_;
  SdpDirection direction_ = SdpDirection::sendrecv;  // ... and the session's, from which m-lines begin
  std::string record_;
  std::string recordpref_;
  std::string setup_;
  std::size_t line_ = 0;
};

bool is_srtp(std::string_view protocol) { return protocol == "RTP/SAVP" || protocol == "RTP/SAVPF"; }

std::string connection_text(const Endpoint& address) {
  return std::string("IN ") + (address.is_v4() ? "IP4 " : "IP6 ") + address_text(address);
}

void append_answer(const SdpAnswer& media, std::string& out) {
  out += "m=" + media.kind + ' ' + std::to_string(media.address ? media.address->port : 0) + ' ' + media.protocol;
  for (const SdpFormat& format : media.formats) out += ' ' + std::to_string(format.payload_type);
  if (media.formats.empty()) out += " 0";  // a refused one must name something
  out += "\r\n";
  if (!media.address) {
    if (!media.label.empty()) out += "a=label:" + media.label + "\r\n";
    return;
  }
  out += "c=" + connection_text(*media.address) + "\r\n";
  for (const SdpFormat& format : media.formats) {
    const std::string type = std::to_string(format.payload_type);
    out += "a=rtpmap:" + type + ' ' + format.encoding + '/' + std::to_string(format.clock_rate);
    if (format.channels != 1) out += '/' + std::to_string(format.channels);
    out += "\r\n";
    if (!format.parameters.empty()) out += "a=fmtp:" + type + ' ' + format.parameters + "\r\n";
  }
  if (!media.crypto.empty()) out += media.crypto + "\r\n";
  if (!media.fingerprint.empty()) out += "a=fingerprint:" + media.fingerprint + "\r\na=setup:passive\r\n";
  out += "a=rtcp:" + std::to_string(media.rtcp_port) + "\r\n";
  if (media.rtcp_mux) out += "a=rtcp-mux\r\n";
  if (!media.label.empty()) out += "a=label:" + media.label + "\r\n";
  out += media.direction == SdpDirection::inactive ? "a=inactive\r\n" : "a=recvonly\r\n";
}

}  // namespace

bool SdpMedia::is_rtp_audio() const {
  return kind == "audio" && (protocol == "RTP/AVP" || protocol == "RTP/AVPF") && port != 0;
}

bool SdpMedia::is_srtp_audio() const {
  return kind == "audio" && port != 0 && ((is_srtp(protocol) && !crypto.empty()) || is_by_dtls());
}

bool SdpMedia::is_by_dtls() const {
  constexpr std::string_view kTls = "UDP/TLS/";
  const bool over_tls = protocol.starts_with(kTls) && is_srtp(std::string_view(protocol).substr(kTls.size()));
  const bool without_keys = is_srtp(protocol) && crypto.empty();
  // Without the attribute it is active.
  return (over_tls || without_keys) && fingerprint && (setup.empty() || setup == "active" || setup == "actpass");
}

SharedSrtpTerms SdpMedia::srtp_terms() const {
  if (!is_srtp_audio()) return nullptr;
  return is_by_dtls() ? std::make_shared<const SrtpTerms>(SrtpTerms{{}, {}, fingerprint}) : crypto.front().terms;
}

std::string sdp_crypto_answer(const SdpCrypto& taken) {
  const SrtpSuite suite = taken.terms->suite;
  Bytes key(key_bytes(suite) + salt_bytes(suite));
  random_bytes(key);
  return "a=crypto:" + std::to_string(taken.tag) + ' ' + std::string(name_of(suite)) + " inline:" + to_base64(key);
}

Result<SdpSession> parse_sdp(std::string_view text) {
  if (text.size() > limits::kSdpBytes) return error(Errc::invalid, "sdp: it is too long");
  return Reader().read(text);
}

std::string sdp_answer(std::uint64_t session_id, std::uint64_t version, const std::vector<SdpAnswer>& media) {
  const auto first = std::find_if(media.begin(), media.end(), [](const SdpAnswer& one) { return one.address; });
  const std::string origin = first == media.end() ? "IN IP4 0.0.0.0" : connection_text(*first->address);
  std::string out = "v=0\r\no=- " + std::to_string(session_id) + ' ' + std::to_string(version) + ' ' + origin +
                    "\r\ns=-\r\nt=0 0\r\n";
  for (const SdpAnswer& one : media) append_answer(one, out);
  return out;
}

}  // namespace assent
