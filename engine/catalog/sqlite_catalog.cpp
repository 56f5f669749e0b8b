#include "engine/catalog/sqlite_catalog.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/limits.h"
#include "engine/catalog/sqlite_schema.h"

namespace assent {
namespace {

constexpr const char* kFileName = "catalog.db";
constexpr const char* kLockName = "catalog.lock";

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

// flock, not fcntl: it belongs to the open file, so nothing else in this process can lose it by closing a descriptor.
Result<int> lock_folder(const std::string& path) {
  Descriptor lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (lock.get() < 0) return os_error("open " + path, errno);
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return os_error("lock " + path, errno);
    return error(Errc::conflict, "another engine runs on this state folder (it holds " + path + ")");
  }
  return lock.release();
}

// The file is made here, not by SQLite, so that it is never readable by others. It is not opened when it exists:
// closing a descriptor of a database drops the POSIX locks that SQLite holds on it in this process.
Result<void> make_file(const std::filesystem::path& folder, const std::string& path) {
  {
    const Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (file.get() < 0) {
      if (errno != EEXIST) return os_error("create " + path, errno);
      if (::chmod(path.c_str(), 0600) != 0) return os_error("chmod " + path, errno);
      return {};
    }
  }
  const Descriptor parent(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (parent.get() < 0 || ::fsync(parent.get()) != 0) return os_error("sync " + folder.string(), errno);
  return {};
}

}  // namespace

// ---- opening ------------------------------------------------------------------------------------------------------

Result<std::unique_ptr<SqliteCatalog>> SqliteCatalog::open(const std::filesystem::path& folder) {
  const std::string path = (folder / kFileName).string();
  const auto fd = lock_folder((folder / kLockName).string());
  if (!fd) return fd.error();
  Descriptor lock(*fd);
  if (const auto made = make_file(folder, path); !made) return made.error();
  auto writer = SqliteDatabase::open(path, SqliteDatabase::Access::write);
  if (!writer) return writer.error();
  if (const auto ready = migrate(**writer, catalog_migrations()); !ready) return ready.error();
  return std::unique_ptr<SqliteCatalog>(new SqliteCatalog(path, lock.release(), *std::move(writer)));
}

Result<std::unique_ptr<SqliteCatalog>> SqliteCatalog::open_read_only(const std::filesystem::path& folder) {
  const std::string path = (folder / kFileName).string();
  if (::access(path.c_str(), F_OK) != 0) {
    return error(Errc::not_found, "there is no catalog in " + folder.string());
  }
  std::unique_ptr<SqliteCatalog> catalog(new SqliteCatalog(path, -1, nullptr));
  const auto lent = catalog->borrow();
  if (!lent) return lent.error();
  return catalog;
}

SqliteCatalog::SqliteCatalog(std::string path, int lock_fd, std::unique_ptr<SqliteDatabase> writer)
    : path_(std::move(path)), lock_fd_(lock_fd), writer_(std::move(writer)) {}

SqliteCatalog::~SqliteCatalog() {
  ASSENT_CHECK(idle_.size() == readers_);  // no query is under way
  idle_.clear();
  writer_.reset();
  if (lock_fd_ >= 0) ::close(lock_fd_);  // last: the next engine must find the file closed
}

// ---- booking ------------------------------------------------------------------------------------------------------

void SqliteCatalog::seal_ledger(LedgerSealing sealing) {
  const std::lock_guard lock(mutex_);
  sealing_ = std::move(sealing);
}

void SqliteCatalog::note_committed(const SqliteBookings& transaction) {
  const std::lock_guard lock(mutex_);
  sealing_ = transaction.sealing();
  if (const auto records = transaction.ledger_records()) ledger_counts_.records = *records;
  if (const auto at = transaction.checkpoint_at()) ledger_counts_.last_checkpoint = *at;
  if (transaction.outbox_changed()) outbox_version_.fetch_add(1, std::memory_order_release);
}

void SqliteCatalog::count_from(const LedgerReport& report) {
  const std::lock_guard lock(mutex_);
  ledger_counts_ = {report.head.seq, report.last_checkpoint_at};
}

SqliteCatalog::LedgerCounts SqliteCatalog::ledger_counts() {
  const std::lock_guard lock(mutex_);
  return ledger_counts_;
}

std::shared_ptr<const LedgerSeal> SqliteCatalog::seal() {
  const std::lock_guard lock(mutex_);
  return sealing_.seal;
}

Result<void> SqliteCatalog::book(std::span<const Booking> bookings) {
  if (writer_ == nullptr) return error(Errc::unsupported, "the catalog has been opened for reading only");
  if (broken_) return *broken_;
  if (bookings.empty()) return {};
  auto done = book_in_transaction(bookings);
  if (!done && (done.error().code == Errc::io || done.error().code == Errc::corrupt)) broken_ = done.error();
  return done;
}

Result<void> SqliteCatalog::book_in_transaction(std::span<const Booking> bookings) {
  if (auto begun = writer_->run("BEGIN IMMEDIATE"); !begun) return begun;
  SqliteBookings transaction(*writer_, sealing_, retention_rules());
  Result<void> done;
  for (const Booking& booking : bookings) {
    if (done = transaction.apply(booking); !done) break;
  }
  if (done) done = transaction.finish();
  if (done) done = writer_->run("COMMIT");
  if (done) note_committed(transaction);
  // After some errors SQLite has rolled back by itself; then this one fails, and nothing is lost by that.
  if (!done) (void)writer_->run("ROLLBACK");
  return done;
}

Result<void> SqliteCatalog::forget_deleted() {
  if (writer_ == nullptr) return error(Errc::unsupported, "the catalog has been opened for reading only");
  if (broken_) return *broken_;
  return writer_->truncate_log();
}

}  // namespace assent
