#include "engine/signalling/media_choice.h"

#include <algorithm>
#include <set>

#include "base/limits.h"
#include "base/text.h"
#include "codecs/payload_format.h"

namespace assent {
namespace {

std::optional<Codec> codec_of(const SdpFormat& format) {
  const auto codec = make_codec({format.encoding, format.clock_rate, format.channels, format.parameters});
  return codec ? std::optional(*codec) : std::nullopt;
}

bool looks_like_rtcp(std::uint8_t payload_type) { return payload_type >= 64 && payload_type <= 95; }

// The first of this name on the clock of the audio whose type is free.
std::optional<std::uint8_t> type_of(const SdpMedia& media, std::string_view encoding, std::uint32_t clock_rate,
                                    std::set<std::uint8_t>& used) {
  for (const SdpFormat& format : media.formats) {
    const bool is_it = equal_but_for_case(format.encoding, encoding) && format.clock_rate == clock_rate;
    if (is_it && !looks_like_rtcp(format.payload_type) && used.insert(format.payload_type).second) {
      return format.payload_type;
    }
  }
  return std::nullopt;
}

bool is_taken(const LegPayloads& payloads, std::uint8_t type) {
  return type == payloads.dtmf || type == payloads.comfort_noise || type == payloads.redundancy ||
         type == kComfortNoisePayloadType ||
         std::any_of(payloads.formats.begin(), payloads.formats.end(),
                     [&](const LegFormat& format) { return format.payload_type == type; });
}

}  // namespace

LegPayloads payloads_of(const SdpMedia& media, const std::optional<LegPayloads>& taken) {
  LegPayloads payloads;
  std::set<std::uint8_t> used{kComfortNoisePayloadType};
  for (const SdpFormat& format : media.formats) {
    const auto codec = codec_of(format);
    if (!codec || payloads.formats.size() == limits::kFormatsPerLeg) continue;
    const LegFormat one{format.payload_type, *codec};
    const bool wanted = !taken || std::find(taken->formats.begin(), taken->formats.end(), one) != taken->formats.end();
    if (!wanted || looks_like_rtcp(format.payload_type) || !used.insert(format.payload_type).second) continue;
    payloads.formats.push_back(one);
  }
  if (payloads.formats.empty()) return payloads;
  const std::uint32_t clock_rate = payloads.formats.front().codec.clock_rate;
  payloads.dtmf = type_of(media, "telephone-event", clock_rate, used);
  payloads.comfort_noise = type_of(media, "CN", clock_rate, used);
  payloads.redundancy = type_of(media, "red", clock_rate, used);
  return payloads;
}

std::vector<SdpFormat> formats_taken(const SdpMedia& media, const LegPayloads& payloads) {
  std::vector<SdpFormat> taken;
  for (const SdpFormat& format : media.formats) {
    const bool is_there = std::any_of(taken.begin(), taken.end(),
                                      [&](const SdpFormat& one) { return one.payload_type == format.payload_type; });
    if (!is_there && is_taken(payloads, format.payload_type)) taken.push_back(format);
  }
  return taken;
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

}  // namespace assent
