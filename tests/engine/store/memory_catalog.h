// A catalog in memory with what the store asks of one: calls, legs, recordings, segments. What was booked survives a
// crash; a booking can be made to fail.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <vector>

#include "engine/catalog/catalog.h"

namespace assent::test {

class MemoryCatalog final : public Catalog {
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
  Result<void> forget_deleted() override { return {}; }

  Result<std::optional<CallRow>> call(CallId id) override { return find(call_rows, id); }
  Result<std::vector<CallRow>> calls_in_state(CallState state) override {
    return select(call_rows, [&](const CallRow& row) { return row.state == state; });
  }
  Result<std::optional<CallId>> live_call_of(SubjectId) override { return std::optional<CallId>(); }
  Result<std::optional<CallId>> live_call_of(TenantId) override { return std::optional<CallId>(); }
  Result<std::vector<CallRow>> calls_of(SubjectId) override { return std::vector<CallRow>(); }
  Result<std::vector<CallRow>> calls_of(TenantId) override { return std::vector<CallRow>(); }
  Result<std::vector<WrappedKey>> keys_under(KeyId, std::optional<KeyId>) override { return std::vector<WrappedKey>(); }
  Result<std::vector<ReplacedKey>> replaced_keys(KeyKind, std::optional<KeyId>) override {
    return std::vector<ReplacedKey>();
  }
  Result<std::optional<KeyId>> successor(KeyId) override { return std::optional<KeyId>(); }
  Result<std::optional<KeyId>> predecessor(KeyId) override { return std::optional<KeyId>(); }
  Result<std::uint64_t> key_count() override { return std::uint64_t{0}; }
  Result<std::optional<TenantRow>> tenant_of_key(KeyId) override { return std::optional<TenantRow>(); }
  Result<std::optional<SubjectRow>> subject_of_key(KeyId) override { return std::optional<SubjectRow>(); }
  Result<std::vector<ParticipantRow>> participants_under(SubjectId, KeyId) override {
    return std::vector<ParticipantRow>();
  }
  Result<std::vector<SubjectRow>> subjects_of(TenantId) override { return std::vector<SubjectRow>(); }
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

  Result<std::optional<WrappedKey>> key(KeyId) override { return std::optional<WrappedKey>(); }
  Result<std::vector<WrappedKey>> keys_of_kind(KeyKind) override { return std::vector<WrappedKey>(); }
  Result<std::optional<TenantRow>> tenant(std::string_view) override { return std::optional<TenantRow>(); }
  Result<std::optional<TenantRow>> tenant(TenantId) override { return std::optional<TenantRow>(); }
  Result<std::optional<SubjectRow>> subject(SubjectId) override { return std::optional<SubjectRow>(); }
  Result<std::optional<SubjectRow>> subject(TenantId, ByteView) override { return std::optional<SubjectRow>(); }
  Result<std::vector<ParticipantRow>> participants(CallId) override { return std::vector<ParticipantRow>(); }
  Result<std::vector<ConsentRow>> consents(CallId) override { return std::vector<ConsentRow>(); }
  Result<std::vector<StandingConsentRow>> standing_consents(SubjectId) override {
    return std::vector<StandingConsentRow>();
  }
  Result<std::vector<NoticeRow>> notices(const NoticeFilter&) override { return std::vector<NoticeRow>(); }
  Result<std::vector<PurposeRow>> purposes() override { return std::vector<PurposeRow>(); }
  Result<std::vector<NoteRow>> notes(CallId) override { return std::vector<NoteRow>(); }
  Result<std::optional<ErasureRow>> erasure(ErasureId) override { return std::optional<ErasureRow>(); }
  Result<std::vector<ErasureRow>> unfinished_erasures() override { return std::vector<ErasureRow>(); }
  Result<std::vector<ErasureRow>> waiting_erasures() override { return std::vector<ErasureRow>(); }
  Result<std::vector<ProcessorRow>> processors() override { return std::vector<ProcessorRow>(); }
  Result<std::vector<DeliveryRow>> deliveries(std::string_view, DeliveryState, std::size_t) override {
    return std::vector<DeliveryRow>();
  }
  Result<std::vector<DeliveryRow>> deliveries_of(ErasureId) override { return std::vector<DeliveryRow>(); }
  Result<std::optional<DeliveryRow>> delivery(std::string_view, EventId) override {
    return std::optional<DeliveryRow>();
  }
  Result<std::vector<DeliveryCount>> delivery_counts() override { return std::vector<DeliveryCount>(); }
  Result<std::vector<ErasureRow>> held_erasures() override { return std::vector<ErasureRow>(); }
  Result<std::optional<HoldRow>> hold(HoldId) override { return std::optional<HoldRow>(); }
  Result<std::vector<HoldRow>> holds(const HoldFilter&) override { return std::vector<HoldRow>(); }
  Result<std::vector<HoldRow>> holds_over(HoldTarget, const std::array<std::uint8_t, 16>&) override {
    return std::vector<HoldRow>();
  }
  Result<std::optional<WallTime>> next_hold_end() override { return std::optional<WallTime>(); }
  Result<std::vector<DueRecording>> due_recordings(WallTime, const std::optional<DueRecording>&, std::size_t) override {
    return std::vector<DueRecording>();
  }
  Result<std::vector<RecordingId>> recordings_to_plan(std::size_t) override { return std::vector<RecordingId>(); }
  Result<std::vector<LedgerRow>> ledger(const LedgerFilter&) override { return std::vector<LedgerRow>(); }
  Result<WallTime> last_recorded() override { return WallTime(); }
  Result<std::uint64_t> last_seq() override { return std::uint64_t{0}; }
  Result<LedgerReport> verify_ledger(const std::optional<LedgerHead>&) override { return LedgerReport{}; }

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
