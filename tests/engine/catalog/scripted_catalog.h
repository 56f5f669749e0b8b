// A catalog without a disk for the tests of those who use one: `book` waits for the test's leave where asked to,
// answers as the test says, and keeps what it was given. Keys can be looked up; the other queries have nothing.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <vector>

#include "engine/catalog/catalog.h"

namespace assent::test {

class ScriptedCatalog : public Catalog {
 public:
  using Spans = std::vector<std::size_t>;  // sizes of the spans that were booked

  // Called by `book` with the span, on the booker's thread, without a lock.
  std::function<Result<void>(std::span<const Booking>)> on_book = [](auto) { return Result<void>(); };
  std::function<Result<void>()> on_forget = [] { return Result<void>(); };
  std::function<void()> on_key = [] {};  // called by `key` after the row was read, before it is handed out

  Result<void> book(std::span<const Booking> bookings) override {
    auto outcome = on_book(bookings);
    const std::lock_guard lock(mutex_);
    asked_.push_back(bookings.size());
    if (!outcome) return outcome;
    for (const Booking& one : bookings) {
      if (const auto* add = std::get_if<booking::AddKey>(&one)) keys_[add->key.id] = add->key;
      if (const auto* destroy = std::get_if<booking::DestroyKey>(&one)) keys_.erase(destroy->key);
    }
    return outcome;
  }
  Result<void> forget_deleted() override { return on_forget(); }
  Spans asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }
  std::size_t keys_read() const {
    const std::lock_guard lock(mutex_);
    return keys_read_;
  }

  Result<std::optional<WrappedKey>> key(KeyId id) override {
    std::optional<WrappedKey> found;
    {
      const std::lock_guard lock(mutex_);
      ++keys_read_;
      if (const auto at = keys_.find(id); at != keys_.end()) found = at->second;
    }
    on_key();
    return found;
  }
  Result<std::vector<WrappedKey>> keys_of_kind(KeyKind kind) override {
    const std::lock_guard lock(mutex_);
    std::vector<WrappedKey> found;
    for (const auto& [id, key] : keys_) {
      if (key.kind == kind) found.push_back(key);
    }
    return found;
  }

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

 private:
  mutable std::mutex mutex_;
  std::map<KeyId, WrappedKey> keys_;
  Spans asked_;
  std::size_t keys_read_ = 0;
};

// A gate that one thread waits at until another opens it; it stays open.
class Latch {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

}  // namespace assent::test
