#include "engine/store/segment_context.h"

#include <optional>
#include <string>

#include "base/text.h"

namespace assent {
namespace {

const std::string* find(const MessageContext& context, std::string_view key) {
  for (const auto& [name, value] : context) {
    if (name == key) return &value;
  }
  return nullptr;
}

Error bad_pair(std::string_view key) {
  return error(Errc::corrupt, "the segment's context has no usable " + std::string(key));
}

template <typename IdType>
bool read_id(const MessageContext& context, std::string_view key, IdType& id) {
  const std::string* text = find(context, key);
  const auto parsed = text == nullptr ? std::nullopt : parse_id<IdType>(*text);
  if (parsed) id = *parsed;
  return parsed.has_value();
}

bool read_number(const MessageContext& context, std::string_view key, std::uint32_t& number) {
  const std::string* text = find(context, key);
  if (text == nullptr) return false;
  number = parse_number<std::uint32_t>(*text).value_or(0);
  return number != 0;
}

}  // namespace

MessageContext context_of(const SegmentIdentity& identity) {
  MessageContext context = {
      {"assent:call", to_text(identity.call)},       {"assent:consent", to_text(identity.consent)},
      {"assent:leg", to_text(identity.leg)},         {"assent:recording", to_text(identity.recording)},
      {"assent:segment", to_text(identity.segment)}, {"assent:segment-number", std::to_string(identity.number)},
      {"assent:tenant", to_text(identity.tenant)}};
  if (identity.use != AudioUse::recording) context.emplace_back("assent:use", name_of(identity.use));
  return context;
}

Result<SegmentIdentity> identity_of(const MessageContext& context) {
  SegmentIdentity identity;
  if (!read_id(context, "assent:call", identity.call)) return bad_pair("assent:call");
  if (!read_id(context, "assent:consent", identity.consent)) return bad_pair("assent:consent");
  if (!read_id(context, "assent:leg", identity.leg)) return bad_pair("assent:leg");
  if (!read_id(context, "assent:recording", identity.recording)) return bad_pair("assent:recording");
  if (!read_id(context, "assent:segment", identity.segment)) return bad_pair("assent:segment");
  if (!read_number(context, "assent:segment-number", identity.number)) return bad_pair("assent:segment-number");
  if (!read_id(context, "assent:tenant", identity.tenant)) return bad_pair("assent:tenant");
  if (const std::string* use = find(context, "assent:use")) {
    if (!parse_name(*use, identity.use)) return bad_pair("assent:use");
  }
  return identity;
}

}  // namespace assent
