#include "engine/control/disclosures.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "engine/catalog/people.h"

namespace assent {
namespace {

using nlohmann::json;

constexpr std::string_view kEngine = "engine";

Error no_export() { return error(Errc::not_found, "there is no export with this id: it never was, or is over"); }

std::string text_in(const json& object, const char* name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

Disclosures::Disclosures(Parts parts)
    : parts_(std::move(parts)),
      folder_(parts_.disk, parts_.folder),
      reader_({parts_.catalog, parts_.keys, parts_.store, parts_.receipts, parts_.clock}),
      thread_([this] { run(); }) {}

Disclosures::~Disclosures() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

// ---- from outside ---------------------------------------------------------------------------------------------------

Result<SubjectRow> Disclosures::find(const PersonName& person) {
  auto subject = parts_.standing.find(person);
  if (!subject) return subject.error();
  if (!*subject) return error(Errc::not_found, "nobody of this id or reference is on record");
  if ((*subject)->erased) return error(Errc::not_found, "the person has been erased: nothing is there to be given");
  return **std::move(subject);
}

Result<ExportJob> Disclosures::begin(const PersonName& person, const std::optional<std::string>& recipient,
                                     const Caller& caller) {
  if (recipient) {
    if (const auto parsed = AgeRecipient::parse(*recipient); !parsed) return parsed.error();
  }
  {
    const std::lock_guard lock(mutex_);
    if (exports_.size() >= limits::kExports) {
      return error(Errc::exhausted, std::to_string(exports_.size()) + " exports lie there: delete some");
    }
  }
  for (int tries = 1;; ++tries) {
    const auto subject = find(person);
    if (!subject) return subject.error();
    auto job = book_begin(*subject, recipient, caller);
    // The person's key was replaced in the same moment.
    if (!job && job.error().code == Errc::conflict && tries < limits::kBookingTries) continue;
    if (!job) return job.error();
    {
      const std::lock_guard lock(mutex_);
      exports_[job->id].job = *job;
      exports_[job->id].checked_seq = job->ledger_after;
    }
    changed_.notify_all();
    return job;
  }
}

Result<ExportJob> Disclosures::book_begin(const SubjectRow& subject, const std::optional<std::string>& recipient,
                                          const Caller& caller) {
  const auto parent = parts_.keys.open(subject.key);
  if (!parent) return parent.error();
  const auto calls = parts_.catalog.calls_of(subject.id);
  if (!calls) return calls.error();
  const auto seq = parts_.catalog.last_seq();
  if (!seq) return seq.error();
  std::vector<Booking> bookings;
  const auto key = parts_.keys.make(KeyKind::disclosure, *parent, bookings);
  if (!key) return key.error();
  ExportJob job;
  job.requested = parts_.clock().wall;
  job.id = new_id<ExportId>(job.requested);
  job.subject = subject.id;
  job.key = key->id;
  job.by = caller.token_id;
  job.recipient = recipient;
  job.ledger_after = *seq;
  job.calls = calls->size();
  bookings.emplace_back(booking::AddLedger{entry_of(job, "requested", caller.token_id)});
  if (auto booked = parts_.writer.book_and_wait(std::move(bookings)); !booked) {
    parts_.keys.evict(key->id);
    return booked.error();
  }
  if (auto saved = folder_.save(job); !saved) {
    // A key without a state beside it is destroyed at the next start; nothing was sealed under it.
    return saved.error();
  }
  return job;
}

LedgerEntry Disclosures::entry_of(const ExportJob& job, std::string_view step, const std::string& by,
                                  const std::optional<std::string>& what) const {
  json body = {{"by", by}, {"export", to_text(job.id)}, {"step", step}, {"subject", to_text(job.subject)}};
  if (job.recipient) {
    if (const auto recipient = AgeRecipient::parse(*job.recipient)) body["recipient"] = recipient->fingerprint();
  }
  if (job.sha256) body["sha256"] = *job.sha256;
  if (what) body["what"] = *what;
  return {LedgerKind::disclosure, parts_.clock().wall, std::nullopt, body.dump()};
}

bool Disclosures::is_over(const ExportJob& job) const {
  return job.state != ExportState::running && job.done && *job.done + limits::kExportKept <= parts_.clock().wall;
}

Result<ExportJob> Disclosures::show(ExportId id) {
  const std::lock_guard lock(mutex_);
  const auto found = exports_.find(id);
  if (found == exports_.end() || found->second.removing || is_over(found->second.job)) return no_export();
  return found->second.job;
}

Result<BodyStream> Disclosures::read(ExportId id, std::uint64_t first, std::uint64_t length, const std::string& what,
                                     const Caller& caller) {
  ExportJob job;
  std::uint64_t checked_seq = 0;
  std::shared_ptr<std::atomic<bool>> gone;
  {
    const std::lock_guard lock(mutex_);
    const auto found = exports_.find(id);
    if (found == exports_.end() || found->second.removing || is_over(found->second.job)) return no_export();
    job = found->second.job;
    checked_seq = found->second.checked_seq;
    gone = found->second.gone;
  }
  if (job.state != ExportState::ready) return error(Errc::conflict, "the export is " + std::string(name_of(job.state)));
  const auto why = overtaken(job, checked_seq);
  if (!why) return why.error();
  if (*why) {
    if (auto taken = take_away(id, "overtaken", std::string(kEngine), **why); !taken) return taken.error();
    return error(Errc::conflict, "the export is over: " + **why + "; ask for another one");
  }
  const auto key = parts_.keys.open_copy(job.key);
  if (!key) return key.error();
  auto opened = SealedFileReader::open(parts_.disk, folder_.path(id, ExportPart::archive), *key, job.key);
  if (!opened) return opened.error();
  std::vector<Booking> bookings;
  bookings.emplace_back(booking::AddLedger{entry_of(job, "downloaded", caller.token_id, what)});
  if (auto booked = parts_.writer.book_and_wait(std::move(bookings)); !booked) return booked.error();
  std::shared_ptr<SealedFileReader> reader = *std::move(opened);
  auto pull = [reader, gone, at = first, end = first + length](ByteSpan to) mutable -> Result<std::size_t> {
    if (gone->load(std::memory_order_relaxed)) return error(Errc::not_found, "the export is over");
    const auto got = reader->read_at(at, to.first(std::min<std::uint64_t>(to.size(), end - at)));
    if (got) at += *got;
    return got;
  };
  return BodyStream{std::move(pull), length};
}

Result<void> Disclosures::remove(ExportId id, const Caller& caller) {
  return take_away(id, "removed", caller.token_id);
}

Result<std::size_t> Disclosures::forget(std::span<const SubjectRow> people) {
  std::set<SubjectId> whose;
  for (const SubjectRow& person : people) whose.insert(person.id);
  std::vector<ExportId> theirs;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, entry] : exports_) {
      if (whose.contains(entry.job.subject)) theirs.push_back(id);
    }
  }
  for (const ExportId id : theirs) {
    auto taken = take_away(id, "erased", std::string(kEngine));
    if (!taken && taken.error().code != Errc::not_found) return taken.error();
  }
  // One that was being booked while the person's key went has a key under nothing.
  for (const SubjectRow& person : people) {
    for (std::optional<KeyId> after;;) {
      const auto keys = parts_.catalog.keys_under(person.key, after);
      if (!keys) return keys.error();
      std::vector<Booking> bookings;
      for (const WrappedKey& key : *keys) {
        if (key.kind == KeyKind::disclosure) bookings.emplace_back(booking::DestroyKey{key.id});
      }
      if (!bookings.empty()) {
        if (auto booked = parts_.writer.book_and_wait(std::move(bookings)); !booked) return booked.error();
      }
      if (keys->empty()) break;
      after = keys->back().id;
    }
  }
  look_after();  // what others were given of calls that go whole with these people
  return theirs.size();
}

