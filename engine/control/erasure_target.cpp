#include "engine/control/erasure_target.h"

#include <utility>

namespace assent {

Result<ErasureTarget> load_target(Catalog& catalog, const ErasureRow& row) {
  ErasureTarget target;
  const Error unknown = error(Errc::corrupt, "whom the erasure " + to_text(row.id) + " is about is not on record");
  if (row.target_kind == kSubjectKind) {
    const auto id = parse_id<SubjectId>(row.target_id);
    auto subject = id ? catalog.subject(*id) : Result<std::optional<SubjectRow>>(unknown);
    if (!subject) return subject.error();
    if (!*subject) return unknown;
    target.subject = *id;
    target.key = (*subject)->key;
    target.people.push_back(**std::move(subject));
    auto calls = catalog.calls_of(*id);
    if (!calls) return calls.error();
    target.calls = *std::move(calls);
    return target;
  }
  const auto id = parse_id<TenantId>(row.target_id);
  auto tenant = id ? catalog.tenant(*id) : Result<std::optional<TenantRow>>(unknown);
  if (!tenant) return tenant.error();
  if (!*tenant) return unknown;
  target.key = (*tenant)->key;
  auto people = catalog.subjects_of(*id);
  if (!people) return people.error();
  target.people = *std::move(people);
  auto calls = catalog.calls_of(*id);
  if (!calls) return calls.error();
  target.calls = *std::move(calls);
  return target;
}

Result<std::optional<ErasureRow>> waiting_for_processors(Catalog& catalog, std::string_view kind,
                                                         std::string_view target) {
  auto rows = catalog.waiting_erasures();
  if (!rows) return rows.error();
  for (ErasureRow& row : *rows) {
    if (row.target_kind == kind && row.target_id == target) return std::optional(std::move(row));
  }
  return std::optional<ErasureRow>();
}

}  // namespace assent
