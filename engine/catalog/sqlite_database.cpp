#include "engine/catalog/sqlite_database.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "base/limits.h"

namespace assent {
namespace {

Errc code_of(int extended) {
  switch (extended) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
    case SQLITE_CONSTRAINT_TRIGGER: return Errc::conflict;
    default: break;
  }
  switch (extended & 0xFF) {
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
    case SQLITE_RANGE: return Errc::invalid;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL: return Errc::unavailable;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return Errc::corrupt;
    case SQLITE_READONLY: return Errc::unsupported;
    case SQLITE_NOMEM: return Errc::exhausted;
    default: return Errc::io;
  }
}

Error error_of(sqlite3* db, int code, std::string_view doing) {
  const char* file = sqlite3_db_filename(db, "main");
  return error(code_of(code), std::string("catalog ") + (file != nullptr ? file : "") + ": " + std::string(doing) +
                                  ": " + sqlite3_errmsg(db));
}

}  // namespace

// ---- statement ----------------------------------------------------------------------------------------------------

SqliteStatement::SqliteStatement(SqliteStatement&& other) noexcept
    : db_(other.db_),
      statement_(std::exchange(other.statement_, nullptr)),
      bound_(other.bound_),
      bind_error_(other.bind_error_) {}

SqliteStatement::~SqliteStatement() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Result<bool> SqliteStatement::step() {
  if (bind_error_ != SQLITE_OK) return error_of(db_, bind_error_, "bind");
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return error_of(db_, sqlite3_extended_errcode(db_), sqlite3_sql(statement_));
}

Result<void> SqliteStatement::run() {
  const auto row = step();
  if (!row) return row.error();
  ASSENT_CHECK(!*row);
  return {};
}

// Values are copied (SQLITE_TRANSIENT): a statement may be stepped after the temporaries it was given have gone.
void SqliteStatement::bind_null() {
  if (const int code = sqlite3_bind_null(statement_, ++bound_); code != SQLITE_OK) bind_error_ = code;
}

void SqliteStatement::bind_integer(std::int64_t value) {
  if (const int code = sqlite3_bind_int64(statement_, ++bound_, value); code != SQLITE_OK) bind_error_ = code;
}

