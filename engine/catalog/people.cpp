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

Result<Tenant> People::opened(const TenantRow& row) {
  const auto key = keys_.open(row.key);
  if (!key) return key.error();
  return Tenant{row.id, *key};
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

Result<Subject> People::subject(const Tenant& tenant, std::string_view ref) {
  const auto row = catalog_.subject(tenant.id, subject_index(*tenant.key.key, ref));
  if (!row) return row.error();
  if (!*row) return error(Errc::not_found, "nobody of that reference is on record");
  const auto key = keys_.open((*row)->key);
  if (!key) return key.error();
  return Subject{(*row)->id, *key};
}

Result<Subject> People::subject_or_new(const Tenant& tenant, const std::optional<std::string>& ref, WallTime now,
                                       std::vector<Booking>& bookings) {
  const auto id = new_id<SubjectId>(now);
  const SecretKey& index_key = *tenant.key.key;
  const BlindIndex index = ref ? subject_index(index_key, *ref) : subject_index(index_key, id);
  if (ref) {
    const auto known = catalog_.subject(tenant.id, index);
    if (!known) return known.error();
    if (*known) return subject(tenant, *ref);
    if (const SubjectRow* added = added_by(bookings, index)) {
      const auto key = keys_.open(added->key);
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
