// SqliteDatabase: one SQLite connection and its prepared statements. The only translation unit that sees sqlite3.h is
// sqlite_database.cpp; the rest of the SQLite backend says what it wants in SQL and in the project's own types.
//
// A statement is prepared at its first use and kept; `use` binds the arguments in order and lends it out until the
// SqliteStatement goes, which resets it (so no read snapshot outlives it). One statement is lent once at a time.
//
// One connection: one thread at a time. Errors say the catalog's file and what SQLite said:
//   Errc::conflict     a unique key is taken, or the schema forbids the change
//   Errc::invalid      a row that must be there is not (foreign key), a value of the wrong shape
//   Errc::unavailable  another process holds the database; the disk is full
//   Errc::corrupt      the file is damaged or not a database
//   Errc::io           anything else the system refused
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"

struct sqlite3;
struct sqlite3_stmt;

namespace assent {

// What SQL can hold of ours: integers, times (INTEGER, ns since 1970), texts, bytes, ids (BLOB of 16), enums by their
// name_of/parse_name, and optionals of these (NULL).
class SqliteStatement {
 public:
  SqliteStatement(SqliteStatement&& other) noexcept;
  SqliteStatement& operator=(SqliteStatement&&) = delete;
  SqliteStatement(const SqliteStatement&) = delete;
  ~SqliteStatement();

  // True: a row is there to be read. False: no more.
  Result<bool> step();
  // Runs a statement that gives no rows.
  Result<void> run();

  // Reads the row's columns in order. Errc::corrupt when one cannot be what it must be.
  template <typename... T>
  Result<void> read(T&... out) {
    column_ = 0;
    malformed_column_ = -1;
    (read_one(out), ...);
    return reading_result();
  }

 private:
  friend class SqliteDatabase;
  SqliteStatement(sqlite3* db, sqlite3_stmt* statement) : db_(db), statement_(statement) {}

  void bind_null();
  void bind_integer(std::int64_t value);
  void bind_text(std::string_view value);
  void bind_bytes(ByteView value);

  void bind_one(std::string_view value) { bind_text(value); }
  void bind_one(const std::string& value) { bind_text(value); }
  void bind_one(const char* value) { bind_text(value); }
  void bind_one(const Bytes& value) { bind_bytes(value); }
  void bind_one(ByteView value) { bind_bytes(value); }
  void bind_one(WallTime value) { bind_integer(value.time_since_epoch().count()); }
  template <typename Tag>
  void bind_one(const Id<Tag>& value) {
    bind_bytes(value.view());
  }
  template <typename T>
  requires std::is_integral_v<T>
  void bind_one(T value) { bind_integer(static_cast<std::int64_t>(value)); }
  template <typename T>
  requires std::is_enum_v<T>
  void bind_one(T value) { bind_text(name_of(value)); }
  template <typename T>
  void bind_one(const std::optional<T>& value) {
    value ? bind_one(*value) : bind_null();
  }

  bool null() const;
  std::int64_t integer() const;
  std::string_view text() const;
  ByteView bytes() const;
  void malformed();
  Result<void> reading_result() const;

  void read_one(std::string& out) {
    out = text();
    ++column_;
  }
  void read_one(Bytes& out) {
    const ByteView view = bytes();
    out.assign(view.begin(), view.end());
    ++column_;
  }
  void read_one(WallTime& out) {
    out = WallTime(nanoseconds(integer()));
    ++column_;
  }
  template <typename Tag>
  void read_one(Id<Tag>& out) {
    const auto id = id_from_bytes<Id<Tag>>(bytes());
    id ? void(out = *id) : malformed();
    ++column_;
  }
  template <typename T>
  requires std::is_integral_v<T>
  void read_one(T& out) {
    const std::int64_t value = integer();
    out = static_cast<T>(value);
    if (static_cast<std::int64_t>(out) != value) malformed();
    ++column_;
  }
  template <typename T>
  requires std::is_enum_v<T>
  void read_one(T& out) {
    if (!parse_name(text(), out)) malformed();
    ++column_;
  }
  template <typename T>
  void read_one(std::optional<T>& out) {
    if (null()) {
      out.reset();
      ++column_;
    } else {
      read_one(out.emplace());
    }
  }

