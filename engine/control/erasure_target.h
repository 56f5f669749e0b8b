// Whom and what the erasure of a person or of a tenant concerns, as the catalog says it now. Any thread. Errors:
// Errc::corrupt (whom it is about is not on record), and the catalog's.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "engine/catalog/catalog.h"

namespace assent {

inline constexpr std::string_view kRecordingKind = "recording";
inline constexpr std::string_view kSubjectKind = "subject";
inline constexpr std::string_view kTenantKind = "tenant";

struct ErasureTarget {
  std::optional<SubjectId> subject;  // none: all of the tenant
  KeyId key;
  std::vector<SubjectRow> people;
  std::vector<CallRow> calls;
};

Result<ErasureTarget> load_target(Catalog& catalog, const ErasureRow& row);

// One of this that only processors keep open, if there is.
Result<std::optional<ErasureRow>> waiting_for_processors(Catalog& catalog, std::string_view kind,
                                                         std::string_view target);

}  // namespace assent
