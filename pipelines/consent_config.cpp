#include "pipelines/consent_config.h"

#include <algorithm>

#include "codecs/telephone_event.h"
#include "engine/catalog/notices.h"
#include "pipelines/overload_config.h"

namespace assent {

std::optional<pipeline::Notice> read_notice(SectionReader&& section) {
  pipeline::Notice notice;
  const auto take = [&](std::string_view key, std::string& value, std::size_t most_bytes) {
    section.require(key, "text; a notice needs id, version, language and text");
    if (auto text = section.take_text(key, most_bytes)) value = std::move(*text);
  };
  take("id", notice.id, limits::kNameBytes);
  take("version", notice.version, limits::kNameBytes);
  take("language", notice.language, limits::kNameBytes);
  take("text", notice.text, limits::kNoteBytes);
  section.finish();
  if (!notice.language.empty() && !is_language_tag(notice.language)) {
    section.refuse(section.place_of("language"), "language", in_quotes(notice.language) + " is not a language",
                   "a tag such as \"en\" or \"de-CH\" (RFC 5646)");
  }
  return notice;
}

namespace {

// ---- purposes -----------------------------------------------------------------------------------------------------

bool is_purpose_id(std::string_view text) {
  return !text.empty() && text.size() <= limits::kNameBytes && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

}  // namespace

std::vector<pipeline::Notice> read_notices(SectionReader& document, ConfigErrors& errors) {
  std::vector<pipeline::Notice> notices;
  for (const TomlValue* table : document.take_tables("notices")) {
    if (auto notice = read_notice(SectionReader(*table, "notices", errors))) notices.push_back(*std::move(notice));
  }
  return notices;
}

std::vector<pipeline::PurposeText> read_purposes(SectionReader& document, ConfigErrors& errors) {
  std::vector<pipeline::PurposeText> purposes;
  for (const TomlValue* table : document.take_tables("purposes")) {
    SectionReader section(*table, "purposes", errors);
    pipeline::PurposeText purpose;
    section.require("id", "a name such as \"quality\"");
    purpose.id = section.take_text("id", limits::kNameBytes).value_or("");
    purpose.description = section.take_text("description", limits::kNoteBytes).value_or("");
    purpose.lawful_basis = section.take_text("lawful_basis", limits::kRefBytes).value_or(purpose.lawful_basis);
    purpose.version = section.take_text("version", limits::kNameBytes).value_or(purpose.version);
    purpose.processors = section.take_texts("processors").value_or(std::vector<std::string>());
    if (purpose.processors.size() > limits::kProcessors) {
      section.refuse(section.place_of("processors"), "processors", "names too many",
                     "at most " + std::to_string(limits::kProcessors));
    }
    milliseconds retention = 0ms;
    section.take("retention", retention, {limits::kRetentionMin, limits::kRetentionMax});
    if (retention != 0ms) purpose.retention = std::chrono::floor<std::chrono::hours>(retention);
    section.finish();

    if (purpose.id.empty()) continue;
    const bool twice = std::any_of(purposes.begin(), purposes.end(), [&](const auto& p) { return p.id == purpose.id; });
    if (!is_purpose_id(purpose.id)) {
      section.refuse(section.place_of("id"), "id", in_quotes(purpose.id) + " is not a purpose's name",
                     "1 to 64 of a-z, 0-9 and -");
    } else if (twice) {
      section.refuse(section.place_of("id"), "id", in_quotes(purpose.id) + " stands there twice", "each purpose once");
    } else if (purposes.size() == limits::kPurposes) {
      section.refuse(section.place_of("id"), "id", "is one purpose too many",
                     "at most " + std::to_string(limits::kPurposes));
    } else {
      purposes.push_back(std::move(purpose));
    }
  }
  return purposes;
}

namespace {

// The purposes a list names; one that is not declared is refused, and the others count.
PurposeSet take_purposes(SectionReader& section, std::string_view key, const PurposeRegistry& registry) {
  PurposeSet set;
  const auto names = section.take_texts(key);
  for (const auto& name : names.value_or(std::vector<std::string>{})) {
    if (const auto purpose = registry.find(name)) {
      set |= PurposeSet::of(*purpose);
      continue;
    }
    std::vector<std::string_view> declared;
    std::string allowed = "those of [[purposes]]:";
    const auto ids = registry.ids_of(registry.all());
    for (const auto& id : ids) {
      declared.push_back(id);
      allowed += " " + id;
    }
    const auto meant = nearest_word(name, declared);
    section.refuse(
        section.place_of(key), key,
        in_quotes(name) + " is not declared" + (meant ? ": did you mean \"" + std::string(*meant) + "\"?" : ""),
        std::move(allowed));
  }
  return set;
}

// { decision = "granted", purposes = ["quality"] } or { action = "pause" }
DigitAction read_digit(SectionReader&& section, const PurposeRegistry& registry, PurposeSet default_purposes) {
  enum class Word { granted, denied, withdrawn, pause };
  constexpr std::string_view kForms = "{ decision = \"granted\", purposes = [...] } or { action = \"pause\" }";
  Word word = Word::denied;
  section.take_choice("decision", word,
                      {{"granted", Word::granted}, {"denied", Word::denied}, {"withdrawn", Word::withdrawn}});
  const TomlValue* action = section.take_any("action");
  const PurposeSet named = take_purposes(section, "purposes", registry);
  section.finish();

  if (section.has("decision") == section.has("action")) {
    section.refuse(section.place_of("action"), section.has("action") ? "action" : "decision",
                   section.has("action") ? "cannot stand beside decision" : "is missing", std::string(kForms));
    return {};
  }
  if (action != nullptr) {
    const auto* text = std::get_if<std::string>(&action->value);
    if (text == nullptr || *text != "pause") {
      const bool resume = text != nullptr && *text == "resume";
      section.refuse(action->place, "action",
                     resume ? "no digit resumes: while a call is paused its digits may be a card number, and nobody "
                              "listens to them (resume through the API)"
                            : "is unknown",
                     "\"pause\"");
    }
    return DigitAction::pause();
  }
  switch (word) {
    case Word::granted:
      return DigitAction::decide(Decision::granted, section.has("purposes") ? named : default_purposes);
    case Word::withdrawn: return DigitAction::decide(Decision::withdrawn, named);
    default: return DigitAction::decide(Decision::denied, named);
  }
}

void read_digits(const TomlValue* table, pipeline::Consent& consent, const PurposeRegistry& registry,
                 ConfigErrors& errors) {
  if (table == nullptr) return;
  for (const auto& entry : std::get<TomlTable>(table->value)) {
    const std::string name = "consent.digits." + entry.key.substr(0, 8);
    if (entry.key.size() != 1 || kTelephoneKeys.find(entry.key) == std::string_view::npos) {
      errors.push_back({entry.place, "consent.digits: " + in_quotes(entry.key) + " is not a key of a telephone",
                        "one of 0 to 9, *, #, A to D, in quotes"});
      continue;
    }
    if (!std::holds_alternative<TomlTable>(entry.value.value)) {
      errors.push_back({entry.value.place, name + ": is " + std::string(kind_of(entry.value)),
                        "{ decision = \"granted\", purposes = [\"quality\"] }"});
      continue;
    }
    const auto errors_before = errors.size();
    const DigitAction action = read_digit(SectionReader(entry.value, name, errors), registry, consent.default_purposes);
    if (errors.size() != errors_before) continue;
    if (const auto bound = consent.gate.digits.bind(entry.key[0], action); !bound) {
      errors.push_back({entry.value.place, name + ": " + bound.error().what, ""});
    }
  }
}

void read_preroll(SectionReader& section, ConsentSettings& gate) {
  const std::string allowed = "\"all\", \"none\" or a duration up to consent.hold (" +
                              duration_text(std::chrono::floor<milliseconds>(gate.hold)) + ")";
  const TomlValue* found = section.take_any("preroll");
  if (found == nullptr) return;
  const auto* text = std::get_if<std::string>(&found->value);
  if (text == nullptr) return section.refuse(found->place, "preroll", "is " + std::string(kind_of(*found)), allowed);
  if (*text == "all") return;
  if (*text == "none") {
    gate.preroll = Preroll::none();
    return;
  }
  const auto keep = parse_duration(*text);
  if (!keep || *keep == 0ms) return section.refuse(found->place, "preroll", in_quotes(*text) + " is unknown", allowed);
  if (*keep > gate.hold)
    return section.refuse(found->place, "preroll", in_quotes(*text) + " is more than is held", allowed);
  gate.preroll = Preroll::last(*keep);
}

void read_evidence(SectionReader& section, ConsentSettings& gate, const PurposeRegistry& registry) {
  if (!section.has("evidence")) return;
  const auto place = section.place_of("evidence");
  milliseconds around = 0ms;
  section.take("evidence", around, {limits::kEvidenceMin, std::chrono::floor<milliseconds>(gate.hold)});
  if (around == 0ms) return;  // refused
  const auto purpose = registry.find(kEvidencePurpose);
  if (!purpose) {
    return section.refuse(
        place, "evidence", "needs the purpose that it is read for",
        "a [[purposes]] entry with id = \"" + std::string(kEvidencePurpose) + "\", and a yes that names it");
  }
  gate.answer = SpokenAnswer{around, *purpose};
}

void read_default_purposes(SectionReader& section, pipeline::Consent& consent, const PurposeRegistry& registry) {
  constexpr std::string_view kWanted = "the purposes that a grant means when it names none";
  consent.default_purposes = take_purposes(section, "default_purposes", registry);
  if (!section.has("default_purposes")) {
    // With one purpose it is clear which is meant; with several, somebody has to say.
    if (registry.size() == 1) consent.default_purposes = registry.all();
    if (registry.size() != 1) section.require("default_purposes", kWanted);
    return;
  }
  const auto* list = std::get_if<TomlArray>(&section.take_any("default_purposes")->value);
  if (list != nullptr && list->empty()) {
    section.refuse(section.place_of("default_purposes"), "default_purposes", "is empty", std::string(kWanted));
  }
}

// ---- tenants ------------------------------------------------------------------------------------------------------

constexpr std::string_view kTenantForm =
    "{ policy = \"per-party\", standing_roles = [\"agent\"], validity = \"365d\" }";

void take_policy(SectionReader& section, Policy& policy) {
  section.take_choice(
      "policy", policy,
      {{"all-party", Policy::all_party}, {"per-party", Policy::per_party}, {"one-party", Policy::one_party}});
}

// What the file has for every tenant and may have for each.
void take_rules(SectionReader& section, TenantConsent& rules) {
  take_policy(section, rules.policy);
  if (auto roles = section.take_texts("standing_roles")) {
    rules.standing_roles = *std::move(roles);
    for (const std::string& role : rules.standing_roles) {
      if (!role.empty() && role.size() <= limits::kRefBytes) continue;
      section.refuse(section.place_of("standing_roles"), "standing_roles", "has a role that is empty or too long",
                     "roles of participants, such as [\"agent\"]");
    }
  }
  milliseconds validity = 0ms;
  section.take("validity", validity, {limits::kValidityMin, limits::kValidityMax});
  if (validity != 0ms) rules.validity = validity;
  ErasureScope erasure = ErasureScope::leg;
  section.take_choice("erasure", erasure, {{"leg", ErasureScope::leg}, {"call", ErasureScope::call}});
  if (section.has("erasure")) rules.erasure = erasure;
}

void read_tenants(SectionReader& section, ConsentRules& rules, ConfigErrors& errors) {
  const TomlValue* tenants = section.take_table("tenants");
  if (tenants == nullptr) return;
  const auto& table = std::get<TomlTable>(tenants->value);
  if (table.size() > limits::kConsentTenants) {
    section.refuse(tenants->place, "tenants", "has " + std::to_string(table.size()) + " tenants",
                   "at most " + std::to_string(limits::kConsentTenants));
    return;
  }
  for (const TomlEntry& entry : table) {
    const std::string name = "consent.tenants." + entry.key;
    if (!std::holds_alternative<TomlTable>(entry.value.value)) {
      errors.push_back(
          {entry.value.place, name + ": is " + std::string(kind_of(entry.value)), std::string(kTenantForm)});
      continue;
    }
    SectionReader own(entry.value, name, errors);
    TenantConsent& tenant = rules.tenants[entry.key] = rules.every;
    take_rules(own, tenant);
    own.finish();
  }
}

}  // namespace

void read_consent(SectionReader&& section, pipeline::Consent& consent, nanoseconds& hold_floor,
                  const PurposeRegistry& registry, ConfigErrors& errors) {
  ConsentSettings& gate = consent.gate;
  gate.purposes = registry.all();
  take_rules(section, consent.rules.every);
  read_tenants(section, consent.rules, errors);
  gate.policy = consent.rules.every.policy;
  gate.validity = consent.rules.every.validity;
  section.take_choice("on_withdraw", gate.on_withdraw, {{"keep", OnWithdraw::keep}, {"erase", OnWithdraw::erase}});
  milliseconds hold = limits::kHoldDefault;
  milliseconds deadline = limits::kDeadlineDefault;
  section.take("hold", hold, {limits::kHoldMin, limits::kHoldMax});
  section.take("deadline", deadline, {limits::kDeadlineMin, limits::kDeadlineMax});
  section.take("lease", consent.lease, {limits::kLeaseMin, limits::kLeaseMax});
  read_hold_floor(section, hold, hold_floor);
  gate.hold = hold;
  gate.deadline = deadline;
  read_preroll(section, gate);
  read_evidence(section, gate, registry);
  read_default_purposes(section, consent, registry);
  read_digits(section.take_table("digits"), consent, registry, errors);
  section.finish();
}

}  // namespace assent
