#include "engine/catalog/people.h"

#include "engine/catalog/person_fields.h"

namespace assent {
namespace {

Bytes bytes_in(const BlindIndex& index) { return {index.begin(), index.end()}; }

const SubjectRow* added_by(const std::vector<Booking>& bookings, const BlindIndex& index) {
  for (const Booking& booking : bookings) {
    const auto* added = std::get_if<booking::AddSubject>(&booking);
    if (added != nullptr && added->row.blind_index == bytes_in(index)) return &added->row;
  }
  return nullptr;
}

}  // namespace

Result<TenantRow> tenant_named(Catalog& catalog, const std::string& name_or_id) {
  auto row = catalog.tenant(std::string_view(name_or_id));
  if (!row) return row.error();
  if (const auto id = parse_id<TenantId>(name_or_id); !*row && id) row = catalog.tenant(*id);
  if (!row) return row.error();
  if (!*row) return error(Errc::not_found, "there is no tenant of this name or id");
  return **std::move(row);
}

Result<Tenant> People::tenant(std::string_view name) {
  const auto row = catalog_.tenant(name);
  if (!row) return row.error();
  if (!*row) return error(Errc::not_found, "there is no tenant \"" + std::string(name) + "\"");
  return opened(**row);
}

Result<Tenant> People::tenant(TenantId id) {
  const auto row = catalog_.tenant(id);
  if (!row) return row.error();
  if (!*row) return error(Errc::not_found, "there is no tenant " + to_text(id));
  return opened(**row);
}

Result<Tenant> People::opened(TenantRow row) {
  for (;;) {
    const auto key = keys_.open(row.key);
    if (key) return Tenant{row.id, *key};
    if (key.error().code != Errc::not_found) return key.error();
    const auto again = catalog_.tenant(row.id);  // it may have been replaced
    if (!again) return again.error();
    if (!*again || (*again)->key == row.key) return key.error();
    row = **again;
  }
}

Result<Tenant> People::tenant_or_new(std::string_view name, WallTime now, std::vector<Booking>& bookings) {
  const auto row = catalog_.tenant(name);
  if (!row) return row.error();
  if (*row) return tenant(name);
  const auto epoch = keys_.epoch(bookings);
  if (!epoch) return epoch.error();
  const auto key = keys_.make(KeyKind::tenant, *epoch, bookings);
  if (!key) return key.error();
  const auto id = new_id<TenantId>(now);
  bookings.emplace_back(booking::AddTenant{{id, std::string(name), key->id}});
  return Tenant{id, *key};
}

Result<std::optional<SubjectRow>> People::find(const Tenant& tenant, std::string_view ref) {
  for (Tenant asked = tenant;;) {
    auto found = find_under(asked, ref);
    if (!found || *found) return found;
    const auto row = catalog_.tenant(asked.id);
    if (!row) return row.error();
    if (!*row || (*row)->key == asked.key.id) return found;
    // Its key has been replaced since it was opened, and people are indexed by the new one.
    auto again = opened(**row);
    if (!again) return again.error();
    asked = *std::move(again);
  }
}

Result<std::optional<SubjectRow>> People::find_under(const Tenant& tenant, std::string_view ref) {
  const auto by = [&](const SecretKey& key) { return catalog_.subject(tenant.id, subject_index(key, ref)); };
  auto found = by(*tenant.key.key);
  if (!found || *found) return found;
  const auto before = catalog_.predecessor(tenant.key.id);
  if (!before) return before.error();
  if (!*before) return found;
  const auto key = keys_.open(**before);
  if (!key && key.error().code != Errc::not_found) return key.error();
  if (key) found = by(*key->key);
  if (!found || *found) return found;
  return by(*tenant.key.key);  // who was indexed anew in between
}

Result<Subject> People::subject(const Tenant& tenant, std::string_view ref) {
  const auto row = find(tenant, ref);
  if (!row) return row.error();
  if (!*row) return error(Errc::not_found, "nobody of that reference is on record");
  return subject((*row)->id);
}

Result<Subject> People::subject(SubjectId id) {
  for (KeyId tried;;) {
    const auto row = catalog_.subject(id);
    if (!row) return row.error();
    if (!*row) return error(Errc::not_found, "there is no person " + to_text(id));
    const auto key = keys_.open((*row)->key);
    if (key) return Subject{id, *key};
    // It may have been replaced between the two.
    if (key.error().code != Errc::not_found || (*row)->key == tried) return key.error();
    tried = (*row)->key;
  }
}

Result<std::optional<std::string>> People::ref_of(SubjectId id) {
  for (KeyId tried;;) {
    const auto row = catalog_.subject(id);
    if (!row) return row.error();
    if (!*row || (*row)->sealed_ref.empty()) return std::optional<std::string>();
    const auto key = keys_.open((*row)->key);
    if (key) {
      auto ref = open_subject_ref(*key->key, **row);
      if (!ref) return ref.error();
      return std::optional(*std::move(ref));
    }
    if (key.error().code != Errc::not_found) return key.error();
    if ((*row)->key == tried) return std::optional<std::string>();
    tried = (*row)->key;
  }
}

Result<Subject> People::subject_or_new(const Tenant& tenant, const std::optional<std::string>& ref, WallTime now,
                                       std::vector<Booking>& bookings) {
  const auto id = new_id<SubjectId>(now);
  const SecretKey& index_key = *tenant.key.key;
  const BlindIndex index = ref ? subject_index(index_key, *ref) : subject_index(index_key, id);
  if (ref) {
    const auto known = find(tenant, *ref);
    if (!known) return known.error();
    if (*known) return subject((*known)->id);
    if (const SubjectRow* added = added_by(bookings, index)) {
      const auto key = keys_.open_unbooked(added->key);
      if (!key) return key.error();
      return Subject{added->id, *key};
    }
  }
  const auto key = keys_.make(KeyKind::subject, tenant.key, bookings);
  if (!key) return key.error();
  const Bytes sealed_ref = ref ? seal_subject_ref(*key->key, id, *ref) : Bytes();
  bookings.emplace_back(booking::AddSubject{{id, tenant.id, bytes_in(index), sealed_ref, key->id}});
  return Subject{id, *key};
}

}  // namespace assent