  sqlite3* db_;
  sqlite3_stmt* statement_;
  int bound_ = 0;
  int column_ = 0;
  int malformed_column_ = -1;
  int bind_error_ = 0;  // SQLite's; reported by the first step
};

class SqliteDatabase {
 public:
  enum class Access { write, read };

  // The file must exist. A writer gets WAL, synchronous=FULL, secure_delete and foreign keys, each checked.
  static Result<std::unique_ptr<SqliteDatabase>> open(const std::string& path, Access access);
  ~SqliteDatabase();
  SqliteDatabase(const SqliteDatabase&) = delete;
  SqliteDatabase& operator=(const SqliteDatabase&) = delete;

  template <typename... T>
  Result<SqliteStatement> use(const char* sql, const T&... arguments) {
    auto statement = prepared(sql);
    if (statement) (statement->bind_one(arguments), ...);
    return statement;
  }

  template <typename... T>
  Result<void> run(const char* sql, const T&... arguments) {
    auto statement = use(sql, arguments...);
    return statement ? statement->run() : Result<void>(statement.error());
  }

  // The first column of the first row, or nothing when there is no row.
  template <typename T, typename... Arguments>
  Result<std::optional<T>> value(const char* sql, const Arguments&... arguments) {
    auto statement = use(sql, arguments...);
    if (!statement) return statement.error();
    const auto found = statement->step();
    if (!found) return found.error();
    if (!*found) return std::optional<T>();
    T out{};
    if (const auto read = statement->read(out); !read) return read.error();
    return std::optional<T>(std::move(out));
  }

  Result<void> script(const char* sql);  // several statements, no arguments
  std::int64_t last_rowid() const;
  std::int64_t changed_rows() const;  // by the last statement run

  // Moves the whole write-ahead log into the database, writes zeros over the log's file, and cuts it to nothing: what
  // it held is not in blocks that go back to the file system. The closing of a writer does the same.
  // Errc::unavailable when a reader was in the way for longer than the wait for a lock.
  Result<void> truncate_log();

 private:
  SqliteDatabase(sqlite3* db, Access access) : db_(db), access_(access) {}
  Result<void> checkpoint(int mode);
  Result<void> blank_log();
  Result<SqliteStatement> prepared(const char* sql);
  Result<void> set_up(Access access);
  Result<void> expect(const char* pragma, std::string_view answer);

  sqlite3* db_;
  Access access_;
  std::unordered_map<std::string_view, sqlite3_stmt*> prepared_;  // keyed by the caller's literal, which outlives us
};

// Every row a statement gives, at most `bound`: one more is Errc::exhausted, never a shorter list.
template <typename Row>
Result<std::vector<Row>> all_rows(Result<SqliteStatement> statement, Result<void> (*read)(SqliteStatement&, Row&),
                                  std::size_t bound) {
  if (!statement) return statement.error();
  std::vector<Row> rows;
  for (;;) {
    const auto more = statement->step();
    if (!more) return more.error();
    if (!*more) return rows;
    if (rows.size() == bound) return error(Errc::exhausted, "the catalog holds more rows than one query may return");
    if (const auto ok = read(*statement, rows.emplace_back()); !ok) return ok.error();
  }
}

template <typename Row>
Result<std::optional<Row>> one_row(Result<SqliteStatement> statement, Result<void> (*read)(SqliteStatement&, Row&)) {
  if (!statement) return statement.error();
  const auto found = statement->step();
  if (!found) return found.error();
  if (!*found) return std::optional<Row>();
  Row row;
  if (const auto ok = read(*statement, row); !ok) return ok.error();
  return std::optional<Row>(std::move(row));
}

}  // namespace assent
