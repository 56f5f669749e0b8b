#include "pipelines/retention_config.h"

#include <variant>

#include "base/limits.h"
#include "pipelines/quantity.h"

namespace assent {
namespace {

constexpr std::string_view kTenantForm = "{ quality = \"30d\", training = \"keep\" }";
constexpr std::string_view kKeep = "keep";

void read_time(const TomlEntry& entry, const std::string& tenant, const PurposeRegistry& registry, OwnRetention& own,
               ConfigErrors& errors) {
  const std::string name = tenant + "." + entry.key;
  if (!registry.find(entry.key)) {
    errors.push_back({entry.place, name + ": is not a purpose of this file", "a purpose that [[purposes]] declares"});
    return;
  }
  const std::string allowed = "a time from " + duration_text(limits::kOwnRetentionMin) + " to " +
                              duration_text(limits::kRetentionMax) + ", or \"keep\": until it is erased";
  const auto* text = std::get_if<std::string>(&entry.value.value);
  if (text != nullptr && *text == kKeep) {
    own[entry.key] = std::nullopt;
    return;
  }
  const auto time = text == nullptr ? std::nullopt : parse_duration(*text);
  if (time && *time >= limits::kOwnRetentionMin && *time <= limits::kRetentionMax) {
    own[entry.key] = *time;
    return;
  }
  errors.push_back({entry.value.place,
                    name + ": " + (text == nullptr ? "is " + std::string(kind_of(entry.value)) : "\"" + *text + "\""),
                    allowed});
}

}  // namespace

void read_retention(SectionReader&& section, RetentionRules& rules, const PurposeRegistry& registry,
                    ConfigErrors& errors) {
  const TomlValue* tenants = section.take_table("tenants");
  section.finish();
  if (tenants == nullptr) return;
  const auto& table = std::get<TomlTable>(tenants->value);
  if (table.size() > limits::kRetentionTenants) {
    section.refuse(tenants->place, "tenants", "has " + std::to_string(table.size()) + " tenants",
                   "at most " + std::to_string(limits::kRetentionTenants));
    return;
  }
  for (const TomlEntry& tenant : table) {
    const std::string name = "retention.tenants." + tenant.key;
    const auto* own = std::get_if<TomlTable>(&tenant.value.value);
    if (own == nullptr) {
      errors.push_back(
          {tenant.value.place, name + ": is " + std::string(kind_of(tenant.value)), std::string(kTenantForm)});
      continue;
    }
    for (const TomlEntry& entry : *own) read_time(entry, name, registry, rules.tenants[tenant.key], errors);
  }
}

std::vector<std::string> retention_advice(const PipelineSettings& settings) {
  std::vector<std::string> advice;
  for (const pipeline::PurposeText& purpose : settings.purpose_texts) {
    if (purpose.retention) continue;
    advice.push_back("the purpose \"" + purpose.id +
                     "\" has no retention: what is recorded for it is kept until somebody erases it");
  }
  return advice;
}

}  // namespace assent
