#include "codecs/codec.h"

#include <algorithm>
#include <charconv>

namespace assent {
namespace {

constexpr std::array<std::string_view, 3> kNames = {"PCMU", "PCMA", "L16"};

constexpr char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

std::string rates_text() {
  std::string text;
  for (const auto rate : kClockRates) text += (text.empty() ? "" : ", ") + std::to_string(rate);
  return text;
}

// What came from outside is quoted in an error only as far as a person needs it.
std::string quoted(std::string_view text) {
  constexpr std::size_t kShown = 32;
  std::string out = "\"";
  for (const char c : text.substr(0, kShown)) out += c >= ' ' && c <= '~' ? c : '?';
  return out + (text.size() > kShown ? "...\"" : "\"");
}

std::optional<std::int64_t> parse_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The text up to the next '/', which is taken off `rest`.
std::string_view take_part(std::string_view& rest) {
  const auto slash = rest.find('/');
  const auto part = rest.substr(0, slash);
  rest = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash + 1);
  return part;
}

}  // namespace

std::string_view name_of(CodecName name) { return kNames[static_cast<std::size_t>(name)]; }

std::optional<CodecName> parse_codec_name(std::string_view text) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    const bool same = std::equal(text.begin(), text.end(), kNames[i].begin(), kNames[i].end(),
                                 [](char a, char b) { return upper(a) == b; });
    if (same) return static_cast<CodecName>(i);
  }
  return std::nullopt;
}

Result<Codec> make_codec(const CodecRequest& request) {
  const auto name = parse_codec_name(request.name);
  if (!name) {
    return error(Errc::unsupported, "codec " + quoted(request.name) + " is not recorded; PCMU, PCMA and L16 are");
  }
  if (std::find(kClockRates.begin(), kClockRates.end(), request.clock_rate) == kClockRates.end()) {
    return error(Errc::unsupported, std::string(name_of(*name)) + " at " + std::to_string(request.clock_rate) +
                                        " Hz is not recorded; clock rates are " + rates_text());
  }
  if (request.channels < 1 || request.channels > kMaxChannels) {
    return error(Errc::unsupported, std::string(name_of(*name)) + " with " + std::to_string(request.channels) +
                                        " channels is not recorded; 1 or 2 are");
  }
  return Codec{*name, static_cast<std::uint32_t>(request.clock_rate), static_cast<std::uint8_t>(request.channels)};
}

std::string to_text(const Codec& codec) {
  std::string text = std::string(name_of(codec.name)) + "/" + std::to_string(codec.clock_rate);
  if (codec.channels != 1) text += "/" + std::to_string(codec.channels);
  return text;
}

Result<Codec> parse_codec(std::string_view text) {
  auto rest = text;
  const auto name = take_part(rest);
  const auto rate = parse_number(take_part(rest));
  const auto channels = rest.empty() ? std::optional<std::int64_t>{1} : parse_number(take_part(rest));
  if (!rate || !channels || !rest.empty() || text.back() == '/') {
    return error(Errc::invalid, "codec " + quoted(text) + " is not of the form NAME/RATE or NAME/RATE/CHANNELS");
  }
  return make_codec({name, *rate, *channels});
}

}  // namespace assent
