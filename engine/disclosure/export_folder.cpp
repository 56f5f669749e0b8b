#include "engine/disclosure/export_folder.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/limits.h"

namespace assent {
namespace {

constexpr std::array<ExportPart, 3> kParts = {ExportPart::archive, ExportPart::page, ExportPart::person};
constexpr std::string_view kState = ".json";
constexpr std::string_view kNewState = ".json-new";

std::string_view ending_of(ExportPart part) {
  switch (part) {
    case ExportPart::archive: return ".sealed";
    case ExportPart::page: return ".page";
    case ExportPart::person: return ".person";
  }
  return "";
}

Result<void> unless_missing(Result<void> done) {
  if (!done && done.error().code == Errc::not_found) return {};
  return done;
}

Result<void> write_whole(DiskFile& file, ByteView bytes) {
  for (std::uint64_t at = 0; at < bytes.size();) {
    const std::array<ByteView, 1> parts = {bytes.subspan(at)};
    const auto written = file.write_at(at, parts);
    if (!written) return written.error();
    if (*written == 0) return error(Errc::io, "an export's state takes no more bytes");
    at += *written;
  }
  return file.sync();
}

}  // namespace

Result<void> ExportFolder::make() { return make_folders(disk_, folder_); }

std::filesystem::path ExportFolder::path(ExportId id, ExportPart part) const {
  return folder_ / (to_text(id) + std::string(ending_of(part)));
}

Result<void> ExportFolder::save(const ExportJob& job) {
  const auto fresh = folder_ / (to_text(job.id) + std::string(kNewState));
  if (auto removed = unless_missing(disk_.remove(fresh)); !removed) return removed;
  auto file = disk_.create(fresh);
  if (!file) return file.error();
  if (auto done = write_whole(**file, bytes_of(to_json(job))); !done) return done;
  if (auto done = disk_.rename(fresh, folder_ / (to_text(job.id) + std::string(kState))); !done) return done;
  return disk_.sync_folder(folder_);
}

Result<ExportFolder::Found> ExportFolder::load() {
  const auto entries = disk_.list(folder_);
  if (!entries) return entries.error();
  Found found;
  std::set<ExportId> known;
  std::set<ExportId> seen;
  for (const FolderEntry& entry : *entries) {
    const auto id = parse_id<ExportId>(std::string_view(entry.name).substr(0, entry.name.find('.')));
    if (!id || entry.kind != FolderEntry::Kind::file) continue;
    seen.insert(*id);
    if (entry.name != to_text(*id) + std::string(kState)) continue;
    auto file = disk_.open(folder_ / entry.name, FileAccess::read);
    if (!file) return file.error();
    Bytes text(limits::kExportJobBytes);
    const auto got = (*file)->read_at(0, text);
    if (!got) return got.error();
    text.resize(*got);
    auto job = export_job_from(text_of(text));
    if (!job || job->id != *id) continue;
    known.insert(*id);
    found.jobs.push_back(*std::move(job));
  }
  std::set_difference(seen.begin(), seen.end(), known.begin(), known.end(), std::back_inserter(found.unreadable));
  return found;
}

Result<void> ExportFolder::remove_file(const std::filesystem::path& path) {
  auto file = disk_.open(path, FileAccess::read_write);
  if (!file && file.error().code == Errc::not_found) return {};
  if (!file) return file.error();
  const auto size = (*file)->size_bytes();
  if (!size) return size.error();
  const Bytes zeros(limits::kExportFramesAtOnce * limits::kPageBytes);
  for (std::uint64_t at = 0; at < *size;) {
    const std::array<ByteView, 1> parts = {ByteView(zeros).first(std::min<std::uint64_t>(zeros.size(), *size - at))};
    const auto written = (*file)->write_at(at, parts);
    if (!written) return written.error();
    if (*written == 0) return error(Errc::io, "an export's file cannot be overwritten");
    at += *written;
  }
  if (auto done = (*file)->sync(); !done) return done;
  return unless_missing(disk_.remove(path));
}

Result<void> ExportFolder::remove_parts(ExportId id) {
  for (const ExportPart part : kParts) {
    if (auto removed = remove_file(path(id, part)); !removed) return removed;
  }
  return disk_.sync_folder(folder_);
}

Result<void> ExportFolder::remove(ExportId id) {
  // The state last: what is left after a crash is found by it.
  if (auto removed = remove_parts(id); !removed) return removed;
  for (const std::string_view ending : {kNewState, kState}) {
    if (auto removed = remove_file(folder_ / (to_text(id) + std::string(ending))); !removed) return removed;
  }
  return disk_.sync_folder(folder_);
}

}  // namespace assent
