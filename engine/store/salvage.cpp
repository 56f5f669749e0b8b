#include "engine/store/salvage.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "engine/catalog/lost_audio.h"
#include "engine/store/segment_keeper.h"

namespace assent {
namespace {

using std::chrono::days;

// What becomes of one recording: everything about it is booked in one transaction, so that a second run finds it either
// untouched or done.
struct RecordingWork {
  RecordingRow row;
  std::vector<SegmentRow> segments;
  nlohmann::json lost_by_leg = nlohmann::json::object();
};

// What is to be removed of one shard's journal in the end: everything but the files that hold unclaimed pages.
struct SpentJournal {
  ShardId shard;
  std::vector<JournalFileNumber> files;
};

class Salvage {
 public:
  explicit Salvage(const SalvageParts& parts)
      : parts_(parts),
        no_reader_(parts.disk, parts.journal_folder, ShardId(0)),
        objects_(parts.store, no_reader_, parts.leg_keys, {}) {}

  Result<SalvageReport> run() {
    const auto shards = journal_shards(parts_.disk, parts_.journal_folder);
    if (!shards) return shards.error();
    for (const ShardId shard : *shards) {
      if (auto done = salvage_journal(shard); !done) return done.error();
    }
    if (auto added = add_open_recordings(); !added) return added.error();
    for (auto& [id, work] : recordings_) {
      if (auto booked = book(work); !booked) return booked.error();
    }
    if (auto ended = end_calls_without_recording(); !ended) return ended.error();
    for (const SpentJournal& spent : spent_) {
      auto removed = remove_journal_files(parts_.disk, parts_.journal_folder, spent.shard, spent.files);
      if (!removed) return removed.error();
    }
    return std::move(report_);
  }

 private:
  Result<void> salvage_journal(ShardId shard);
  Result<void> salvage_segment(SegmentId id, const JournaledSegment& pages, SegmentKeeper& keeper);
  Result<void> keep(const SegmentIdentity& identity, const JournaledSegment& pages, SegmentKeeper& keeper,
                    RecordingWork& work);
  Result<bool> is_salvaged(const SegmentIdentity& identity);
  Result<void> add_open_recordings();
  Result<void> add_stray_objects(RecordingWork& work, const CallRow& call);
  Result<void> add_stray(const std::string& name, const std::vector<SegmentRow>& booked, RecordingWork& work);
  Result<void> remove_erased(const SegmentIdentity& identity);
  Result<void> book(RecordingWork& work);
  Result<WallTime> end_of(const RecordingWork& work);
  Result<void> end_calls_without_recording();
  std::optional<Codec> codec_of(LegId leg);
  RecordingWork& work_of(const RecordingRow& row);

