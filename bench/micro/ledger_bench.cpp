// How many records of the ledger are verified a second, against SHA-256 of the same bytes alone? A third of them are
// consents, whose own records are compared, too; a checkpoint is signed every 10,000. Each verification reads the file.
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <filesystem>

#include "crypto/file_root_key.h"
#include "engine/catalog/key_ring.h"
#include "engine/catalog/ledger.h"
#include "engine/catalog/ledger_check.h"
#include "engine/catalog/ledger_keys.h"
#include "engine/catalog/sqlite_catalog.h"

namespace {

using namespace assent;

constexpr std::size_t kBookedTogether = 10000;

template <typename T>
T must(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().what.c_str());
    std::abort();
  }
  return *std::move(result);
}
void must(const Result<void>& result) {
  if (!result) std::abort();
}

// A ledger of so many records, and somewhat more, in a folder that goes away with it.
class LedgerOnDisk {
 public:
  explicit LedgerOnDisk(std::size_t records) {
    std::string name = (std::filesystem::temp_directory_path() / "assent-ledger-bench-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    folder_ = name;
    root_.emplace(must(FileRootKey::create(folder_ / "root.key")));
    catalog = must(SqliteCatalog::open(folder_));
    keys_.emplace(*catalog, *root_);
    begin();
    for (std::size_t made = 0; made < records; made += kBookedTogether) {
      std::vector<Booking> bookings;
      for (std::size_t i = 0; i < std::min(kBookedTogether, records - made); ++i) bookings.push_back(record(made + i));
      must(catalog->book(bookings));
    }
  }
  ~LedgerOnDisk() {
    keys_.reset();
    catalog.reset();
    std::filesystem::remove_all(folder_);
  }
  LedgerOnDisk(const LedgerOnDisk&) = delete;
  LedgerOnDisk& operator=(const LedgerOnDisk&) = delete;

  std::unique_ptr<SqliteCatalog> catalog;

 private:
  void begin() {
    std::vector<Booking> bookings;
    const OpenKey epoch = must(keys_->epoch(bookings));
    const OpenKey tenant = must(keys_->make(KeyKind::tenant, epoch, bookings));
    bookings.emplace_back(booking::AddTenant{{tenant_, "default", tenant.id}});
    const OpenKey subject = must(keys_->make(KeyKind::subject, tenant, bookings));
    bookings.emplace_back(booking::AddSubject{{subject_, tenant_, Bytes(32), Bytes(40), subject.id}});
    const OpenKey call = must(keys_->make(KeyKind::call, tenant, bookings));
    bookings.emplace_back(booking::AddCall{{call_, tenant_, call.id, "all-party", {}, "", now_, {}, CallState::live}});
    bookings.emplace_back(booking::AddParticipant{{participant_, call_, subject_, "customer", {}, subject.id}});
    must(start_ledger_key(*keys_, epoch, nullptr, now_, bookings));
    must(catalog->book(bookings));
  }

  Booking record(std::size_t number) const {
    if (number % 3 != 0) {
      const std::string body =
          R"({"by":"0192f0c1","format":"wav","purpose":"quality","recording":")" + to_text(call_) + "\"}";
      return booking::AddLedger{{LedgerKind::access, now_, call_, body}};
    }
    ConsentRow consent;
    consent.id = new_id<ConsentId>(now_);
    consent.call = call_;
    consent.participant = participant_;
    consent.purpose = "quality";
    consent.decision = "granted";
    consent.signal_type = "dtmf";
    consent.signal_value = "1";
    consent.notice_json =
        R"({"hash":")" + std::string(64, 'a') + R"(","id":"recording-notice","language":"en","version":"1"})";
    consent.origin = to_text(call_);
    consent.at = now_;
    return booking::AddConsent{consent};
  }

  const WallTime now_ = read_clocks().wall;
  const TenantId tenant_ = new_id<TenantId>(now_);
  const SubjectId subject_ = new_id<SubjectId>(now_);
  const CallId call_ = new_id<CallId>(now_);
  const ParticipantId participant_ = new_id<ParticipantId>(now_);
  std::filesystem::path folder_;
  std::optional<FileRootKey> root_;
  std::optional<KeyRing> keys_;
};

// Made once for all of them.
LedgerOnDisk& ledger_of(std::size_t records) {
  static std::optional<LedgerOnDisk> ledger;
  static std::size_t made = 0;
  if (made != records) ledger.emplace(records);
  made = records;
  return *ledger;
}

void count(benchmark::State& state, std::uint64_t records) {
  state.SetItemsProcessed(static_cast<std::int64_t>(records) * state.iterations());
}

// The floor: SHA-256 of what each record's hash is of, read into memory before.
void floor_sha256(benchmark::State& state) {
  std::vector<std::string> inputs;
  LedgerHead head;
  must(ledger_of(static_cast<std::size_t>(state.range(0)))
           .catalog->walk_ledger([&](const LedgerRow& row) -> Result<void> {
             ledger_hash_input(head.hash, row, inputs.emplace_back());
             head = head_of(row);
             return {};
           }));
  for (auto _ : state) {
    for (const std::string& input : inputs) benchmark::DoNotOptimize(sha256(bytes_of(input)));
  }
  count(state, inputs.size());
}
BENCHMARK(floor_sha256)->Arg(100000)->Unit(benchmark::kMillisecond);

// The chain alone: reading the rows, canonical JSON, hashes, signatures; no consents.
void check_chain(benchmark::State& state) {
  auto& ledger = ledger_of(static_cast<std::size_t>(state.range(0)));
  std::uint64_t records = 0;
  for (auto _ : state) {
    LedgerCheck check;
    must(ledger.catalog->walk_ledger([&](const LedgerRow& row) { return check.next(row); }));
    records = check.head().seq;
  }
  count(state, records);
}
BENCHMARK(check_chain)->Arg(100000)->Unit(benchmark::kMillisecond);

// All that `assent ledger verify` does.
void verify_ledger(benchmark::State& state) {
  auto& ledger = ledger_of(static_cast<std::size_t>(state.range(0)));
  std::uint64_t records = 0;
  for (auto _ : state) records = must(ledger.catalog->verify_ledger()).head.seq;
  count(state, records);
}
BENCHMARK(verify_ledger)->Arg(100000)->Arg(1000000)->Unit(benchmark::kMillisecond);

}  // namespace
