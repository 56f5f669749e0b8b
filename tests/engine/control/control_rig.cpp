#include "control_rig.h"

#include <fstream>
#include <set>
#include <sstream>

#include "codecs/matroska/block_writer.h"
#include "crypto/message.h"
#include "engine/catalog/erasure_record.h"
#include "engine/catalog/ledger_keys.h"
#include "engine/catalog/person_fields.h"
#include "engine/catalog/said.h"
#include "engine/control/request_target.h"
#include "engine/store/segment_context.h"

namespace assent {

// ---- the made up ones -----------------------------------------------------------------------------------------------

Result<CallView> FakeCalls::answer(std::string what) {
  asked.push_back(std::move(what));
  if (fails) return *fails;
  return view;
}
Result<CallView> FakeCalls::create_call(const CallSpec& spec, const Caller& caller) {
  last_call = spec;
  during_create();
  return answer("create " + spec.ref + " by " + caller.token_id);
}
Result<std::vector<CallView>> FakeCalls::calls() {
  auto one = answer("list");
  if (!one) return one.error();
  return std::vector<CallView>{*one};
}
Result<CallView> FakeCalls::call(CallId id) {
  if (id != view.id) return error(Errc::not_found, "there is no live call with this id");
  return answer("show");
}
Result<CallId> FakeCalls::find_call(const std::string& id_or_ref, const std::optional<std::string>& tenant) {
  const bool is_it = id_or_ref == view.ref || id_or_ref == to_text(view.id);
  if (!is_it || (tenant && *tenant != view.tenant)) return error(Errc::not_found, "no such call is in progress");
  return view.id;
}
Result<std::vector<ConsentRecordView>> FakeCalls::decide(CallId id, const ConsentSpec& spec, const Caller& caller) {
  if (id != view.id) return error(Errc::not_found, "no such call is in progress");
  last_consent = spec;
  last_caller = caller;
  auto answered = answer("decide " + spec.decision + " by " + caller.token_id);
  if (!answered) return answered.error();
  return records;
}
Result<CallView> FakeCalls::pause(CallId, const std::string& reason, const Caller&) {
  return answer("pause " + reason);
}
Result<CallView> FakeCalls::resume(CallId, const std::string& reason, const Caller&) {
  return answer("resume " + reason);
}
Result<CallView> FakeCalls::change_legs(CallId, const LegsSpec& spec, const Caller&) {
  return answer("legs " + std::to_string(spec.legs.size()));
}
Result<EndedCall> FakeCalls::end_call(CallId, const Caller& caller) {
  auto answered = answer("end by " + caller.token_id);
  if (!answered) return answered.error();
  return ended;
}

Result<void> FakeCalls::withdraw_standing(StandingId standing, const Caller& caller) {
  auto answered = answer("withdraw standing " + to_text(standing) + " by " + caller.token_id);
  if (!answered) return answered.error();
  return {};
}

Result<BodyStream> FakeRenderer::payloads(RenderSpec spec) {
  start = spec.start;
  end = spec.end;
  rate_hz = spec.rate_hz;
  struct State {
    RenderSpec spec;
    std::size_t leg = 0;
  };
  auto state = std::make_shared<State>(State{std::move(spec), 0});
  return BodyStream{[state](ByteSpan out) -> Result<std::size_t> {
                      while (state->leg < state->spec.legs.size()) {
                        auto packet = state->spec.legs[state->leg]->next();
                        if (!packet) return packet.error();
                        if (!*packet) {
                          ++state->leg;
                          continue;
                        }
                        std::copy((*packet)->payload.begin(), (*packet)->payload.end(), out.begin());
                        return (*packet)->payload.size();
                      }
                      return std::size_t{0};
                    },
                    std::nullopt};
}

Result<std::vector<std::vector<SamplePeak>>> FakeRenderer::peaks(RenderSpec spec, std::size_t buckets) {
  std::vector<std::vector<SamplePeak>> rows;
  for (auto& leg : spec.legs) {
    std::int16_t packets = 0;
    for (auto packet = must(leg->next()); packet; packet = must(leg->next())) ++packets;
    rows.emplace_back(buckets, SamplePeak{static_cast<std::int16_t>(-packets), packets});
  }
  return rows;
}

// ---- the rig --------------------------------------------------------------------------------------------------------

namespace {

std::string first_line(const std::filesystem::path& path) {
  std::string line;
  std::ifstream file(path);
  std::getline(file, line);
  return line;
}

}  // namespace

ControlRig::ControlRig()
    : catalog(must(SqliteCatalog::open(folder.path))),
      writer(std::make_unique<CatalogWriter>(*catalog)),
      root(must(FileRootKey::create(folder.path / "root.key"))),
      keys(*catalog, root),
      files(must(FileStore::open(folder.disk, folder.path / "segments"))),
      store(*files),
      tokens(must(TokenStore::open(folder.disk, folder.path, kStart))),
      admin_token(first_line(folder.path / "admin.token")),
      recordings({*catalog, *writer, keys, store, renderer}),
      hold_queue(*catalog, *writer,
                 [this](const ErasureRow& row, const Caller& caller) {
                   return withdraw_for_erasure(*catalog, withdrawals, row, caller);
                 }),
      erasures({*catalog, *writer, keys, store, journal, hold_queue,
                [this](RecordingId id) { recordings.cut_streams(id); }}),
      receipts({*catalog, [this] { return catalog->seal(); }, [this] { return receipt_terms; },
                [this] { return catalog->ledger_keys(); }}),
      purposes(must(PurposeRegistry::create({"quality", "training"}))),
      standing({*catalog, *writer, keys, purposes, calls}),
      withdrawals({*catalog, *writer, keys, purposes, calls, standing, recordings,
                   [this](const CallRow&) { return on_withdraw; },
                   [this](ErasureId erasure, CallId call) { erasures_begun.emplace_back(erasure, call); },
                   [](CallId) { return Result<void>(); }, read_clocks, 50ms}),
      person_erasures(std::in_place, person_erasure_parts(50ms)),
      holds({*catalog, *writer, standing, [this] { ++freed; },
             [this] {
               return Now{read_mono(), wall};
             }}),
      key_rotation(std::in_place,
                   KeyRotation::Parts{*catalog, *writer, keys, root, {}, [](const std::string&) {}, read_clocks, 50ms}),
      registers({*catalog, *writer, purposes}),
      disclosures(std::in_place, disclosure_parts()),
      processors({*catalog, *writer, processor_keys, [] { return std::vector<DeliveryCounts>(); },
                  [this] {
                    return Now{read_mono(), wall};
                  }}),
      api({calls, status, recordings, erasures, *person_erasures, holds, *key_rotation, receipts, standing, withdrawals,
           registers, *catalog, *tokens, overload, webhooks, processors, *disclosures, [this] {
             return Now{read_mono(), wall};
           }}) {
  must(disclosures->resume());
  calls.view.id = new_id<CallId>(kStart);
  calls.view.ref = "call-7";
  calls.view.tenant = "default";
  calls.view.state = "live";
  calls.view.policy = "all-party";
  calls.view.created = kStart;
}

RecordedCall ControlRig::record_call(const RecordSpec& spec) {
  std::vector<Booking> bookings;
  People people(*catalog, keys);
  const Tenant tenant = must(people.tenant_or_new(spec.tenant, kStart, bookings));
  std::vector<Subject> subjects;
  std::vector<OpenKey> guards;
  const ErasureScope scope = spec.erasure.value_or(spec.policy == "all-party" ? ErasureScope::call : ErasureScope::leg);
  for (std::size_t i = 0; i < spec.subjects.size(); ++i) {
    subjects.push_back(must(people.subject_or_new(tenant, spec.subjects[i], kStart, bookings)));
    const bool acts = std::find(spec.on_file.begin(), spec.on_file.end(), spec.labels[i]) == spec.on_file.end();
    if (scope == ErasureScope::call && acts) guards.push_back(subjects.back().key);
  }
  const OpenKey call_key = must(keys.make(KeyKind::call, tenant.key, bookings, guards));
  RecordedCall recorded;
  recorded.call = new_id<CallId>(kStart);
  recorded.recording = new_id<RecordingId>(kStart);
  recorded.call_key = call_key.id;
  bookings.emplace_back(booking::AddCall{{recorded.call,
                                          tenant.id,
                                          call_key.id,
                                          spec.policy,
                                          seal_call_ref(*call_key.key, recorded.call, "the-ref"),
                                          R"({"id":"n1","version":"1","language":"en","hash":""})",
                                          kStart,
                                          std::nullopt,
                                          CallState::live,
                                          {},
                                          scope}});
  for (std::size_t i = 0; i < spec.subjects.size(); ++i) {
    const Subject& subject = subjects[i];
    const OpenKey fields_key = must(keys.make(KeyKind::participant, subject.key, bookings));
    const auto participant = new_id<ParticipantId>(kStart);
    bookings.emplace_back(
        booking::AddParticipant{{participant, recorded.call, subject.id, "role-" + spec.labels[i],
                                 must(seal_participant(*fields_key.key, participant,
                                                       {spec.labels[i], "Name of " + spec.labels[i], std::nullopt})),
                                 fields_key.id}});
    std::vector<OpenKey> others = guards;
    std::erase_if(others, [&](const OpenKey& guard) { return guard.id == subject.key.id; });
    const OpenKey leg_key = must(keys.make(KeyKind::leg, subject.key, bookings, others));
    LegRow leg{new_id<LegId>(kStart), recorded.call, participant, static_cast<int>(i), {}, leg_key.id, "PCMU/8000", ""};
    leg.sealed_label = seal_leg_label(*call_key.key, leg.id, spec.labels[i]);
    bookings.emplace_back(booking::AddLeg{leg});
    recorded.subjects.push_back(subject.id);
    recorded.participants.push_back(participant);
    recorded.legs.push_back(std::move(leg));
  }
  bookings.emplace_back(booking::OpenRecording{
      {recorded.recording, recorded.call, tenant.id, RecordingState::open, kStart, std::nullopt, ""}});
  must(writer->book_and_wait(std::move(bookings)));

  bookings.clear();
  for (const std::size_t leg : spec.legs_with_audio) {
    for (int number = 1; number <= spec.segments; ++number) {
      recorded.segments.push_back(seal_segment(recorded, recorded.legs[leg], number, spec));
      bookings.emplace_back(booking::AddSegment{recorded.segments.back()});
    }
  }
  if (spec.state != CallState::live) {
    bookings.emplace_back(booking::EndCall{recorded.call, kStart + 10s, spec.state});
    bookings.emplace_back(booking::CloseRecording{recorded.recording, kStart + 10s, RecordingState::complete, ""});
  }
  must(writer->book_and_wait(std::move(bookings)));
  return recorded;
}

PersonErasures::Parts ControlRig::person_erasure_parts(milliseconds retry) {
  return {*catalog,
          *writer,
          keys,
          standing,
          hold_queue,
          [this] { recordings.review_streams(); },
          [](ErasureId, CallId) {},
          [this](CallId call) { return remove_legs(call); },
          [](const std::string&) {},
          read_clocks,
          retry,
          [this](std::span<const SubjectRow> people) { return disclosures->forget(people); }};
}

Disclosures::Parts ControlRig::disclosure_parts() {
  return {*catalog,
          *writer,
          keys,
          store,
          renderer,
          receipts,
          standing,
          folder.disk,
          folder.path / "exports",
          [](const std::string&) {}};
}

void ControlRig::start_disclosures() {
  disclosures.emplace(disclosure_parts());
  must(disclosures->resume());
}

HeldErasures ControlRig::held_erasures() {
  return HeldErasures({*catalog, *writer, keys, hold_queue, erasures, *person_erasures,
                       [this](ErasureId erasure, CallId call) { erasures_begun.emplace_back(erasure, call); },
                       [](const std::string&) {}});
}

void ControlRig::start_key_rotation(std::optional<nanoseconds> every, const std::function<Now()>& clock) {
  key_rotation.emplace(
      KeyRotation::Parts{*catalog, *writer, keys, root, every, [](const std::string&) {}, clock, 50ms, 10ms});
}

void ControlRig::start_person_erasures(milliseconds retry) { person_erasures.emplace(person_erasure_parts(retry)); }

Result<void> ControlRig::remove_legs(CallId call) {
  if (legs_stay) return {};  // it gives up, and the erasure stays open
  std::vector<Booking> bookings;
  std::set<LegId> gone;
  for (const LegRow& leg : must(catalog->legs(call))) {
    if (!must(catalog->key(leg.key))) gone.insert(leg.id);
  }
  for (const SegmentRow& segment : must(catalog->segments(must(catalog->recording_of(call))->id))) {
    if (!gone.contains(segment.leg)) continue;
    must(files->remove(segment.object));
    bookings.emplace_back(booking::RemoveSegment{segment.id});
  }
  const std::size_t objects = bookings.size();
  for (ErasureRow& row : must(catalog->unfinished_erasures())) {
    if (row.target_kind != "legs" || row.target_id != to_text(call)) continue;
    row.done = kStart;
    const std::vector<ErasureConfirmation> confirmed{{"catalog", kStart}, {"journal", kStart}, {"store", kStart}};
    must(close_erasure(*catalog, {row, call, confirmed, objects}, bookings));
  }
  if (bookings.empty()) return {};
  return writer->book_and_wait(std::move(bookings));
}

SegmentRow ControlRig::seal_segment(const RecordedCall& call, const LegRow& leg, int number, const RecordSpec& spec) {
  const WallTime start = kStart + spec.packets * 20ms * (number - 1);
  const WallTime ended = start + spec.packets * 20ms;
  const auto place = static_cast<std::size_t>(number) - 1;
  const SegmentIdentity identity{call.call,
                                 new_id<ConsentId>(kStart),
                                 leg.id,
                                 call.recording,
                                 new_id<SegmentId>(start),
                                 static_cast<std::uint32_t>(number),
                                 {},
                                 place < spec.uses.size() ? spec.uses[place] : AudioUse::recording};
  const OpenKey key = must(keys.open(leg.key));
  const auto sealer = must(SegmentSealer::create(*key.key, key.id, context_of(identity)));
  FrameCipher cipher;
  Bytes object(sealer.header().begin(), sealer.header().end());
  std::array<std::uint8_t, limits::kFrameBytes> plain{};
  std::array<std::uint8_t, limits::kPageBytes> page{};
  matroska::write_head_block(plain, {identity.segment, leg.id, start, Codec{}, "assent", "assent"});
  sealer.seal_frame(cipher, 1, plain, page);
  append(object, page);
  auto cluster = matroska::ClusterWriter::begin(plain, start);
  for (int packet = 0; packet < spec.packets; ++packet) {
    const Bytes payload(160, packet_byte(static_cast<std::size_t>(leg.index), number, packet));
    cluster.append(payload, start + packet * 20ms);
  }
  cluster.finish();
  matroska::patch_timestamp(plain, 0ms);
  sealer.seal_frame(cipher, 2, plain, page);
  append(object, page);
  std::array<std::uint8_t, limits::kFinalFrameBytes> tags{};
  const std::size_t tags_bytes = matroska::write_tags(tags, {});
  const std::size_t final_bytes = sealer.seal_final(cipher, 3, ByteView(tags).first(tags_bytes), page);
  append(object, ByteView(page).first(final_bytes));
  const std::string name = object_name({start, call.call, leg.id, identity.number});
  ObjectInMemory content(object);
  must(files->put(name, content));
  return {identity.segment,     call.recording, call.call, leg.id, identity.number, name,
          SegmentState::stored, object.size(),  3,         start,  ended,           false,
          identity.use};
}

RecordedCall ControlRig::record_agreed(const RecordSpec& spec) {
  RecordedCall call = record_call(spec);
  consent_all(call, "quality");
  return call;
}

void ControlRig::consent(const RecordedCall& call, std::size_t who, const std::string& purpose,
                         const std::string& decision, std::optional<WallTime> until, const std::string& said) {
  ConsentRow row;
  row.id = new_id<ConsentId>(kStart);
  row.call = call.call;
  row.participant = call.participants.at(who);
  row.purpose = purpose;
  row.decision = decision;
  row.signal_type = "api";
  row.origin = "test";
  row.at = kStart;
  row.valid_until = until;
  const ParticipantRow participant = must(catalog->participants(call.call)).at(who);
  if (!said.empty()) seal_said(*must(keys.open(participant.key)).key, said, row);
  must(writer->book_and_wait({booking::AddConsent{row}}));
}

void ControlRig::consent_all(const RecordedCall& call, const std::string& purpose) {
  for (std::size_t who = 0; who < call.participants.size(); ++who) consent(call, who, purpose, "granted");
}

std::string ControlRig::token_for(Role role) {
  if (role == Role::admin) return admin_token;
  const std::string id = "the-" + std::string(name_of(role));
  (void)tokens->remove(id);
  return must(tokens->add(id, role, kStart));
}

HttpResponse ControlRig::ask(const std::string& method, const std::string& target, const std::string& body,
                             const std::optional<Role>& role, const std::map<std::string, std::string>& headers) {
  const auto parsed = must(parse_target(target));
  HttpRequest request{method, parsed.path, parsed.query, headers, body, {}};
  if (role) request.headers["authorization"] = "Bearer " + token_for(*role);
  return api.handle(request);
}

void ControlRig::start_ledger_key() {
  const auto before = catalog->seal();
  if (before == nullptr) catalog->seal_ledger({nullptr, limits::kCheckpointRecords});
  std::vector<Booking> bookings;
  const OpenKey epoch = must(keys.epoch(bookings));
  (void)must(assent::start_ledger_key(keys, epoch, before, kStart, bookings));
  must(writer->book_and_wait(std::move(bookings)));
}

std::vector<LedgerRow> ControlRig::ledger() { return must(catalog->ledger({})); }

std::vector<std::string> ControlRig::ledger_kinds() {
  std::vector<std::string> kinds;
  for (const LedgerRow& row : ledger()) kinds.push_back(row.kind);
  return kinds;
}

std::string leg_bytes(const RecordSpec& spec, std::size_t leg) {
  std::string bytes;
  for (int segment = 1; segment <= spec.segments; ++segment) {
    for (int packet = 0; packet < spec.packets; ++packet) {
      bytes += std::string(160, static_cast<char>(packet_byte(leg, segment, packet)));
    }
  }
  return bytes;
}

std::string read_stream(BodyStream& stream, std::string* failed) {
  std::string text;
  Bytes chunk(8192);
  for (;;) {
    const auto got = stream.pull(chunk);
    if (!got) {
      if (failed == nullptr) FAIL(got.error().what);
      *failed = got.error().what;
      return text;
    }
    if (*got == 0) return text;
    text += text_of(ByteView(chunk).first(*got));
  }
}

}  // namespace assent