void SqliteStatement::bind_text(std::string_view value) {
  // SQLite takes a null pointer for NULL, and an empty view may have one.
  const char* data = value.empty() ? "" : value.data();
  const int code = sqlite3_bind_text64(statement_, ++bound_, data, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  if (code != SQLITE_OK) bind_error_ = code;
}

void SqliteStatement::bind_bytes(ByteView value) {
  const void* data = value.empty() ? static_cast<const void*>("") : value.data();
  const int code = sqlite3_bind_blob64(statement_, ++bound_, data, value.size(), SQLITE_TRANSIENT);
  if (code != SQLITE_OK) bind_error_ = code;
}

bool SqliteStatement::null() const { return sqlite3_column_type(statement_, column_) == SQLITE_NULL; }

std::int64_t SqliteStatement::integer() const { return sqlite3_column_int64(statement_, column_); }

std::string_view SqliteStatement::text() const {
  const unsigned char* data = sqlite3_column_text(statement_, column_);
  const int size = sqlite3_column_bytes(statement_, column_);
  if (data == nullptr) return {};
  return {reinterpret_cast<const char*>(data), static_cast<std::size_t>(size)};
}

ByteView SqliteStatement::bytes() const {
  const void* data = sqlite3_column_blob(statement_, column_);
  const int size = sqlite3_column_bytes(statement_, column_);
  return {static_cast<const std::uint8_t*>(data), static_cast<std::size_t>(size)};
}

void SqliteStatement::malformed() {
  if (malformed_column_ < 0) malformed_column_ = column_;
}

Result<void> SqliteStatement::reading_result() const {
  if (malformed_column_ < 0) return {};
  const char* name = sqlite3_column_name(statement_, malformed_column_);
  return error(Errc::corrupt, std::string("catalog: a row's ") + (name != nullptr ? name : "column") +
                                  " is not what this build can read");
}

// ---- database -----------------------------------------------------------------------------------------------------

Result<std::unique_ptr<SqliteDatabase>> SqliteDatabase::open(const std::string& path, Access access) {
  ASSENT_CHECK(sqlite3_threadsafe() != 0);
  // NOMUTEX: each connection is used by one thread at a time; SQLite's global state stays guarded.
  const int flags = (access == Access::write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) | SQLITE_OPEN_NOMUTEX |
                    SQLITE_OPEN_EXRESCODE;
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  if (handle == nullptr) return error(Errc::exhausted, "catalog: no memory for a connection");
  std::unique_ptr<SqliteDatabase> database(new SqliteDatabase(handle, access));
  if (code != SQLITE_OK) {
    return error(code_of(code), "catalog " + path + ": open: " + sqlite3_errmsg(handle));
  }
  if (const auto ready = database->set_up(access); !ready) return ready.error();
  return database;
}

SqliteDatabase::~SqliteDatabase() {
  for (const auto& [sql, statement] : prepared_) sqlite3_finalize(statement);
  // Whoever closes the file last has SQLite remove the log, as it is. Where somebody reads on, it stays.
  if (access_ == Access::write) (void)truncate_log();
  sqlite3_close(db_);
}

Result<void> SqliteDatabase::set_up(Access access) {
  sqlite3_busy_timeout(db_, static_cast<int>(limits::kCatalogLockWait.count()));
  sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(db_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  if (auto ok = script("PRAGMA temp_store = MEMORY; PRAGMA cell_size_check = ON"); !ok) return ok;
  if (access == Access::read) return script("PRAGMA query_only = ON");
  if (auto ok = expect("PRAGMA journal_mode = WAL", "wal"); !ok) return ok;
  if (auto ok = script("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON"); !ok) return ok;
  if (auto ok = expect("PRAGMA synchronous", "2"); !ok) return ok;
  if (auto ok = expect("PRAGMA foreign_keys", "1"); !ok) return ok;
  return expect("PRAGMA secure_delete = ON", "1");
}

Result<void> SqliteDatabase::expect(const char* pragma, std::string_view answer) {
  const auto given = value<std::string>(pragma);
  if (!given) return given.error();
  if (*given && **given == answer) return {};
  return error(Errc::unsupported, std::string("catalog: ") + pragma + " gave \"" + given->value_or("") +
                                      "\": this file system or SQLite cannot keep the catalog safe");
}

Result<SqliteStatement> SqliteDatabase::prepared(const char* sql) {
  auto [place, is_new] = prepared_.try_emplace(sql, nullptr);
  if (is_new) {
    const int code = sqlite3_prepare_v3(db_, sql, -1, SQLITE_PREPARE_PERSISTENT, &place->second, nullptr);
    if (code != SQLITE_OK) {
      prepared_.erase(place);
      return error_of(db_, code, sql);
    }
  }
  ASSENT_CHECK(sqlite3_stmt_busy(place->second) == 0);
  return SqliteStatement(db_, place->second);
}

Result<void> SqliteDatabase::script(const char* sql) {
  const int code = sqlite3_exec(db_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return error_of(db_, code, "script");
  return {};
}

std::int64_t SqliteDatabase::last_rowid() const { return sqlite3_last_insert_rowid(db_); }
std::int64_t SqliteDatabase::changed_rows() const { return sqlite3_changes64(db_); }

Result<void> SqliteDatabase::truncate_log() {
  // After RESTART nobody reads the log, and whoever writes begins it anew: the one writer, this connection.
  if (auto moved = checkpoint(SQLITE_CHECKPOINT_RESTART); !moved) return moved;
  if (auto blanked = blank_log(); !blanked) return blanked;
  return checkpoint(SQLITE_CHECKPOINT_TRUNCATE);
}

Result<void> SqliteDatabase::checkpoint(int mode) {
  int log_frames = -1;
  int moved_frames = -1;
  const int code = sqlite3_wal_checkpoint_v2(db_, "main", mode, &log_frames, &moved_frames);
  if (code != SQLITE_OK) return error_of(db_, code, "empty the write-ahead log");
  // After a successful TRUNCATE the log has no frames; anything else means it is still there.
  const bool emptied = mode == SQLITE_CHECKPOINT_TRUNCATE ? log_frames == 0 : log_frames == moved_frames;
  if (!emptied) return error(Errc::unavailable, "catalog: the write-ahead log could not be emptied");
  return {};
}

// All of its frames are in the database, so a log of zeros, or half of it, says as much as none.
Result<void> SqliteDatabase::blank_log() {
  static constexpr std::array<std::uint8_t, std::size_t{64} * 1024> kZeros{};
  sqlite3_file* log = nullptr;
  if (const int code = sqlite3_file_control(db_, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log); code != SQLITE_OK) {
    return error_of(db_, code, "find the write-ahead log");
  }
  if (log == nullptr || log->pMethods == nullptr) return {};
  sqlite3_int64 size = 0;
  int code = log->pMethods->xFileSize(log, &size);
  for (sqlite3_int64 at = 0; at < size && code == SQLITE_OK; at += std::ssize(kZeros)) {
    const auto bytes = static_cast<int>(std::min<sqlite3_int64>(size - at, std::ssize(kZeros)));
    code = log->pMethods->xWrite(log, kZeros.data(), bytes, at);
  }
  if (code == SQLITE_OK && size != 0) code = log->pMethods->xSync(log, SQLITE_SYNC_FULL);
  if (code != SQLITE_OK) return error(code_of(code), "catalog: the write-ahead log could not be written over");
  return {};
}

}  // namespace assent