Result<void> Disclosures::take_away(ExportId id, std::string_view step, const std::string& by,
                                    const std::optional<std::string>& failed_because) {
  ExportJob job;
  {
    std::unique_lock lock(mutex_);
    const auto found = exports_.find(id);
    if (found == exports_.end()) return no_export();
    found->second.gone->store(true, std::memory_order_relaxed);
    changed_.notify_all();
    changed_.wait(lock, [&] {
      const auto there = exports_.find(id);
      return there == exports_.end() || (!there->second.removing && making_ != id);
    });
    const auto still = exports_.find(id);
    if (still == exports_.end()) return no_export();
    still->second.removing = true;
    job = still->second.job;
  }
  const auto done = [&]() -> Result<void> {
    std::vector<Booking> bookings;
    bookings.emplace_back(booking::DestroyKey{job.key});
    bookings.emplace_back(booking::AddLedger{entry_of(job, step, by, failed_because)});
    if (auto booked = parts_.writer.book_and_wait(std::move(bookings)); !booked) return booked;
    parts_.keys.evict(job.key);
    if (!failed_because) return folder_.remove(id);
    job.state = ExportState::failed;
    job.done = parts_.clock().wall;
    job.trouble = failed_because;
    if (auto saved = folder_.save(job); !saved) return saved;
    return folder_.remove_parts(id);
  }();
  {
    const std::lock_guard lock(mutex_);
    const auto entry = exports_.find(id);
    if (done && !failed_because) {
      exports_.erase(entry);
    } else {
      entry->second.removing = false;
      if (done) entry->second.job = job;
    }
  }
  changed_.notify_all();
  return done;
}

