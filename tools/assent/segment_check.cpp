#include "tools/assent/segment_check.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

namespace assent {
namespace {

// A file of the disk as the object it holds.
class FileObject final : public ObjectBytes {
 public:
  static Result<FileObject> open(const std::filesystem::path& path) {
    RealDisk disk;
    auto file = disk.open(path, FileAccess::read);
    if (!file) return file.error();
    const auto size = (*file)->size_bytes();
    if (!size) return size.error();
    return FileObject(*std::move(file), *size);
  }
  std::uint64_t size_bytes() const override { return size_bytes_; }
  Result<std::size_t> read_at(std::uint64_t offset_bytes, ByteSpan to) override {
    return file_->read_at(offset_bytes, to);
  }

 private:
  FileObject(std::unique_ptr<DiskFile> file, std::uint64_t size_bytes)
      : file_(std::move(file)), size_bytes_(size_bytes) {}
  std::unique_ptr<DiskFile> file_;
  std::uint64_t size_bytes_;
};

// What the object says of itself against what the catalog says of it.
void compare(const SegmentRow& row, const SegmentReport& report, std::vector<std::string>& troubles) {
  if (row.state == SegmentState::quarantined) troubles.emplace_back("is in quarantine: a page of it did not verify");
  if (report.size_bytes != row.size_bytes) {
    troubles.push_back("has " + std::to_string(report.size_bytes) + " bytes, and the catalog says " +
                       std::to_string(row.size_bytes));
  }
  if (!report.identity) return;
  const auto& identity = *report.identity;
  const bool same = identity.segment == row.id && identity.call == row.call && identity.leg == row.leg &&
                    identity.recording == row.recording && identity.number == row.number;
  if (!same) troubles.emplace_back("is another segment than the catalog says");
}

CheckedSegment check_row(OpenedState& state, const SegmentRow& row) {
  CheckedSegment checked{row.object, row, std::nullopt, {}};
  auto object = state.store().open(row.object);
  if (!object) {
    checked.troubles.push_back(object.error().what);
    return checked;
  }
  auto report = verify_segment(**object, state.leg_keys());
  if (!report) {
    checked.troubles.push_back(report.error().what);
    return checked;
  }
  checked.report = *std::move(report);
  compare(row, *checked.report, checked.troubles);
  return checked;
}

Result<void> check_segments_of(OpenedState& state, RecordingId id, const CheckProgress& progress, CheckReport& report) {
  const auto rows = state.catalog().segments(id);
  if (!rows) return rows.error();
  for (const auto& row : *rows) {
    progress(report.segments.size(), row.object);
    report.segments.push_back(check_row(state, row));
  }
  return {};
}

// What the engine itself knows to be missing: no damage, but no whole recording either.
void note_missing(const RecordingRow& row, CheckReport& report) {
  if (row.state != RecordingState::incomplete) return;
  const auto lost = nlohmann::json::parse(row.lost_json, nullptr, false);
  std::string what = "recording " + to_text(row.id) + " is incomplete";
  if (lost.is_object() && lost.contains("why") && lost["why"].is_string())
    what += ": " + lost["why"].get<std::string>();
  report.missing.push_back(what);
  if (!lost.is_object() || !lost.contains("gaps") || !lost["gaps"].is_array()) return;
  for (const auto& gap : lost["gaps"]) {
    report.missing.push_back("leg " + gap.value("leg", "") + ": " + std::to_string(gap.value("packets", 0)) +
                             " packets of consented audio from " + gap.value("from", "") + " to " +
                             gap.value("to", "") + " could not be sealed in time");
  }
}

Result<std::vector<RecordingRow>> all_recordings(Catalog& catalog) {
  std::vector<RecordingRow> rows;
  RecordingFilter filter;
  for (;;) {
    const auto page = catalog.recordings(filter);
    if (!page) return page.error();
    rows.insert(rows.end(), page->begin(), page->end());
    if (page->size() < filter.limit) return rows;
    filter.after = page->back().id;
  }
}

// Objects that no row claims. The objects were listed first, so that what an engine stores meanwhile is not among them;
// what it had stored and not yet booked then, it has booked by now.
Result<void> find_unclaimed(OpenedState& state, const std::vector<std::string>& objects, CheckReport& report) {
  std::set<std::string> claimed;
  const auto recordings = all_recordings(state.catalog());
  if (!recordings) return recordings.error();
  for (const RecordingRow& recording : *recordings) {
    const auto rows = state.catalog().segments(recording.id);
    if (!rows) return rows.error();
    for (const auto& row : *rows) claimed.insert(row.object);
  }
  for (const auto& object : objects) {
    if (claimed.count(object) == 0) report.troubles.push_back(object + " lies in the store, and no recording has it");
  }
  return {};
}

}  // namespace

bool CheckReport::is_good() const {
  return troubles.empty() &&
         std::all_of(segments.begin(), segments.end(), [](const CheckedSegment& s) { return s.is_good(); });
}

CheckedSegment check_file(const std::filesystem::path& path, OpenedState* state) {
  CheckedSegment checked{path.string(), std::nullopt, std::nullopt, {}};
  auto object = FileObject::open(path);
  if (!object) {
    checked.troubles.push_back(object.error().what);
    return checked;
  }
  auto report = state != nullptr ? verify_segment(*object, state->leg_keys()) : verify_segment_without_keys(*object);
  if (report) {
    checked.report = *std::move(report);
  } else {
    checked.troubles.push_back(report.error().what);
  }
  return checked;
}

Result<void> check_recording(OpenedState& state, RecordingId id, const CheckProgress& progress, CheckReport& report) {
  const auto row = state.catalog().recording(id);
  if (!row) return row.error();
  if (!*row) return error(Errc::not_found, "there is no recording " + to_text(id));
  note_missing(**row, report);
  return check_segments_of(state, id, progress, report);
}

Result<void> check_everything(OpenedState& state, const CheckProgress& progress, CheckReport& report) {
  const auto objects = state.store().list();
  if (!objects) return objects.error();
  if (const auto intact = state.catalog().check_integrity(); !intact) {
    report.troubles.push_back("catalog: " + intact.error().what);
  }
  const auto records = state.catalog().verify_ledger();
  if (records) {
    report.ledger_records = records->head.seq;
  } else {
    report.troubles.push_back("ledger: " + records.error().what);
  }
  const auto recordings = all_recordings(state.catalog());
  if (!recordings) return recordings.error();
  for (const RecordingRow& recording : *recordings) {
    note_missing(recording, report);
    if (auto checked = check_segments_of(state, recording.id, progress, report); !checked) return checked;
  }
  return find_unclaimed(state, *objects, report);
}

}  // namespace assent
