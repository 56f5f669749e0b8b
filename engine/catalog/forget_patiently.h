// Makes the catalog's files forget what was destroyed, and waits while somebody still reads an older state of them.
// Not on the catalog's thread. Errors: Errc::unavailable when that reader takes longer than two seconds, and those of
// CatalogWriter::forget_and_wait.
#pragma once

#include "base/result.h"
#include "engine/catalog/catalog_writer.h"

namespace assent {

Result<void> forget_patiently(CatalogWriter& writer);

}  // namespace assent
