// Disclosures: what is stored of a person, given to them as one archive (the right of access).
//
//   1 one transaction: the export's key, a leaf under the person's, and on the ledger who asked; then its state beside
//     where the archive will lie (engine/disclosure/export_folder.h)
//   2 the archive, written call by call by a thread of its own (disclosure_writer.h), one export at a time
//   3 ready: it is read in any part and as often as wanted, each time on the ledger first, for limits::kExportKept
//   4 gone: its key destroyed, its files overwritten and unlinked; by whoever asks, by time, by an erasure of the
//   person
//     (who could not be read from the moment their key was gone), or overtaken
//
// It is overtaken when anything of the person's calls was erased since it was begun, or somebody took back that what
// they said may be disclosed: one being made is begun anew, one that is ready fails and its archive goes. Reading asks
// that each time, erasures do (`review`), and the thread every limits::kExportLook. Those that ran when the engine died
// are begun anew at start.
//
// Any thread. Errors: Errc::not_found (no such person or export, or erased), Errc::invalid (a recipient that is none),
// Errc::exhausted (limits::kExports lie there), Errc::conflict (it is not ready), Errc::corrupt, and those of catalog,
// key ring and disk.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>

#include "engine/catalog/catalog_writer.h"
#include "engine/control/call_service.h"
#include "engine/control/disclosure_writer.h"
#include "engine/control/http_message.h"
#include "engine/control/standing_consents.h"

namespace assent {

struct DisclosureSpec {
  std::optional<std::string> tenant;     // where a person's reference is looked up
  std::optional<std::string> recipient;  // "age1...": the archive is encrypted for them
};

class Disclosures {
 public:
  struct Parts {  // outlive the disclosures
    Catalog& catalog;
    CatalogWriter& writer;
    KeyRing& keys;
    SegmentStore& store;
    AudioRenderer& renderer;
    const ReceiptDesk& receipts;
    StandingConsents& standing;
    Disk& disk;
    std::filesystem::path folder;
    std::function<void(const std::string&)> report;  // what went wrong, for the log
    std::function<Now()> clock = read_clocks;
    // Asked with every piece that is written: waits while the disk is needed for calls. Errc::disk_full: what is left
    // of it is.
    std::function<Result<void>()> disk_is_free = [] { return Result<void>(); };
  };
  explicit Disclosures(Parts parts);
  ~Disclosures();  // one that is being made stops, and is begun anew at the next start
  Disclosures(const Disclosures&) = delete;
  Disclosures& operator=(const Disclosures&) = delete;

  // At start: what was there goes on, is begun anew, or is removed because it belongs to nothing.
  Result<void> resume();

  // By their id, or by the reference of them within a tenant (none: the default one).
  Result<ExportJob> begin(const PersonName& person, const std::optional<std::string>& recipient, const Caller& caller);
  Result<ExportJob> show(ExportId id);
  // A part of the archive of one that is ready; `what` says which, for the ledger.
  Result<BodyStream> read(ExportId id, std::uint64_t first, std::uint64_t length, const std::string& what,
                          const Caller& caller);
  Result<void> remove(ExportId id, const Caller& caller);

  // Of these people, whose erasure has begun: on success nothing of any export of theirs is left. How many there were.
  Result<std::size_t> forget(std::span<const SubjectRow> people);

  // At once what the thread does now and then: those that are over or overtaken go.
  void review() { look_after(); }

  void wait_until_idle();  // until none is being made or waits to be. For tests.

 private:
  struct Entry {
    ExportJob job;
    std::uint64_t checked_seq = 0;  // of the ledger: nothing up to there overtakes it
    int tries = 0;
    bool removing = false;                                                                 // and nobody else may
    std::shared_ptr<std::atomic<bool>> gone = std::make_shared<std::atomic<bool>>(false);  // for who reads or writes it
  };

  Result<SubjectRow> find(const PersonName& person);
  Result<ExportJob> book_begin(const SubjectRow& subject, const std::optional<std::string>& recipient,
                               const Caller& caller);
  bool is_over(const ExportJob& job) const;  // it has been kept for as long as one is
  LedgerEntry entry_of(const ExportJob& job, std::string_view step, const std::string& by,
                       const std::optional<std::string>& what = std::nullopt) const;
  Result<std::optional<std::string>> overtaken(const ExportJob& job, std::uint64_t& checked_seq);
  Result<std::optional<std::string>> overtaken_by(const LedgerRow& row, SubjectId subject);

  void run();
  std::optional<ExportId> next_to_make();
  void make(ExportId id);
  Result<ExportJob> write(ExportJob job, const std::shared_ptr<std::atomic<bool>>& gone);
  void settle(ExportId id, const Result<ExportJob>& written);
  void look_after();
  // Its key and files gone, and it is not known any more, or is known as failed. Waits until nobody makes it.
  Result<void> take_away(ExportId id, std::string_view step, const std::string& by,
                         const std::optional<std::string>& failed_because = std::nullopt);
  Result<void> goes_on(const std::atomic<bool>& gone) const;
  bool stops() const { return stopping_.load(std::memory_order_relaxed); }

  Parts parts_;
  ExportFolder folder_;
  DisclosureReader reader_;
  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::map<ExportId, Entry> exports_;
  std::optional<ExportId> making_;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace assent
