// People: finds the tenant and the subject that a name and a reference stand for, or makes them.
//
// What is made comes back with the bookings that store it (keys first), appended to the caller's, who books them in one
// transaction with the rows that refer to it. Two callers may make the same one at once: then one of the two bookings
// gives Errc::conflict, and that caller starts again and finds the other's.
//
// While keys are replaced, a person may be found by the index of the tenant's key or of the one before it.
//
// Any thread. Errors: those of the catalog and of the key ring; Errc::not_found when the key
// of the tenant or the person has been destroyed.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/catalog/catalog.h"
#include "engine/catalog/key_ring.h"

namespace assent {

struct Tenant {
  TenantId id;
  OpenKey key;
};

struct Subject {
  SubjectId id;
  OpenKey key;
};

// The operator's name of it, or its id. Errc::not_found: there is none.
Result<TenantRow> tenant_named(Catalog& catalog, const std::string& name_or_id);

class People {
 public:
  // Borrows both, which outlive it.
  People(Catalog& catalog, KeyRing& keys) : catalog_(catalog), keys_(keys) {}

  // By the operator's name of it. Errc::not_found: there is none.
  Result<Tenant> tenant(std::string_view name);
  Result<Tenant> tenant(TenantId id);
  Result<Tenant> tenant_or_new(std::string_view name, WallTime now, std::vector<Booking>& bookings);

  // By the caller's stable reference of the person; none: nobody of that reference, or erased.
  Result<std::optional<SubjectRow>> find(const Tenant& tenant, std::string_view ref);
  // The same with their key. Errc::not_found.
  Result<Subject> subject(const Tenant& tenant, std::string_view ref);
  Result<Subject> subject(SubjectId id);
  // The reference of somebody; none: they never had one, or are erased.
  Result<std::optional<std::string>> ref_of(SubjectId id);
  // Without a reference always a new one. One that `bookings` is about to add is found, too.
  Result<Subject> subject_or_new(const Tenant& tenant, const std::optional<std::string>& ref, WallTime now,
                                 std::vector<Booking>& bookings);

 private:
  Result<Tenant> opened(TenantRow row);
  // By the index of this key of the tenant's, or of the one before.
  Result<std::optional<SubjectRow>> find_under(const Tenant& tenant, std::string_view ref);

  Catalog& catalog_;
  KeyRing& keys_;
};

}  // namespace assent
