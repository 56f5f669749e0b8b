#include "engine/control/erasures.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/catalog/erasure_record.h"
#include "engine/catalog/forget_patiently.h"
#include "engine/control/call_contents.h"
#include "engine/control/erasure_target.h"

namespace assent {
namespace {

using nlohmann::json;

LedgerEntry ledger_entry(WallTime at, CallId call, const ErasureRow& row, json body) {
  body["erasure"] = to_text(row.id);
  body[row.target_kind] = row.target_id;
  return {LedgerKind::erasure_step, at, call, body.dump()};
}

}  // namespace

// ---- from outside ---------------------------------------------------------------------------------------------------

// Takes a recording for one erasure, and gives it back at the end.
class Erasures::Turn {
 public:
  Turn(Erasures& erasures, RecordingId id) : erasures_(erasures), id_(id) {
    const std::lock_guard lock(erasures_.mutex_);
    is_mine_ = erasures_.under_way_.insert(id_).second;
  }
  ~Turn() {
    if (!is_mine_) return;
    const std::lock_guard lock(erasures_.mutex_);
    erasures_.under_way_.erase(id_);
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  bool is_mine() const { return is_mine_; }

 private:
  Erasures& erasures_;
  const RecordingId id_;
  bool is_mine_ = false;
};

Result<ErasureView> Erasures::erase_recording(RecordingId id, const Caller& caller) {
  const Turn turn(*this, id);
  if (!turn.is_mine()) return error(Errc::conflict, "the recording is being erased: ask again");
  auto target = load(id);
  if (!target) return target.error();
  if (target->call.state == CallState::live) {
    return error(Errc::conflict, "the call is live: end it before its recording is deleted");
  }
  if (target->recording.state == RecordingState::erased) {
    auto open = unfinished(id);
    if (!open) return open.error();
    if (!*open) {
      const auto waiting = waiting_for_processors(parts_.catalog, kRecordingKind, to_text(id));
      if (!waiting) return waiting.error();
      if (*waiting) return view_of(**waiting);
    }
    if (!*open) return error(Errc::not_found, "the recording has been erased already");
    return carry_out(id, **std::move(open));
  }
  auto held = parts_.held.queue_if_held(HoldTarget::recording, id.bytes, caller);
  if (!held) return held.error();
  if (*held) return view_of(**held);
  return begin(*target, new_erasure(id), caller);
}

Result<ErasureView> Erasures::erase_due(RecordingId id, const Caller& caller) {
  const Turn turn(*this, id);
  if (!turn.is_mine()) return error(Errc::conflict, "the recording is being erased");
  auto target = load(id);
  if (!target) return target.error();
  if (target->call.state == CallState::live) return error(Errc::conflict, "the call is live");
  if (target->recording.state == RecordingState::erased) return error(Errc::not_found, "it has been erased already");
  return begin(*target, new_erasure(id), caller);
}

Result<ErasureView> Erasures::begin_held(ErasureRow row) {
  const auto id = parse_id<RecordingId>(row.target_id);
  if (!id) return error(Errc::corrupt, "the erasure " + to_text(row.id) + " is of no recording");
  const Turn turn(*this, *id);
  if (!turn.is_mine()) return error(Errc::conflict, "the recording is being erased");
  auto target = load(*id);
  if (!target) return target.error();
  const Caller caller{asker_of(row)};
  return begin(*target, std::move(row), caller);
}

ErasureRow Erasures::new_erasure(RecordingId id) {
  const WallTime now = parts_.clock().wall;
  return {new_id<ErasureId>(now), std::string(kRecordingKind), to_text(id), now, std::nullopt, "[]"};
}

Result<ErasureView> Erasures::begin(const Target& target, ErasureRow row, const Caller& caller) {
  auto started = destroy_keys(target, std::move(row), caller);
  if (!started) return started.error();
  return carry_out(target.recording.id, *std::move(started));
}

Result<ErasureView> Erasures::show(ErasureId id) {
  auto row = parts_.catalog.erasure(id);
  if (!row) return row.error();
  if (!*row) return error(Errc::not_found, "there is no erasure with this id");
  return view_of(**row);
}

Result<std::vector<ErasureView>> Erasures::resume() {
  auto rows = parts_.catalog.unfinished_erasures();
  if (!rows) return rows.error();
  std::vector<ErasureView> left;
  for (ErasureRow& row : *rows) {
    const auto id = parse_id<RecordingId>(row.target_id);
    if (row.target_kind != kRecordingKind || !id) continue;
    ErasureView view = carry_out(*id, std::move(row));
    if (!view.done) left.push_back(std::move(view));
  }
  return left;
}

// ---- what is to be erased -------------------------------------------------------------------------------------------

Result<std::optional<ErasureRow>> Erasures::unfinished(RecordingId id) {
  auto rows = parts_.catalog.unfinished_erasures();
  if (!rows) return rows.error();
  for (ErasureRow& row : *rows) {
    if (row.target_kind == kRecordingKind && row.target_id == to_text(id)) return std::optional(std::move(row));
  }
  return std::optional<ErasureRow>();
}

Result<Erasures::Target> Erasures::load(RecordingId id) {
  auto recording = parts_.catalog.recording(id);
  if (!recording) return recording.error();
  if (!*recording) return error(Errc::not_found, "there is no recording with this id");
  auto call = parts_.catalog.call((*recording)->call);
  if (!call) return call.error();
  if (!*call) return error(Errc::corrupt, "the recording's call is not in the catalog");
  auto legs = parts_.catalog.legs((*call)->id);
  if (!legs) return legs.error();
  auto segments = parts_.catalog.segments(id);
  if (!segments) return segments.error();
  return Target{**std::move(recording), **std::move(call), *std::move(legs), *std::move(segments)};
}

// ---- the steps ------------------------------------------------------------------------------------------------------

Result<ErasureRow> Erasures::destroy_keys(const Target& target, ErasureRow row, const Caller& caller) {
  const bool waited = std::exchange(row.held, false);
  const WallTime now = waited ? parts_.clock().wall : row.requested;
  add_step(row, now, "keys-destroyed", count_text(target.legs.size(), "leg key") + " and the call's");
  const auto destroyed = contents_of(target);
  if (!destroyed) return destroyed.error();
  const json by = caller.token_id;
  std::vector<Booking> bookings;
  bookings.emplace_back(booking::RequireNoHold{HoldTarget::call, target.call.id.bytes});
  bookings.push_back(begun_booking(row, waited));
  if (!waited) {
    bookings.emplace_back(
        booking::AddLedger{ledger_entry(now, target.call.id, row, {{"by", by}, {"step", "requested"}})});
  }
  for (const LegRow& leg : target.legs) bookings.emplace_back(booking::DestroyKey{leg.key});
  bookings.emplace_back(booking::DestroyKey{target.call.key});
  bookings.emplace_back(booking::EraseRecording{target.recording.id, now});
  bookings.emplace_back(booking::AddLedger{ledger_entry(
      now, target.call.id, row, {{"by", by}, {"destroyed", destroyed->to_json()}, {"step", "keys-destroyed"}})});
  if (auto booked = parts_.writer.book_and_wait(std::move(bookings)); !booked) return booked.error();
  return row;
}

Result<Destroyed> Erasures::contents_of(const Target& target) {
  Destroyed destroyed;
  destroyed.add(target.recording.id);
  const auto participants = parts_.catalog.participants(target.call.id);
  if (!participants) return participants.error();
  if (auto added = add_call(parts_.catalog, target.call, destroyed); !added) return added.error();
  if (auto added = add_legs(parts_.catalog, target.legs, destroyed); !added) return added.error();
  if (auto added = add_participants(parts_.catalog, *participants, destroyed); !added) return added.error();
  return destroyed;
}

ErasureView Erasures::carry_out(RecordingId id, ErasureRow row) {
  const auto finished = finish(id, row);
  ErasureView view = view_of(row);
  if (!finished) view.trouble = finished.error().what;
  return view;
}

Result<void> Erasures::finish(RecordingId id, ErasureRow& row) {
  // Anew, because a segment may have been stored and booked until the moment the recording was marked as erased.
  const auto target = load(id);
  if (!target) return target.error();
  if (auto forgotten = forget_keys(*target, row); !forgotten) return forgotten;
  if (auto cleared = clear_journal(*target, row); !cleared) return cleared;
  const auto removed = remove_objects(*target, row);
  if (!removed) return removed.error();
  return close(*target, *removed, row);
}

Result<void> Erasures::forget_keys(const Target& target, ErasureRow& row) {
  std::vector<KeyId> keys = {target.call.key};
  for (const LegRow& leg : target.legs) keys.push_back(leg.key);
  for (const KeyId key : keys) parts_.keys.evict(key);
  const auto participants = parts_.catalog.participants(target.call.id);
  if (!participants) return participants.error();
  for (const ParticipantRow& participant : *participants) parts_.keys.evict(participant.key);
  if (parts_.cut_streams) parts_.cut_streams(target.recording.id);
  if (auto forgotten = forget_patiently(parts_.writer); !forgotten) return forgotten;
  for (const KeyId key : keys) {
    auto left = parts_.catalog.key(key);
    if (!left) return left.error();
    if (*left) return error(Errc::corrupt, "the key " + to_text(key) + " is still in the catalog");
  }
  return note_step(row, "keys-gone", "the catalog's files hold none of the keys");
}

Result<void> Erasures::clear_journal(const Target& target, ErasureRow& row) {
  std::vector<SegmentId> segments;
  for (const SegmentRow& segment : target.segments) segments.push_back(segment.id);
  if (auto erased = parts_.journal.erase(target.recording.id, segments); !erased) return erased;
  return note_step(row, "journal-cleared", "no page is left in the journal");
}

// Everything that lies in the call's folders: what is booked, and what was stored without being booked because the
// engine died in between. A day more at both ends, for a clock that was set.
Result<std::set<std::string>> Erasures::objects_of(const Target& target) {
  std::set<std::string> objects;
  WallTime last = target.call.ended.value_or(parts_.clock().wall);
  for (const SegmentRow& segment : target.segments) {
    last = std::max(last, segment.ended);
    objects.insert(segment.object);
  }
  for (WallTime day = target.call.created - 24h; day <= last + 24h; day += 24h) {
    auto names = parts_.store.list_folder(object_folder(day, target.call.id));
    if (!names) return names.error();
    objects.insert(names->begin(), names->end());
  }
  return objects;
}

// How many there were.
Result<std::size_t> Erasures::remove_objects(const Target& target, ErasureRow& row) {
  auto objects = objects_of(target);
  if (!objects) return objects.error();
  const std::vector<std::string> names(objects->begin(), objects->end());
  if (auto removed = parts_.store.remove_all(names); !removed) return removed.error();
  for (const std::string& object : *objects) {
    auto left = parts_.store.open(object);
    if (left) return error(Errc::io, "the object " + object + " is still there");
    if (left.error().code != Errc::not_found) return left.error();
  }
  auto noted = note_step(row, "objects-removed", count_text(objects->size(), "object") + " removed, none is left");
  if (!noted) return noted.error();
  return objects->size();
}

Result<void> Erasures::close(const Target& target, std::size_t objects, ErasureRow& row) {
  const WallTime now = parts_.clock().wall;
  ErasureRow closed = row;
  add_step(closed, now, "done", count_text(target.segments.size(), "segment") + " no longer booked");
  closed.done = now;
  std::vector<Booking> bookings;
  for (const SegmentRow& segment : target.segments) bookings.emplace_back(booking::RemoveSegment{segment.id});
  const ErasureClosing closing{closed,
                               target.call.id,
                               {{"catalog", time_of_step(closed, "keys-gone")},
                                {"journal", time_of_step(closed, "journal-cleared")},
                                {"store", time_of_step(closed, "objects-removed")}},
                               objects};
  auto ended = close_erasure(parts_.catalog, closing, bookings);
  if (!ended) return ended.error();
  if (auto booked = parts_.writer.book_and_wait(std::move(bookings)); !booked) return booked;
  row = *std::move(ended);
  return {};
}

Result<void> Erasures::note_step(ErasureRow& row, std::string_view step, std::string_view what) {
  ErasureRow noted = row;
  add_step(noted, parts_.clock().wall, step, what);
  std::vector<Booking> bookings;
  bookings.emplace_back(booking::UpdateErasure{noted.id, noted.steps_json, std::nullopt});
  if (auto booked = parts_.writer.book_and_wait(std::move(bookings)); !booked) return booked;
  row = std::move(noted);
  return {};
}

}  // namespace assent
