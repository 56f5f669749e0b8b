#include "engine/calls/call_memory.h"

#include <nlohmann/json.hpp>

#include "codecs/telephone_event.h"
#include "crypto/wipe.h"
#include "engine/catalog/person_fields.h"

namespace assent {
namespace {

using nlohmann::json;

// Reading throws json::exception where something is missing or of another type; `read` makes that an error.
template <typename Fill>
auto read(std::string_view text, std::string_view what, Fill fill) -> Result<decltype(fill(json()))> {
  try {
    return fill(json::parse(text));
  } catch (const json::exception&) {
    return error(Errc::corrupt, "what is kept of a call's " + std::string(what) + " makes no sense");
  }
}

template <typename T>
std::optional<T> optional_of(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) return std::nullopt;
  return found->get<T>();
}

PurposeSet known_of(const json& names, const PurposeRegistry& purposes) {
  PurposeSet set;
  for (const json& name : names) {
    if (const auto purpose = purposes.find(name.get_ref<const std::string&>())) set |= PurposeSet::of(*purpose);
  }
  return set;
}

// ---- preroll, digits, rules, notice -------------------------------------------------------------------------------

json json_of(const Preroll& preroll) {
  switch (preroll.kind) {
    case Preroll::Kind::all: return "all";
    case Preroll::Kind::none: return "none";
    case Preroll::Kind::duration: return preroll.keep.count();
  }
  return "none";
}

Preroll preroll_from(const json& value) {
  if (value.is_number()) return Preroll::last(nanoseconds(value.get<std::int64_t>()));
  return value.get_ref<const std::string&>() == "all" ? Preroll::all() : Preroll::none();
}

json json_of(const DigitMap& digits, const PurposeRegistry& purposes) {
  json bound = json::object();
  for (const char digit : kTelephoneKeys) {
    const DigitAction action = digits.action_of(digit);
    if (action.kind == DigitAction::Kind::none) continue;
    json& entry = bound[std::string(1, digit)];
    entry = json::object();
    if (action.kind == DigitAction::Kind::pause) continue;
    entry = {{"decision", to_text(action.decision)}, {"purposes", purposes.ids_of(action.purposes)}};
  }
  return bound;
}

// A digit none of whose purposes is asked for any more means nothing.
DigitMap digits_from(const json& bound, const PurposeRegistry& purposes) {
  DigitMap digits;
  for (const auto& [digit, entry] : bound.items()) {
    DigitAction action = DigitAction::pause();
    if (entry.contains("decision")) {
      const json& named = entry.at("purposes");
      const PurposeSet known = known_of(named, purposes);
      const auto decision = parse_decision(entry.at("decision").get_ref<const std::string&>());
      if (!decision || (known.empty() && !named.empty())) continue;
      action = DigitAction::decide(*decision, known);
    }
    if (digit.size() == 1) (void)digits.bind(digit.front(), action);
  }
  return digits;
}

json json_of(const TenantConsent& rules) {
  json object{{"policy", to_text(rules.policy)}, {"standing_roles", rules.standing_roles}};
  if (rules.validity) object["validity"] = rules.validity->count();
  return object;
}

std::optional<nanoseconds> duration_of(const json& object, const char* name) {
  const auto count = optional_of<std::int64_t>(object, name);
  return count ? std::optional(nanoseconds(*count)) : std::nullopt;
}

Policy policy_from(const json& value) {
  return parse_policy(value.get_ref<const std::string&>()).value_or(Policy::all_party);  // the strictest
}

TenantConsent rules_from(const json& object) {
  return {policy_from(object.at("policy")), object.at("standing_roles").get<std::vector<std::string>>(),
          duration_of(object, "validity")};
}

OnWithdraw on_withdraw_from(const json& consent) {
  return consent.at("on_withdraw") == "erase" ? OnWithdraw::erase : OnWithdraw::keep;
}

ConsentSettings settings_from(const json& object, const PurposeRegistry& purposes) {
  ConsentSettings settings;
  settings.policy = policy_from(object.at("policy"));
  settings.purposes = known_of(object.at("purposes"), purposes);
  settings.hold = nanoseconds(object.at("hold").get<std::int64_t>());
  settings.deadline = nanoseconds(object.at("deadline").get<std::int64_t>());
  settings.preroll = preroll_from(object.at("preroll"));
  if (const auto around = duration_of(object, "evidence")) {
    if (const auto purpose = purposes.find(kEvidencePurpose)) settings.answer = SpokenAnswer{*around, *purpose};
  }
  settings.on_withdraw = on_withdraw_from(object);
  settings.validity = duration_of(object, "validity");
  settings.digits = digits_from(object.at("digits"), purposes);
  return settings;
}

json json_of(const ConsentSettings& settings, const PurposeRegistry& purposes) {
  json object{{"policy", to_text(settings.policy)},
              {"purposes", purposes.ids_of(settings.purposes)},
              {"hold", settings.hold.count()},
              {"deadline", settings.deadline.count()},
              {"preroll", json_of(settings.preroll)},
              {"on_withdraw", settings.on_withdraw == OnWithdraw::erase ? "erase" : "keep"},
              {"digits", json_of(settings.digits, purposes)}};
  if (settings.validity) object["validity"] = settings.validity->count();
  if (settings.answer) object["evidence"] = settings.answer->around.count();
  return object;
}

}  // namespace

