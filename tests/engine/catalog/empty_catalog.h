// A catalog that has nothing, and takes whatever is booked: what a test's own catalog answers where it says nothing
// else.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "engine/catalog/catalog.h"

namespace assent::test {

class EmptyCatalog : public Catalog {
 public:
  Result<void> book(std::span<const Booking>) override { return {}; }
  Result<void> forget_deleted() override { return {}; }
  Result<std::optional<WrappedKey>> key(KeyId) override { return std::optional<WrappedKey>(); }
  Result<std::vector<WrappedKey>> keys_of_kind(KeyKind) override { return std::vector<WrappedKey>(); }
  Result<std::optional<TenantRow>> tenant(std::string_view) override { return std::optional<TenantRow>(); }
  Result<std::optional<TenantRow>> tenant(TenantId) override { return std::optional<TenantRow>(); }
  Result<std::optional<SubjectRow>> subject(SubjectId) override { return std::optional<SubjectRow>(); }
  Result<std::optional<SubjectRow>> subject(TenantId, ByteView) override { return std::optional<SubjectRow>(); }
  Result<std::optional<CallRow>> call(CallId) override { return std::optional<CallRow>(); }
  Result<std::vector<CallRow>> calls_in_state(CallState) override { return std::vector<CallRow>(); }
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
  Result<std::vector<ParticipantRow>> participants(CallId) override { return std::vector<ParticipantRow>(); }
  Result<std::vector<LegRow>> legs(CallId) override { return std::vector<LegRow>(); }
  Result<std::vector<ConsentRow>> consents(CallId) override { return std::vector<ConsentRow>(); }
  Result<std::optional<RecordingRow>> recording(RecordingId) override { return std::optional<RecordingRow>(); }
  Result<std::optional<RecordingRow>> recording_of(CallId) override { return std::optional<RecordingRow>(); }
  Result<std::vector<RecordingRow>> recordings(const RecordingFilter&) override { return std::vector<RecordingRow>(); }
  Result<std::vector<SegmentRow>> segments(RecordingId) override { return std::vector<SegmentRow>(); }
  Result<std::optional<SegmentRow>> segment(SegmentId) override { return std::optional<SegmentRow>(); }
  Result<std::uint64_t> stored_bytes(TenantId) override { return std::uint64_t{0}; }
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
};

}  // namespace assent::test