  const SalvageParts& parts_;
  JournalReader no_reader_;
  SegmentKeeper objects_;  // recognises what is stored, for which it reads no journal
  SalvageReport report_;
  std::vector<SpentJournal> spent_;
  std::map<RecordingId, RecordingWork> recordings_;
  CallId codec_call_;  // whose legs are asked for a codec now
};

RecordingWork& Salvage::work_of(const RecordingRow& row) {
  auto& work = recordings_[row.id];
  work.row = row;
  return work;
}

std::optional<Codec> Salvage::codec_of(LegId leg) {
  auto legs = parts_.catalog.legs(codec_call_);
  if (!legs) return std::nullopt;
  for (const LegRow& row : *legs) {
    if (row.id != leg) continue;
    // Of a leg with several codecs nobody can say which of them a segment without its head had.
    const auto codecs = parse_codecs(row.codec);
    return codecs && codecs->size() == 1 ? std::optional(codecs->front()) : std::nullopt;
  }
  return std::nullopt;
}

Result<void> Salvage::salvage_journal(ShardId shard) {
  auto scan = JournalScan::run(parts_.disk, parts_.journal_folder, shard);
  if (!scan) return scan.error();
  for (const JournalDamage& damage : scan->damages()) report_.damages.push_back({shard, damage});
  report_.journals[shard] = {scan->next_file(), scan->next_batch()};

  std::map<SegmentId, JournaledSegment> segments;
  std::map<SegmentId, std::set<std::uint32_t>> files;
  for (const DurablePage& page : scan->pages()) {
    segments[page.segment()].add(page);
    files[page.segment()].insert(page.place().file);
  }
  JournalReader reader(parts_.disk, parts_.journal_folder, shard);
  SegmentKeeper keeper(parts_.store, reader, parts_.leg_keys, [this](LegId leg) { return codec_of(leg); });
  for (const auto& [id, pages] : segments) {
    if (auto done = salvage_segment(id, pages, keeper); !done) return done;
  }
  std::set<std::uint32_t> kept;
  for (const SegmentId& id : report_.unclaimed) kept.insert(files[id].begin(), files[id].end());
  SpentJournal spent{shard, scan->files()};
  std::erase_if(spent.files, [&](JournalFileNumber file) { return kept.contains(file.value); });
  spent_.push_back(std::move(spent));
  return {};
}

Result<void> Salvage::salvage_segment(SegmentId id, const JournaledSegment& pages, SegmentKeeper& keeper) {
  auto booked = parts_.catalog.segment(id);
  if (!booked) return booked.error();
  if (*booked) {
    ++report_.already_stored;
    return {};
  }
  auto identity = keeper.identify(id, pages);
  if (!identity) {
    if (identity.error().code != Errc::corrupt) return identity.error();
    // Without its header no key opens it, and nothing says whose it was.
    ++report_.lost;
    return {};
  }
  auto recording = parts_.catalog.recording(identity->recording);
  if (!recording) return recording.error();
  if (!*recording) {
    report_.unclaimed.push_back(id);
    return {};
  }
  if ((*recording)->state == RecordingState::erased) return remove_erased(*identity);
  auto salvaged = is_salvaged(*identity);
  if (!salvaged) return salvaged.error();
  if (*salvaged) {
    ++report_.already_stored;
    return {};
  }
  return keep(*identity, pages, keeper, work_of(**recording));
}

// Its object may have been stored just before the crash that kept it from being booked.
Result<void> Salvage::remove_erased(const SegmentIdentity& identity) {
  ++report_.erased;
  return parts_.store.remove(object_name({start_of(identity.segment), identity.call, identity.leg, identity.number}));
}

// Whether its rebuilt form, which has another id, is booked already.
Result<bool> Salvage::is_salvaged(const SegmentIdentity& identity) {
  auto rows = parts_.catalog.segments(identity.recording);
  if (!rows) return rows.error();
  return std::any_of(rows->begin(), rows->end(), [&](const SegmentRow& row) {
    return row.leg == identity.leg && row.number == identity.number && row.state == SegmentState::stored;
  });
}

Result<void> Salvage::keep(const SegmentIdentity& identity, const JournaledSegment& pages, SegmentKeeper& keeper,
                           RecordingWork& work) {
  codec_call_ = identity.call;
  auto kept = keeper.keep(identity, pages);
  if (!kept) return kept.error();
  if (kept->row) work.segments.push_back(*kept->row);
  switch (kept->fate) {
    case SegmentFate::whole: ++report_.settled; return {};
    case SegmentFate::erased: return remove_erased(identity);
    case SegmentFate::rebuilt:
      ++report_.rebuilt;
      report_.frames_lost += kept->frames_lost;
      break;
    case SegmentFate::lost: ++report_.lost; break;
  }
  work.lost_by_leg[to_text(identity.leg)].push_back({{"end_unknown", !kept->had_final},
                                                     {"frames_kept", kept->row ? kept->row->frames : 0},
                                                     {"frames_lost", kept->frames_lost},
                                                     {"segment", identity.number}});
  return {};
}

Result<void> Salvage::add_open_recordings() {
  RecordingFilter filter;
  filter.state = RecordingState::open;
  for (;;) {
    auto rows = parts_.catalog.recordings(filter);
    if (!rows) return rows.error();
    if (rows->empty()) return {};
    for (const RecordingRow& row : *rows) work_of(row);
    filter.after = rows->back().id;
  }
}

Result<WallTime> Salvage::end_of(const RecordingWork& work) {
  auto rows = parts_.catalog.segments(work.row.id);
  if (!rows) return rows.error();
  WallTime end = work.row.started;
  for (const SegmentRow& row : *rows) end = std::max(end, row.ended);
  for (const SegmentRow& row : work.segments) end = std::max(end, row.ended);
  return end;
}

// Objects of the call that are stored and not booked: a crash came between, and the journal no longer has their pages.
Result<void> Salvage::add_stray_objects(RecordingWork& work, const CallRow& call) {
  auto booked = parts_.catalog.segments(work.row.id);
  if (!booked) return booked.error();
  const WallTime last = std::max(parts_.now(), call.created) + days(1);
  for (WallTime day = std::chrono::floor<days>(call.created); day <= last; day += days(1)) {
    auto names = parts_.store.list_folder(object_folder(day, work.row.call));
    if (!names) return names.error();
    for (const std::string& name : *names) {
      if (auto added = add_stray(name, *booked, work); !added) return added;
    }
  }
  return {};
}

Result<void> Salvage::add_stray(const std::string& name, const std::vector<SegmentRow>& booked, RecordingWork& work) {
  const auto has_name = [&](const SegmentRow& row) { return row.object == name; };
  if (std::any_of(booked.begin(), booked.end(), has_name)) return {};
  if (std::any_of(work.segments.begin(), work.segments.end(), has_name)) return {};
  auto row = objects_.recognise(name);
  if (!row) return row.error();
  const bool belongs = *row && (*row)->recording == work.row.id && (*row)->call == work.row.call;
  const auto has_place = [&](const SegmentRow& other) {
    return other.leg == (*row)->leg && other.number == (*row)->number;
  };
  if (!belongs || std::any_of(booked.begin(), booked.end(), has_place) ||
      std::any_of(work.segments.begin(), work.segments.end(), has_place)) {
    report_.strays.push_back(name);
    return {};
  }
  ++report_.found;
  work.segments.push_back(**std::move(row));
  return {};
}

Result<void> Salvage::book(RecordingWork& work) {
  const bool untouched = work.segments.empty() && work.lost_by_leg.empty();
  if (untouched && work.row.state != RecordingState::open) return {};
  auto call = parts_.catalog.call(work.row.call);
  if (!call) return call.error();
  if (*call && work.row.state == RecordingState::open) {
    if (auto added = add_stray_objects(work, **call); !added) return added;
  }
  auto end = end_of(work);
  if (!end) return end.error();
  std::vector<Booking> bookings;
  for (const SegmentRow& row : work.segments) bookings.push_back(booking::AddSegment{row});

  const bool was_live = *call && (*call)->state == CallState::live;
  if (was_live && !parts_.goes_on(**call)) {
    bookings.push_back(booking::EndCall{work.row.call, *end, CallState::interrupted});
    report_.interrupted.push_back(work.row.call);
  }
  const nlohmann::json lost = {{"interrupted", was_live}, {"legs", work.lost_by_leg}};
  bookings.push_back(booking::CloseRecording{work.row.id, *end, RecordingState::recovered,
                                             joined_losses(work.row.lost_json, lost.dump())});
  const nlohmann::json entry = {
      {"lost", lost}, {"recording", to_text(work.row.id)}, {"segments", work.segments.size()}};
  bookings.push_back(booking::AddLedger{{LedgerKind::recovery, parts_.now(), work.row.call, entry.dump()}});
  if (auto booked = parts_.catalog.book(bookings); !booked) return booked;
  report_.recovered.push_back(work.row.id);
  return {};
}

Result<void> Salvage::end_calls_without_recording() {
  auto calls = parts_.catalog.calls_in_state(CallState::live);
  if (!calls) return calls.error();
  std::vector<Booking> bookings;
  for (const CallRow& call : *calls) {
    if (parts_.goes_on(call)) continue;
    bookings.push_back(booking::EndCall{call.id, parts_.now(), CallState::interrupted});
    report_.interrupted.push_back(call.id);
  }
  return bookings.empty() ? Result<void>() : parts_.catalog.book(bookings);
}

}  // namespace

Result<SalvageReport> salvage(const SalvageParts& parts) { return Salvage(parts).run(); }

}  // namespace assent
