#include "pipelines/overload_config.h"

namespace assent {

// The default may be more than `hold`, and then shortens nothing.
void read_hold_floor(SectionReader& section, milliseconds hold, nanoseconds& floor) {
  milliseconds asked = limits::kHoldFloorDefault;
  section.take("hold_floor", asked, {limits::kHoldMin, limits::kHoldMax});
  if (section.has("hold_floor") && asked > hold) {
    section.refuse(section.place_of("hold_floor"), "hold_floor", "is more than consent.hold",
                   "at most \"" + duration_text(hold) + "\"");
  }
  floor = asked;
}

void read_overload(SectionReader&& section, pipeline::Overload& overload) {
  const TomlValue* reserve = section.take_any("disk_reserve");
  const auto* text = reserve == nullptr ? nullptr : std::get_if<std::string>(&reserve->value);
  if (reserve != nullptr && (text == nullptr || *text != "auto")) {
    std::uint64_t bytes = 0;
    section.take_size("disk_reserve", bytes, {limits::kDiskReserveMin, limits::kDiskReserveMax});
    overload.disk_reserve_bytes = bytes;
  }
  section.finish();
}

namespace {

TenantQuota take_quota(SectionReader& section, const TenantQuota& unset) {
  TenantQuota quota = unset;
  std::size_t calls = 0;
  section.take("calls", calls, Bounds<std::size_t>{1, limits::kCallsMax});
  if (section.has("calls")) quota.calls = calls;
  std::uint64_t bytes = 0;
  section.take_size("stored", bytes, {limits::kQuotaBytesMin, limits::kQuotaBytesMax});
  if (section.has("stored")) quota.stored_bytes = bytes;
  return quota;
}

}  // namespace

void read_quota(SectionReader&& section, QuotaSettings& quota, ConfigErrors& errors) {
  quota.every = take_quota(section, {});
  const TomlValue* tenants = section.take_table("tenants");
  section.finish();
  if (tenants == nullptr) return;
  const auto& table = std::get<TomlTable>(tenants->value);
  if (table.size() > limits::kQuotaTenants) {
    section.refuse(tenants->place, "tenants", "has " + std::to_string(table.size()) + " tenants",
                   "at most " + std::to_string(limits::kQuotaTenants));
    return;
  }
  for (const TomlEntry& entry : table) {
    const std::string name = "quota.tenants." + entry.key;
    if (!std::holds_alternative<TomlTable>(entry.value.value)) {
      errors.push_back({entry.value.place, name + ": is " + std::string(kind_of(entry.value)),
                        "{ calls = 200, stored = \"500GiB\" }"});
      continue;
    }
    SectionReader own(entry.value, name, errors);
    quota.tenants[entry.key] = take_quota(own, quota.every);
    own.finish();
  }
}

}  // namespace assent