std::string to_json(const CallTerms& terms, const PurposeRegistry& purposes) {
  json object{{"consent", json_of(terms.consent, purposes)},
              {"default_purposes", purposes.ids_of(terms.default_purposes)},
              {"rules", json_of(terms.rules)}};
  if (terms.notice) {
    object["notice"] = {{"id", terms.notice->id},
                        {"version", terms.notice->version},
                        {"language", terms.notice->language},
                        {"hash", terms.notice->hash}};
  }
  return object.dump();
}

Result<CallTerms> call_terms_from(std::string_view text, const PurposeRegistry& purposes) {
  auto terms = read(text, "terms", [&](const json& object) {
    CallTerms found{settings_from(object.at("consent"), purposes), known_of(object.at("default_purposes"), purposes),
                    rules_from(object.at("rules")), std::nullopt};
    if (const auto notice = object.find("notice"); notice != object.end()) {
      found.notice = Notice{notice->at("id"), notice->at("version"), notice->at("language"), notice->at("hash")};
    }
    return found;
  });
  if (terms && terms->consent.purposes.empty()) {
    return error(Errc::conflict, "none of the purposes the call asked for is a purpose any more");
  }
  return terms;
}

Result<OnWithdraw> on_withdraw_from(std::string_view text) {
  return read(text, "terms", [](const json& object) { return on_withdraw_from(object.at("consent")); });
}

LegMedia media_of(const LegSpec& spec, const std::optional<LegPorts>& ports) {
  return {spec.payloads, spec.source, ports, spec.rtpengine, spec.srtp};
}

std::string to_json(const LegMedia& media) {
  const LegPayloads& payloads = media.payloads;
  json object{{"formats", json::array()}};
  for (const LegFormat& format : payloads.formats) {
    object["formats"].push_back({{"payload_type", format.payload_type}, {"codec", to_text(format.codec)}});
  }
  if (payloads.dtmf) object["dtmf_payload_type"] = *payloads.dtmf;
  if (payloads.comfort_noise) object["comfort_noise_payload_type"] = *payloads.comfort_noise;
  if (payloads.redundancy) object["redundancy_payload_type"] = *payloads.redundancy;
  if (media.source) object["source"] = to_text(*media.source);
  if (media.ports) object["ports"] = {media.ports->rtp, media.ports->rtcp};
  if (media.rtpengine) {
    object["rtpengine"] = {to_text(media.rtpengine->control), media.rtpengine->call_id, media.rtpengine->tag,
                           media.rtpengine->subscription, media.rtpengine->is_one_of_all};
  }
  if (media.signalled) object["signalled"] = *media.signalled;
  if (media.has_ended) object["ended"] = true;
  if (media.owner_left) object["owner_left"] = true;
  std::string text = object.dump(-1, ' ', false, json::error_handler_t::replace);
  if (media.srtp == nullptr) return text;
  // By hand, so that no copy of the keys is left where a text stood that grew. They are letters, digits and none of
  // what JSON escapes.
  std::string terms = to_text(*media.srtp);
  text.pop_back();
  text.reserve(text.size() + terms.size() + 16);
  text += ",\"srtp\":\"";
  text += terms;
  text += "\"}";
  wipe(terms);
  return text;
}

Bytes seal_media(const SecretKey& call_key, LegId leg, const LegMedia& media) {
  std::string text = to_json(media);
  Bytes sealed = seal_leg_media(call_key, leg, text);
  wipe(text);
  return sealed;
}

Result<LegMedia> leg_media_from(std::string_view text) {
  bool known = true;  // every codec
  Result<SharedSrtpTerms> srtp(nullptr);
  auto media = read(text, "media", [&](const json& object) {
    LegMedia found;
    for (const json& format : object.at("formats")) {
      const auto codec = parse_codec(format.at("codec").get_ref<const std::string&>());
      known = known && codec.has_value();
      found.payloads.formats.push_back({format.at("payload_type"), codec.value_or(Codec())});
    }
    found.payloads.dtmf = optional_of<std::uint8_t>(object, "dtmf_payload_type");
    found.payloads.comfort_noise = optional_of<std::uint8_t>(object, "comfort_noise_payload_type");
    found.payloads.redundancy = optional_of<std::uint8_t>(object, "redundancy_payload_type");
    if (const auto source = optional_of<std::string>(object, "source")) found.source = parse_endpoint(*source);
    if (const auto ports = object.find("ports"); ports != object.end()) {
      found.ports = LegPorts{ports->at(0), ports->at(1)};
    }
    if (const auto from = object.find("rtpengine"); from != object.end()) {
      found.rtpengine = RtpengineSource{parse_endpoint(from->at(0).get<std::string>()).value_or(Endpoint{}),
                                        from->at(1), from->at(2), from->at(3), from->size() > 4 && from->at(4) == true};
    }
    if (auto terms = optional_of<std::string>(object, "srtp")) {
      srtp = srtp_terms_from(*terms);
      wipe(*terms);
    }
    found.signalled = optional_of<std::string>(object, "signalled");
    found.has_ended = optional_of<bool>(object, "ended").value_or(false);
    found.owner_left = optional_of<bool>(object, "owner_left").value_or(false);
    return found;
  });
  if (media && !srtp) return srtp.error();
  if (media) media->srtp = *std::move(srtp);
  if (media && !known) return error(Errc::unsupported, "one of its legs has a codec that is not recorded any more");
  return media;
}

}  // namespace assent
