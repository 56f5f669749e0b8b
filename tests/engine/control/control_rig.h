// What the control API stands on, real where it can be: a SQLite catalog, a key file, a file store with sealed
// segments, tokens; and made up where it cannot: live calls, the journal, the renderer.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "catch.h"
#include "crypto/file_root_key.h"
#include "engine/catalog/catalog_writer.h"
#include "engine/catalog/key_ring.h"
#include "engine/catalog/people.h"
#include "engine/catalog/sqlite_catalog.h"
#include "engine/control/api.h"
#include "engine/control/held_erasures.h"
#include "engine/store/file_store.h"
#include "must.h"
#include "state_folder.h"

namespace assent {

// Live calls that remember what they were asked and answer what they are told to.
class FakeCalls final : public CallService {
 public:
  std::vector<std::string> asked;
  std::optional<Error> fails;
  CallView view;
  EndedCall ended{std::nullopt, "no consent"};
  std::vector<ConsentRecordView> records;
  CallSpec last_call;
  ConsentSpec last_consent;
  Caller last_caller;
  std::function<void()> during_create = [] {};

  Result<CallView> create_call(const CallSpec& spec, const Caller& caller) override;
  Result<std::vector<CallView>> calls() override;
  Result<CallView> call(CallId id) override;
  Result<CallId> find_call(const std::string& id_or_ref, const std::optional<std::string>& tenant) override;
  Result<std::vector<ConsentRecordView>> decide(CallId id, const ConsentSpec& spec, const Caller& caller) override;
  Result<CallView> pause(CallId id, const std::string& reason, const Caller& caller) override;
  Result<CallView> resume(CallId id, const std::string& reason, const Caller& caller) override;
  Result<CallView> change_legs(CallId id, const LegsSpec& spec, const Caller& caller) override;
  Result<void> change_leg(CallId, LegId, const LegHearing&) override { return {}; }
  Result<void> remember(CallId, const std::string&) override { return {}; }
  Result<void> leave(CallId, const Departure&, const Caller&) override { return {}; }
  Result<void> press(CallId, const std::string&, char, const Caller&) override { return {}; }
  Result<void> note_preference(CallId, const std::string&, const std::string&, const Caller&) override { return {}; }
  Result<EndedCall> end_call(CallId id, const Caller& caller) override;
  Result<void> withdraw_standing(StandingId standing, const Caller& caller) override;

 private:
  Result<CallView> answer(std::string what);
};

class FakeStatus final : public EngineStatus {
 public:
  std::vector<std::string> wrong;
  EngineLife lived;
  EngineCounters counters() override { return {}; }
  EngineLife life() override { return lived; }
  std::vector<std::string> troubles() override { return wrong; }
};

// Renders a leg as its payloads, one after the other.
class FakeRenderer final : public AudioRenderer {
 public:
  WallTime start;
  WallTime end;
  std::uint32_t rate_hz = 0;

  Result<BodyStream> wav(RenderSpec spec) override { return payloads(std::move(spec)); }
  Result<BodyStream> ogg(RenderSpec spec) override { return payloads(std::move(spec)); }
  Result<std::vector<std::vector<SamplePeak>>> peaks(RenderSpec spec, std::size_t buckets) override;

 private:
  Result<BodyStream> payloads(RenderSpec spec);
};

class FakeJournal final : public JournalEraser {
 public:
  std::vector<RecordingId> erased;
  std::vector<SegmentId> punched;
  std::optional<Error> fails;

  Result<void> erase(RecordingId recording, std::span<const SegmentId> stored) override {
    if (fails) return *fails;
    erased.push_back(recording);
    punched.insert(punched.end(), stored.begin(), stored.end());
    return {};
  }
};

// A file store that can be told to fail.
class FragileStore final : public SegmentStore {
 public:
  explicit FragileStore(SegmentStore& inner) : inner_(inner) {}
  std::optional<Error> remove_fails;

  Result<void> put(const std::string& name, ObjectBytes& content) override { return inner_.put(name, content); }
  Result<std::unique_ptr<ObjectBytes>> open(const std::string& name) override { return inner_.open(name); }
  Result<void> remove(const std::string& name) override {
    if (remove_fails) return *remove_fails;
    return inner_.remove(name);
  }
  Result<std::vector<std::string>> list() override { return inner_.list(); }
  Result<std::vector<std::string>> list_folder(const std::string& folder) override {
    return inner_.list_folder(folder);
  }

