#include "codecs/codec.h"

#include <algorithm>

#include "base/text.h"

namespace assent {
namespace {

// What an rtpmap of the codec may say.
struct Rule {
  std::string_view name;
  std::uint32_t clock_rate;  // 0: any of kClockRates
  std::uint8_t channels;     // at most
};
constexpr std::array<Rule, kCodecNames> kRules = {{
    {"PCMU", 0, 2},
    {"PCMA", 0, 2},
    {"L16", 0, 2},
    {"G722", 8000, 1},
    {"opus", 48000, 2},
    {"AMR", 8000, 1},
    {"AMR-WB", 16000, 1},
    {"G729", 8000, 1},
    {"iLBC", 8000, 1},
}};
constexpr const Rule& rule_of(CodecName name) { return kRules[static_cast<std::size_t>(name)]; }

constexpr bool is_amr(CodecName name) { return name == CodecName::amr || name == CodecName::amr_wb; }

template <typename List, typename Text>
std::string listed(const List& list, Text text) {
  std::string out;
  for (const auto& each : list) out += (out.empty() ? "" : ", ") + text(each);
  return out;
}

std::string rates_text(const Rule& rule) {
  if (rule.clock_rate != 0) return "its RTP clock rate is " + std::to_string(rule.clock_rate);
  return "clock rates are " + listed(kClockRates, [](std::uint32_t rate) { return std::to_string(rate); });
}

bool is_rate_of(const Rule& rule, std::int64_t rate) {
  if (rule.clock_rate != 0) return rate == rule.clock_rate;
  return std::find(kClockRates.begin(), kClockRates.end(), rate) != kClockRates.end();
}

// What came from outside is quoted in an error only as far as a person needs it.
std::string quoted(std::string_view text) {
  constexpr std::size_t kShown = 32;
  std::string out = "\"";
  for (const char c : text.substr(0, kShown)) out += c >= ' ' && c <= '~' ? c : '?';
  return out + (text.size() > kShown ? "...\"" : "\"");
}

// The text up to the next '/', which is taken off `rest`.
std::string_view take_part(std::string_view& rest) {
  const auto slash = rest.find('/');
  const auto part = rest.substr(0, slash);
  rest = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash + 1);
  return part;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

// The value of a parameter of a=fmtp, "name=value; name=value"; nothing when it is not there.
std::optional<std::string_view> parameter(std::string_view all, std::string_view name) {
  while (!all.empty()) {
    const auto end = std::min(all.find(';'), all.size());
    const auto one = all.substr(0, end);
    all.remove_prefix(std::min(end + 1, all.size()));
    const auto equals = std::min(one.find('='), one.size());
    if (equal_but_for_case(trimmed(one.substr(0, equals)), name))
      return trimmed(one.substr(std::min(equals + 1, one.size())));
  }
  return std::nullopt;
}

bool is_on(std::string_view parameters, std::string_view name) {
  const auto value = parameter(parameters, name);
  return value && *value != "0";
}

// Of AMR's ways to protect frames none is in use where calls are recorded, so none is read (RFC 4867 section 8.1).
Result<void> check_amr(const CodecRequest& request) {
  for (const std::string_view name : {"crc", "robust-sorting", "interleaving"}) {
    if (is_on(request.parameters, name)) {
      return error(Errc::unsupported, std::string(request.name) + " with " + std::string(name) + " is not recorded");
    }
  }
  return {};
}

}  // namespace

std::string_view name_of(CodecName name) { return rule_of(name).name; }

std::optional<CodecName> parse_codec_name(std::string_view text) {
  for (std::size_t i = 0; i < kRules.size(); ++i) {
    if (equal_but_for_case(text, kRules[i].name)) return static_cast<CodecName>(i);
  }
  return std::nullopt;
}

Result<Codec> make_codec(const CodecRequest& request) {
  const auto name = parse_codec_name(request.name);
  if (!name) {
    return error(Errc::unsupported, "codec " + quoted(request.name) + " is not recorded; " +
                                        listed(kRules, [](const Rule& rule) { return std::string(rule.name); }) +
                                        " are");
  }
  const Rule& rule = rule_of(*name);
  if (!is_rate_of(rule, request.clock_rate)) {
    return error(Errc::unsupported, std::string(rule.name) + " at " + std::to_string(request.clock_rate) +
                                        " Hz is not recorded; " + rates_text(rule));
  }
  if (request.channels < 1 || request.channels > rule.channels) {
    return error(Errc::unsupported, std::string(rule.name) + " with " + std::to_string(request.channels) +
                                        " channels is not recorded; " + (rule.channels == 1 ? "1 is" : "1 or 2 are"));
  }
  Codec codec{*name, static_cast<std::uint32_t>(request.clock_rate), static_cast<std::uint8_t>(request.channels)};
  if (*name == CodecName::opus) codec.channels = is_on(request.parameters, "sprop-stereo") ? 2 : 1;
  if (is_amr(*name)) {
    if (auto checked = check_amr(request); !checked) return checked.error();
    if (is_on(request.parameters, "octet-align")) codec.packing = FramePacking::octet_aligned;
  }
  return codec;
}

std::string to_text(const Codec& codec) {
  const bool is_opus = codec.name == CodecName::opus;
  std::string text = std::string(name_of(codec.name)) + "/" + std::to_string(codec.clock_rate);
  if (is_opus) {
    text += "/2";  // RFC 7587 section 7, whatever is inside
  } else if (codec.channels != 1) {
    text += "/" + std::to_string(codec.channels);
  }
  if (is_opus && codec.channels == 2) text += " sprop-stereo=1";
  if (codec.packing == FramePacking::octet_aligned) text += " octet-align=1";
  return text;
}

Result<Codec> parse_codec(std::string_view text) {
  const auto space = std::min(text.find(' '), text.size());
  const auto map = text.substr(0, space);
  auto rest = map;
  const auto name = take_part(rest);
  const auto rate = parse_number<std::int64_t>(take_part(rest));
  const auto channels = rest.empty() ? std::optional<std::int64_t>{1} : parse_number<std::int64_t>(take_part(rest));
  if (!rate || !channels || !rest.empty() || map.back() == '/') {
    return error(Errc::invalid, "codec " + quoted(text) + " is not of the form NAME/RATE or NAME/RATE/CHANNELS");
  }
  return make_codec({name, *rate, *channels, text.substr(space)});
}

std::string to_text(const std::vector<Codec>& codecs) {
  return listed(codecs, [](const Codec& codec) { return to_text(codec); });
}

Result<std::vector<Codec>> parse_codecs(std::string_view text) {
  std::vector<Codec> codecs;
  while (true) {
    const auto comma = std::min(text.find(','), text.size());
    auto codec = parse_codec(trimmed(text.substr(0, comma)));
    if (!codec) return codec.error();
    codecs.push_back(*codec);
    if (comma == text.size()) return codecs;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace assent