// ---- what overtakes an export ---------------------------------------------------------------------------------------

Result<std::optional<std::string>> Disclosures::overtaken_by(const LedgerRow& row, SubjectId subject) {
  using Why = std::optional<std::string>;
  if (row.kind == name_of(LedgerKind::erasure_step) || row.kind == name_of(LedgerKind::erasure_done) ||
      row.kind == name_of(LedgerKind::metrics)) {
    return Why("something that is in it has been erased since");
  }
  const json body = json::parse(row.body_json, nullptr, false);
  if (row.kind == name_of(LedgerKind::note) && body.is_object() && body.contains("erased")) {
    return Why("a note that is in it has been erased since");
  }
  const bool takes_back = row.kind == name_of(LedgerKind::consent) && text_in(body, "purpose") == kDisclosurePurpose &&
                          text_in(body, "decision") != "granted";
  if (!takes_back || !row.call) return Why();
  const auto participants = parts_.catalog.participants(*row.call);
  if (!participants) return participants.error();
  for (const ParticipantRow& one : *participants) {
    if (to_text(one.id) == text_in(body, "participant") && one.subject != subject) {
      return Why("somebody has taken back since that what they said may be disclosed");
    }
  }
  return Why();
}

Result<std::optional<std::string>> Disclosures::overtaken(const ExportJob& job, std::uint64_t& checked_seq) {
  const auto last = parts_.catalog.last_seq();
  if (!last) return last.error();
  LedgerFilter filter{std::nullopt, job.subject, checked_seq, limits::kCatalogListRows};
  while (checked_seq < *last) {
    const auto rows = parts_.catalog.ledger(filter);
    if (!rows) return rows.error();
    for (const LedgerRow& row : *rows) {
      filter.after_seq = row.seq;
      auto why = overtaken_by(row, job.subject);
      if (!why || *why) return why;
    }
    checked_seq = rows->size() < filter.limit ? *last : filter.after_seq;
  }
  return std::optional<std::string>();
}

// ---- the thread -----------------------------------------------------------------------------------------------------

Result<void> Disclosures::resume() {
  if (auto made = folder_.make(); !made) return made;
  auto found = folder_.load();
  if (!found) return found.error();
  for (const ExportId id : found->unreadable) {
    if (auto removed = folder_.remove(id); !removed) return removed;
  }
  std::set<KeyId> known;
  for (ExportJob& job : found->jobs) {
    const auto key = parts_.catalog.key(job.key);
    if (!key) return key.error();
    if (!*key && job.state != ExportState::failed) {
      if (auto removed = folder_.remove(job.id); !removed) return removed;
      continue;
    }
    if (job.state == ExportState::failed) {
      if (auto removed = folder_.remove_parts(job.id); !removed) return removed;
    } else {
      known.insert(job.key);
    }
    const std::lock_guard lock(mutex_);
    Entry& entry = exports_[job.id];
    entry.checked_seq = job.ledger_after;
    entry.job = std::move(job);
  }
  const auto keys = parts_.catalog.keys_of_kind(KeyKind::disclosure);
  if (!keys) return keys.error();
  std::vector<Booking> bookings;
  for (const WrappedKey& key : *keys) {
    if (!known.contains(key.id)) bookings.emplace_back(booking::DestroyKey{key.id});
  }
  if (!bookings.empty()) {
    if (auto booked = parts_.writer.book_and_wait(std::move(bookings)); !booked) return booked;
  }
  changed_.notify_all();
  return {};
}

void Disclosures::wait_until_idle() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] {
    return !making_ && std::none_of(exports_.begin(), exports_.end(),
                                    [](const auto& one) { return one.second.job.state == ExportState::running; });
  });
}

void Disclosures::run() {
  for (;;) {
    look_after();
    const auto next = next_to_make();
    if (stops()) return;
    if (next) make(*next);
  }
}

// Waits for one, or until it is time to look after those that lie there.
std::optional<ExportId> Disclosures::next_to_make() {
  std::unique_lock lock(mutex_);
  std::optional<ExportId> next;
  const auto is_due = [&] {
    for (const auto& [id, entry] : exports_) {
      if (entry.job.state != ExportState::running || entry.removing || entry.gone->load()) continue;
      next = id;
      break;
    }
    return stops() || next.has_value();
  };
  if (exports_.empty()) {
    changed_.wait(lock, [&] { return is_due() || !exports_.empty(); });
  } else {
    changed_.wait_for(lock, limits::kExportLook, is_due);
  }
  if (next && !stops()) making_ = next;
  return next;
}