 private:
  SegmentStore& inner_;
};

struct RecordedCall {
  CallId call;
  RecordingId recording;
  std::vector<SubjectId> subjects;
  std::vector<ParticipantId> participants;
  std::vector<LegRow> legs;
  std::vector<SegmentRow> segments;  // by leg, then number
  KeyId call_key;
};

struct RecordSpec {
  std::string policy = "all-party";
  std::string tenant = "default";
  std::vector<std::string> subjects = {"customer-1", "agent-1"};  // one participant and one leg each
  std::vector<std::string> labels = {"customer", "agent"};
  std::vector<std::size_t> legs_with_audio = {0, 1};
  int segments = 2;
  int packets = 5;  // a segment: 20 ms of PCMU each, every byte packet_byte(leg, segment, packet)
  CallState state = CallState::ended;
  std::vector<AudioUse> uses = {};  // of each leg's segments, in their order; what is missing is recording
  std::optional<ErasureScope> erasure = std::nullopt;  // none: by the policy
  std::vector<std::string> on_file = {};               // labels of those who guard nothing
};

inline std::uint8_t packet_byte(std::size_t leg, int segment, int packet) {
  return static_cast<std::uint8_t>(leg * 100 + static_cast<std::size_t>(segment * 10 + packet));
}
// All payload bytes of one leg of a recorded call.
std::string leg_bytes(const RecordSpec& spec, std::size_t leg);

class ControlRig {
 public:
  ControlRig();

  static constexpr WallTime kStart{1790000000s + 123ms};

  StateFolder folder;
  std::unique_ptr<SqliteCatalog> catalog;
  std::unique_ptr<CatalogWriter> writer;
  FileRootKey root;
  KeyRing keys;
  std::unique_ptr<FileStore> files;
  FragileStore store;
  FakeRenderer renderer;
  FakeJournal journal;
  std::unique_ptr<TokenStore> tokens;
  std::string admin_token;
  RecordingService recordings;
  HoldQueue hold_queue;
  Erasures erasures;
  std::optional<ReceiptTerms> receipt_terms;
  ReceiptDesk receipts;
  FakeCalls calls;
  FakeStatus status;
  PurposeRegistry purposes;
  StandingConsents standing;
  OnWithdraw on_withdraw = OnWithdraw::keep;
  std::vector<std::pair<ErasureId, CallId>> erasures_begun;
  Withdrawals withdrawals;
  std::optional<Error> legs_stay;  // what is stored of erased legs cannot be removed
  std::optional<PersonErasures> person_erasures;
  std::size_t freed = 0;  // times that a hold ended
  Holds holds;
  std::optional<KeyRotation> key_rotation;
  Registers registers;
  std::optional<Disclosures> disclosures;
  OverloadState overload;
  WebhookSources webhooks;
  WebhookSources processor_keys;
  ProcessorDesk processors;
  WallTime wall = kStart;  // what the API reads
  Api api;

  // A finished call with its people, consents to come, and sealed segments in the store.
  RecordedCall record_call(const RecordSpec& spec = {});
  // The same, and everybody in it agreed to "quality".
  RecordedCall record_agreed(const RecordSpec& spec = {});
  void consent(const RecordedCall& call, std::size_t who, const std::string& purpose, const std::string& decision,
               std::optional<WallTime> until = std::nullopt, const std::string& said = {});
  void consent_all(const RecordedCall& call, const std::string& purpose);

  std::string token_for(Role role);  // of the id "the-<role>"
  // One request with a role's token, or with none.
  HttpResponse ask(const std::string& method, const std::string& target, const std::string& body = {},
                   const std::optional<Role>& role = Role::admin,
                   const std::map<std::string, std::string>& headers = {});

  // What begins what waited for a hold.
  HeldErasures held_erasures();

  // As the leg eraser does for a call's open erasures.
  Result<void> remove_legs(CallId call);
  // A first key for the ledger, or the next one.
  void start_ledger_key();

  std::vector<LedgerRow> ledger();
  std::vector<std::string> ledger_kinds();

  // As at a start; on their own they do what failed again after `retry`.
  void start_person_erasures(milliseconds retry = 50ms);
  void start_disclosures();
  void start_key_rotation(std::optional<nanoseconds> every = std::nullopt,
                          const std::function<Now()>& clock = read_clocks);

 private:
  Disclosures::Parts disclosure_parts();
  PersonErasures::Parts person_erasure_parts(milliseconds retry);
  SegmentRow seal_segment(const RecordedCall& call, const LegRow& leg, int number, const RecordSpec& spec);
};

// Reads a stream to its end; the error's sentence in `failed` when it breaks.
std::string read_stream(BodyStream& stream, std::string* failed = nullptr);

}  // namespace assent
