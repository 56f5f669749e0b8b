// A catalog in memory with what the store asks of one: calls, legs, recordings, segments. What was booked survives a
// crash; a booking can be made to fail.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <vector>

#include "../catalog/empty_catalog.h"

namespace assent::test {

class MemoryCatalog final : public EmptyCatalog {
 public:
  // Asked before anything is booked.
  std::function<Result<void>()> on_book = [] { return Result<void>(); };

  std::map<CallId, CallRow> call_rows;
  std::map<LegId, LegRow> leg_rows;
  std::map<RecordingId, RecordingRow> recording_rows;
  std::map<SegmentId, SegmentRow> segment_rows;
  std::vector<LedgerEntry> entries;

  Result<void> book(std::span<const Booking> bookings) override {
    if (auto allowed = on_book(); !allowed) return allowed;
    for (const Booking& one : bookings) {
      if (const auto* add = std::get_if<booking::AddSegment>(&one)) {
        if (recording_rows.at(add->row.recording).state == RecordingState::erased) {
          return error(Errc::conflict, "the recording has been erased");
        }
      }
    }
    for (const Booking& one : bookings) std::visit([this](const auto& booking) { put(booking); }, one);
    return {};
  }

  Result<std::optional<CallRow>> call(CallId id) override { return find(call_rows, id); }
  Result<std::vector<CallRow>> calls_in_state(CallState state) override {
    return select(call_rows, [&](const CallRow& row) { return row.state == state; });
  }
  Result<std::vector<LegRow>> legs(CallId call) override {
    return select(leg_rows, [&](const LegRow& row) { return row.call == call; });
  }
  Result<std::optional<RecordingRow>> recording(RecordingId id) override { return find(recording_rows, id); }
  Result<std::optional<RecordingRow>> recording_of(CallId call) override {
    auto rows = select(recording_rows, [&](const RecordingRow& row) { return row.call == call; });
    return rows.empty() ? std::optional<RecordingRow>() : std::optional(rows.front());
  }
  Result<std::vector<RecordingRow>> recordings(const RecordingFilter& filter) override {
    auto rows = select(recording_rows, [&](const RecordingRow& row) {
      return (!filter.state || row.state == *filter.state) && (!filter.after || row.id < *filter.after);
    });
    std::reverse(rows.begin(), rows.end());
    if (rows.size() > filter.limit) rows.resize(filter.limit);
    return rows;
  }
  Result<std::vector<SegmentRow>> segments(RecordingId recording) override {
    return select(segment_rows, [&](const SegmentRow& row) { return row.recording == recording; });
  }
  Result<std::optional<SegmentRow>> segment(SegmentId id) override { return find(segment_rows, id); }
  Result<std::uint64_t> stored_bytes(TenantId) override { return error(Errc::unsupported, "not needed here"); }

 private:
  template <typename Rows, typename IdType>
  static Result<std::optional<typename Rows::mapped_type>> find(const Rows& rows, IdType id) {
    const auto found = rows.find(id);
    return found == rows.end() ? std::optional<typename Rows::mapped_type>() : std::optional(found->second);
  }
  template <typename Rows, typename Wanted>
  static std::vector<typename Rows::mapped_type> select(const Rows& rows, Wanted wanted) {
    std::vector<typename Rows::mapped_type> found;
    for (const auto& [id, row] : rows) {
      if (wanted(row)) found.push_back(row);
    }
    return found;
  }

  template <typename Other>
  void put(const Other&) {}
  void put(const booking::AddCall& add) { call_rows[add.row.id] = add.row; }
  void put(const booking::AddLeg& add) { leg_rows[add.row.id] = add.row; }
  void put(const booking::OpenRecording& open) { recording_rows[open.row.id] = open.row; }
  void put(const booking::AddSegment& add) { segment_rows[add.row.id] = add.row; }
  void put(const booking::RemoveSegment& remove) { segment_rows.erase(remove.segment); }
  void put(const booking::EndCall& end) {
    call_rows.at(end.call).state = end.state;
    call_rows.at(end.call).ended = end.at;
  }
  void put(const booking::CloseRecording& close) {
    RecordingRow& row = recording_rows.at(close.recording);
    row.state = close.state;
    row.ended = close.at;
    row.lost_json = close.lost_json;
  }
  void put(const booking::EraseRecording& erase) { recording_rows.at(erase.recording).state = RecordingState::erased; }
  void put(const booking::EraseUnheld& erase) { recording_rows.at(erase.recording).state = RecordingState::erased; }
  void put(const booking::AddLedger& add) { entries.push_back(add.entry); }
};

}  // namespace assent::test