void Disclosures::make(ExportId id) {
  ExportJob job;
  std::shared_ptr<std::atomic<bool>> gone;
  {
    const std::lock_guard lock(mutex_);
    Entry& entry = exports_.at(id);  // while it is being made nobody takes it away
    ++entry.tries;
    const auto seq = parts_.catalog.last_seq();
    if (seq) entry.job.ledger_after = *seq;
    entry.checked_seq = entry.job.ledger_after;
    job = entry.job;
    gone = entry.gone;
  }
  settle(id, write(std::move(job), gone));
}

Result<void> Disclosures::goes_on(const std::atomic<bool>& gone) const {
  if (stops() || gone.load(std::memory_order_relaxed)) return error(Errc::unavailable, "the export was stopped");
  return parts_.disk_is_free();
}

Result<ExportJob> Disclosures::write(ExportJob job, const std::shared_ptr<std::atomic<bool>>& gone) {
  if (auto cleared = folder_.remove_parts(job.id); !cleared) return cleared.error();
  DisclosureWriter writer(
      {parts_.catalog, parts_.keys, parts_.store, parts_.renderer, folder_, [this, gone] { return goes_on(*gone); },
       [this, &job](const DisclosureProgress& progress) {
         job.calls = progress.calls;
         job.calls_done = progress.calls_done;
         job.bytes = progress.bytes;
         const std::lock_guard lock(mutex_);
         ExportJob& shown = exports_.at(job.id).job;
         shown.calls = job.calls;
         shown.calls_done = job.calls_done;
         shown.bytes = job.bytes;
       }},
      reader_, job);
  const auto digest = writer.write();
  if (!digest) return digest.error();
  std::uint64_t checked_seq = job.ledger_after;
  const auto why = overtaken(job, checked_seq);
  if (!why) return why.error();
  if (*why) return error(Errc::conflict, **why);
  job.sha256 = to_hex(*digest);
  job.state = ExportState::ready;
  job.done = parts_.clock().wall;
  std::vector<Booking> bookings;
  bookings.emplace_back(booking::AddLedger{entry_of(job, "ready", std::string(kEngine))});
  if (auto booked = parts_.writer.book_and_wait(std::move(bookings)); !booked) return booked.error();
  for (const ExportPart part : {ExportPart::page, ExportPart::person}) {
    if (auto removed = folder_.remove_part(job.id, part); !removed) return removed.error();
  }
  if (auto saved = folder_.save(job); !saved) return saved.error();
  return job;
}

void Disclosures::settle(ExportId id, const Result<ExportJob>& written) {
  std::optional<std::string> failed;
  {
    const std::lock_guard lock(mutex_);
    making_.reset();
    Entry& entry = exports_.at(id);
    if (written) {
      entry.job = *written;
    } else if (!stops() && !entry.gone->load() && entry.tries >= limits::kExportTries) {
      failed = written.error().what;
    }
  }
  changed_.notify_all();
  if (!failed) return;
  parts_.report("the export " + to_text(id) + " failed: " + *failed);
  if (auto taken = take_away(id, "failed", std::string(kEngine), failed); !taken) {
    parts_.report("the export " + to_text(id) + " cannot be removed: " + taken.error().what);
  }
}

void Disclosures::look_after() {
  std::vector<std::pair<ExportId, std::optional<std::string>>> over;
  std::vector<Entry> ready;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, entry] : exports_) {
      if (entry.removing || entry.job.state == ExportState::running) continue;
      if (is_over(entry.job)) {
        over.emplace_back(id, std::nullopt);
      } else if (entry.job.state == ExportState::ready) {
        ready.push_back(entry);
      }
    }
  }
  for (Entry& entry : ready) {
    const auto why = overtaken(entry.job, entry.checked_seq);
    if (!why) continue;  // asked again
    if (*why) over.emplace_back(entry.job.id, **why);
    const std::lock_guard lock(mutex_);
    if (const auto found = exports_.find(entry.job.id); found != exports_.end()) {
      found->second.checked_seq = std::max(found->second.checked_seq, entry.checked_seq);
    }
  }
  for (const auto& [id, why] : over) {
    if (stops()) return;
    auto taken = take_away(id, why ? "overtaken" : "expired", std::string(kEngine), why);
    if (!taken && taken.error().code != Errc::not_found) {
      parts_.report("the export " + to_text(id) + " cannot be removed: " + taken.error().what);
    }
  }
}

}  // namespace assent
