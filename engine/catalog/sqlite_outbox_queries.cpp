// What SqliteCatalog knows of processors and of what they have been told.

#include "base/limits.h"
#include "engine/catalog/sqlite_catalog.h"

namespace assent {
namespace {

#define ASSENT_DELIVERY_ROWS                                                                                \
  "SELECT event, processor, kind, tenant, call, subject, erasure, body, created, queued, state, attempts, " \
  "tried, last_error, settled FROM outbox "

Result<void> read_processor(SqliteStatement& from, ProcessorRow& row) {
  return from.read(row.name, row.purposes_json, row.host, row.since, row.removed);
}

Result<void> read_delivery(SqliteStatement& from, DeliveryRow& row) {
  return from.read(row.event, row.processor, row.kind, row.tenant, row.call, row.subject, row.erasure, row.body_json,
                   row.created, row.queued, row.state, row.attempts, row.tried, row.last_error, row.settled);
}

Result<void> read_count(SqliteStatement& from, DeliveryCount& row) {
  return from.read(row.processor, row.state, row.count, row.oldest);
}

}  // namespace

Result<std::vector<ProcessorRow>> SqliteCatalog::processors() {
  const auto connection = borrow();
  if (!connection) return connection.error();
  return all_rows<ProcessorRow>(
      (*connection)->use("SELECT name, purposes, host, since, removed FROM processors ORDER BY name"), read_processor,
      limits::kCatalogRows);
}

Result<std::vector<DeliveryRow>> SqliteCatalog::deliveries(std::string_view processor, DeliveryState state,
                                                           std::size_t limit) {
  const auto connection = borrow();
  if (!connection) return connection.error();
  return all_rows<DeliveryRow>(
      (*connection)
          ->use(ASSENT_DELIVERY_ROWS "WHERE processor = ? AND state = ? AND settled IS NULL ORDER BY n LIMIT ?",
                processor, state, limit),
      read_delivery, limits::kCatalogRows);
}

Result<std::vector<DeliveryRow>> SqliteCatalog::deliveries_of(ErasureId erasure) {
  const auto connection = borrow();
  if (!connection) return connection.error();
  return all_rows<DeliveryRow>((*connection)->use(ASSENT_DELIVERY_ROWS "WHERE erasure = ? ORDER BY n", erasure),
                               read_delivery, limits::kCatalogRows);
}

Result<std::optional<DeliveryRow>> SqliteCatalog::delivery(std::string_view processor, EventId event) {
  const auto connection = borrow();
  if (!connection) return connection.error();
  return one_row<DeliveryRow>(
      (*connection)->use(ASSENT_DELIVERY_ROWS "WHERE processor = ? AND event = ?", processor, event), read_delivery);
}

Result<std::vector<DeliveryCount>> SqliteCatalog::delivery_counts() {
  const auto connection = borrow();
  if (!connection) return connection.error();
  return all_rows<DeliveryCount>(
      (*connection)
          ->use("SELECT processor, state, count(*), min(created) FROM outbox WHERE settled IS NULL "
                "GROUP BY processor, state"),
      read_count, limits::kCatalogRows);
}

#undef ASSENT_DELIVERY_ROWS

}  // namespace assent
