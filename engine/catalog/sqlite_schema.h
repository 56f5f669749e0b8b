// The catalog's tables in SQLite, and how a file of an older version becomes one of this version.
//
// A migration is one script that leads from version n to n + 1 (version 0 is an empty file); each runs in a transaction
// of its own together with the new version number. A file of a newer version is refused, never guessed at.
// Called by the thread that opens the catalog, before anyone else has it.
#pragma once

#include <span>

#include "base/result.h"
#include "engine/catalog/sqlite_database.h"

namespace assent {

std::span<const char* const> catalog_migrations();

// For the writer: creates or migrates. Errc::unsupported: a newer version. Errc::invalid: another program's database.
Result<void> migrate(SqliteDatabase& database, std::span<const char* const> migrations);

// For a reader: the version must be this build's. Errc::unsupported otherwise.
Result<void> check_version(SqliteDatabase& database, std::span<const char* const> migrations);

}  // namespace assent
