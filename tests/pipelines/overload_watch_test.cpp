#include "pipelines/overload_watch.h"

#include <mutex>

#include "catch.h"
#include "shards_rig.h"
#include "wait_until.h"

namespace assent {
namespace {

constexpr const char* kPipeline = R"(
[listen]
rtp_ports = "28000-28999"
[capacity]
calls = 10
[threads]
shards = 2
[media]
sockets = "per-leg"
)";

// A real disk that says so much is free.
class RoomyDisk final : public Disk {
 public:
  static constexpr std::uint64_t kPlenty = 1ULL << 50;
  std::atomic<std::uint64_t> free_bytes{kPlenty};

  Result<std::unique_ptr<DiskFile>> create(const std::filesystem::path& path) override { return disk_.create(path); }
  Result<std::unique_ptr<DiskFile>> open(const std::filesystem::path& path, FileAccess access) override {
    return disk_.open(path, access);
  }
  Result<void> rename(const std::filesystem::path& from, const std::filesystem::path& to) override {
    return disk_.rename(from, to);
  }
  Result<void> remove(const std::filesystem::path& path) override { return disk_.remove(path); }
  Result<void> make_folder(const std::filesystem::path& path) override { return disk_.make_folder(path); }
  Result<void> remove_folder(const std::filesystem::path& path) override { return disk_.remove_folder(path); }
  Result<void> sync_folder(const std::filesystem::path& path) override { return disk_.sync_folder(path); }
  Result<std::vector<FolderEntry>> list(const std::filesystem::path& folder) override { return disk_.list(folder); }
  Result<bool> exists(const std::filesystem::path& path) override { return disk_.exists(path); }
  Result<DiskSpace> space(const std::filesystem::path&) override { return DiskSpace{free_bytes, kPlenty}; }

 private:
  RealDisk disk_;
};

// What was told, by another thread.
class Told {
 public:
  void add(const std::string& line) {
    const std::lock_guard lock(mutex_);
    lines_ += line + "\n";
  }
  bool has(const std::string& text) const {
    const std::lock_guard lock(mutex_);
    return lines_.find(text) != std::string::npos;
  }

 private:
  mutable std::mutex mutex_;
  std::string lines_;
};

}  // namespace

TEST_CASE("the disk's reserve is a minute of every leg and a journal file a shard, at most a tenth of the disk") {
  auto loaded = load_pipeline("[capacity]\ncalls = 100\n[threads]\nshards = 2");
  REQUIRE(loaded);
  constexpr std::uint64_t kGiB = 1ULL << 30;
  const std::uint64_t needed = 200 * 600'000ULL + 2 * (256ULL << 20);
  CHECK(disk_reserve_of(loaded->settings(), 100, {0, 100 * kGiB}) == needed);
  CHECK(disk_reserve_of(loaded->settings(), 50, {0, 100 * kGiB}) == needed - 100 * 600'000ULL);
  CHECK(disk_reserve_of(loaded->settings(), 100, {0, kGiB}) == kGiB / 10);
  auto said = load_pipeline("[overload]\ndisk_reserve = \"5GiB\"");
  REQUIRE(said);
  CHECK(disk_reserve_of(said->settings(), 100, {0, kGiB}) == 5 * kGiB);
}

TEST_CASE("a disk that fills refuses calls, is told, and takes them again when there is room") {
  ShardsRig rig(kPipeline);
  RoomyDisk disk;
  Told told;
  OverloadWatch watch(
      {rig.units, *rig.writer, disk, rig.folder.path, rig.overload, [&](const std::string& line) { told.add(line); }},
      {1ULL << 30, 1s});
  const auto call = rig.create();
  REQUIRE(call);
  disk.free_bytes = (1ULL << 30) - 1;
  wait_until([&] { return rig.overload.disk() == DiskRoom::reserve; });
  CHECK(rig.create().error().code == Errc::disk_full);
  CHECK(told.has("disk full: no new calls are taken"));
  rig.grant(call->id);
  CHECK(rig.calls->end_call(call->id, rig.caller));
  disk.free_bytes = RoomyDisk::kPlenty;
  wait_until([&] { return rig.overload.disk() == DiskRoom::enough; });
  CHECK(rig.create());
  CHECK(told.has("overload: calm"));
}

TEST_CASE("a catalog that is held up makes things wait in turn, and rings shorten on every shard") {
  ShardsRig rig(kPipeline);
  RoomyDisk disk;
  Told told;
  std::vector<CallView> calls;
  for (int i = 0; i < 2; ++i) calls.push_back(*rig.create());
  REQUIRE(rig.shard_of(calls[0].id) != rig.shard_of(calls[1].id));
  OverloadWatch watch(
      {rig.units, *rig.writer, disk, rig.folder.path, rig.overload, [&](const std::string& line) { told.add(line); }},
      {1ULL << 20, 1s});
  std::mutex gate;
  gate.lock();
  REQUIRE(rig.writer->post({}, [&](const Result<void>&) { const std::lock_guard lock(gate); }));
  wait_until([&] { return rig.overload.rings_shorten(); });
  CHECK(told.has("overload: queries_wait: bookings have waited for the catalog for 2."));
  CHECK(told.has("overload: rings_shorten"));
  gate.unlock();
  wait_until([&] { return rig.overload.stage() == OverloadStage::calm; });
  const OverloadReport report = rig.overload.report();
  CHECK(report.time_in_stages[1] > 0s);
  CHECK(report.time_in_stages[2] > 0s);
}

TEST_CASE("a quota is a tenant's over all shards, and a place is free when its call is over") {
  ShardsRig rig(std::string(kPipeline) + "[quota]\ncalls = 3\n");
  std::vector<CallView> calls;
  for (int i = 0; i < 3; ++i) calls.push_back(*rig.create());
  CHECK(rig.create().error().code == Errc::over_quota);
  REQUIRE(rig.calls->end_call(calls[1].id, rig.caller));
  CHECK(rig.create());
  CHECK(rig.create().error().code == Errc::over_quota);
}

}  // namespace assent
