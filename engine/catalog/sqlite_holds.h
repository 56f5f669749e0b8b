// The rows of legal holds in SQLite, for the bookings and for the queries. Whoever has the connection.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/result.h"
#include "engine/catalog/catalog_rows.h"
#include "engine/catalog/sqlite_database.h"

namespace assent {

// Each query's columns stand in the order in which its row is read. A macro, because statements are string literals.
#define ASSENT_HOLD_ROWS                                                                                \
  "SELECT h.id, h.target, h.target_id, h.reason, h.placed_by, h.placed, h.until, h.ended, h.ended_by, " \
  "h.ended_reason FROM holds h "

Result<void> read_hold(SqliteStatement& from, HoldRow& row);

// As Catalog::holds_over.
Result<std::vector<HoldRow>> holds_over(SqliteDatabase& database, HoldTarget target,
                                        const std::array<std::uint8_t, 16>& id);

}  // namespace assent
