#include "engine/catalog/sqlite_catalog.h"

#include "catalog_rows.h"

using namespace assent;
using namespace assent::test;

namespace {

// What must not have happened.
void check_error(const Result<void>& result, Errc code) {
  REQUIRE_FALSE(result);
  INFO(result.error().what);
  CHECK(result.error().code == code);
}

}  // namespace

TEST_CASE("keys, tenants and subjects come back as they were booked") {
  const TempFolder folder;
  const auto catalog = open_catalog(folder);
  const CallRows rows;
  REQUIRE_OK(catalog->book(rows.people_bookings()));

  const auto key = *catalog->key(rows.tenant_key.id);
  REQUIRE(key);
  CHECK(key->kind == KeyKind::tenant);
  CHECK(key->parent == rows.epoch_key.id);
  CHECK(key->wrapped == rows.tenant_key.wrapped);
  CHECK(catalog->keys_of_kind(KeyKind::subject)->size() == 2);
  CHECK_FALSE(catalog->key(new_id<KeyId>(at_ms(0)))->has_value());

  const auto tenant = *catalog->tenant("default");
  REQUIRE(tenant);
  CHECK(tenant->id == rows.tenant.id);
  CHECK(tenant->key == rows.tenant_key.id);
  CHECK((*catalog->tenant(rows.tenant.id))->name == "default");
  CHECK_FALSE(catalog->tenant("other")->has_value());

  const auto subject = *catalog->subject(rows.tenant.id, rows.subjects[1].blind_index);
  REQUIRE(subject);
  CHECK(subject->id == rows.subjects[1].id);
  CHECK(subject->sealed_ref == rows.subjects[1].sealed_ref);
  CHECK((*catalog->subject(rows.subjects[0].id))->key == rows.subject_keys[0].id);
}

TEST_CASE("a call, its participants and its legs come back in order") {
  const TempFolder folder;
  const auto catalog = open_catalog(folder);
  const CallRows rows;
  rows.book_all(*catalog);

  const auto call = *catalog->call(rows.call.id);
  REQUIRE(call);
  CHECK(call->tenant == rows.tenant.id);
  CHECK(call->key == rows.call_key.id);
  CHECK(call->policy == "all-party");
  CHECK(call->sealed_ref == rows.call.sealed_ref);
  CHECK(call->notice_json == rows.call.notice_json);
  CHECK(call->created == rows.call.created);
  CHECK_FALSE(call->ended);
  CHECK(call->state == CallState::live);

  const auto participants = *catalog->participants(rows.call.id);
  REQUIRE(participants.size() == 2);
  CHECK(participants[0].role == "customer");
  CHECK(participants[1].role == "agent");
  CHECK(participants[0].subject == rows.subjects[0].id);
  CHECK(participants[0].sealed == rows.participants[0].sealed);

  const auto legs = *catalog->legs(rows.call.id);
  REQUIRE(legs.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(legs[i].id == rows.legs[i].id);
    CHECK(legs[i].participant == rows.participants[i].id);
    CHECK(legs[i].index == static_cast<int>(i));
    CHECK(legs[i].sealed_label == rows.legs[i].sealed_label);
    CHECK(legs[i].key == rows.leg_keys[i].id);
    CHECK(legs[i].codec == "PCMU/8000/1");
  }
}

TEST_CASE("a call that ends is no longer among the live ones") {
  const TempFolder folder;
  const auto catalog = open_catalog(folder);
  const CallRows rows;
  rows.book_all(*catalog);
  CHECK(catalog->calls_in_state(CallState::live)->size() == 1);
  REQUIRE_OK(catalog->book(std::vector<Booking>{booking::EndCall{rows.call.id, at_ms(99), CallState::interrupted}}));
  CHECK(catalog->calls_in_state(CallState::live)->empty());
  const auto interrupted = *catalog->calls_in_state(CallState::interrupted);
  REQUIRE(interrupted.size() == 1);
  CHECK(interrupted[0].ended == at_ms(99));
}

TEST_CASE("a leg's codec and counts can be set") {
  const TempFolder folder;
  const auto catalog = open_catalog(folder);
  const CallRows rows;
  rows.book_all(*catalog);
  REQUIRE_OK(catalog->book(std::vector<Booking>{booking::SetLegCodec{rows.legs[1].id, "PCMA/8000/1"},
                                                booking::SetLegCounts{rows.legs[1].id, R"({"received":5})"}}));
  const auto legs = *catalog->legs(rows.call.id);
  CHECK(legs[0].codec == "PCMU/8000/1");
  CHECK(legs[1].codec == "PCMA/8000/1");
  CHECK(legs[1].counts_json == R"({"received":5})");
}

TEST_CASE("consents come back oldest first, each with a ledger record that verifies") {
  const TempFolder folder;
  const auto catalog = open_catalog(folder);
  const CallRows rows;
  rows.book_all(*catalog);
  const ConsentRow granted = rows.consent(0, "granted");
  const ConsentRow withdrawn = rows.consent(0, "withdrawn");
  REQUIRE_OK(catalog->book(std::vector<Booking>{booking::AddConsent{granted}}));
  REQUIRE_OK(catalog->book(std::vector<Booking>{booking::AddConsent{withdrawn}}));

  const auto consents = *catalog->consents(rows.call.id);
  REQUIRE(consents.size() == 2);
  CHECK(consents[0].id == granted.id);
  CHECK(consents[1].id == withdrawn.id);
  CHECK(consents[1].decision == "withdrawn");
  CHECK(consents[0].participant == rows.participants[0].id);
  CHECK(consents[0].purpose == "quality");
  CHECK(consents[0].signal_type == "dtmf");
  CHECK(consents[0].signal_value == "1");
  CHECK(consents[0].notice_json == granted.notice_json);
  CHECK(consents[0].origin == granted.origin);
  CHECK(consents[0].at == granted.at);
  CHECK(consents[0].media_time == granted.media_time);
  CHECK(consents[0].preroll_ms == 1500);
  CHECK(consents[0].evidence_ms == 2500);

  const auto ledger = *catalog->ledger({});
  REQUIRE(ledger.size() == 2);
  CHECK(ledger[0].kind == "consent");
  CHECK(ledger[0].call == rows.call.id);
  CHECK(ledger[0].body_json.find(to_text(granted.id)) != std::string::npos);
  CHECK(catalog->verify_ledger()->head.seq == 2);
}

TEST_CASE("a call has one recording: opening it again changes nothing") {
  const TempFolder folder;
  const auto catalog = open_catalog(folder);
  const CallRows rows;
  rows.book_all(*catalog);
  RecordingRow second = rows.recording;
  second.id = new_id<RecordingId>(at_ms(7));
  REQUIRE_OK(catalog->book(std::vector<Booking>{booking::OpenRecording{second}}));
  const auto recording = *catalog->recording_of(rows.call.id);
  REQUIRE(recording);
  CHECK(recording->id == rows.recording.id);
  CHECK_FALSE(catalog->recording(second.id)->has_value());
}

TEST_CASE("a recording closes with its state and what was lost") {
  const TempFolder folder;
  const auto catalog = open_catalog(folder);
  const CallRows rows;
  rows.book_all(*catalog);
  REQUIRE_OK(catalog->book(std::vector<Booking>{
      booking::CloseRecording{rows.recording.id, at_ms(9), RecordingState::recovered, R"({"lost_ms":250})"}}));
  const auto recording = *catalog->recording(rows.recording.id);
  REQUIRE(recording);
  CHECK(recording->state == RecordingState::recovered);
  CHECK(recording->ended == at_ms(9));
  CHECK(recording->lost_json == R"({"lost_ms":250})");
  CHECK(recording->started == rows.recording.started);
  CHECK(recording->tenant == rows.tenant.id);
}

TEST_CASE("a recording whose call goes on is open again, unless it has been erased") {
  const TempFolder folder;
  const auto catalog = open_catalog(folder);
  const CallRows rows;
  rows.book_all(*catalog);
  const std::string lost = R"({"interruptions":[{}]})";
  REQUIRE_OK(catalog->book(
      std::vector<Booking>{booking::CloseRecording{rows.recording.id, at_ms(9), RecordingState::recovered, "{}"}}));
  REQUIRE_OK(catalog->book(std::vector<Booking>{booking::ReopenRecording{rows.recording.id, lost}}));
  auto recording = *catalog->recording(rows.recording.id);
  CHECK(recording->state == RecordingState::open);
  CHECK_FALSE(recording->ended);
  CHECK(recording->lost_json == lost);

  REQUIRE_OK(catalog->book(std::vector<Booking>{booking::EraseRecording{rows.recording.id, at_ms(10)}}));
  REQUIRE_OK(catalog->book(std::vector<Booking>{booking::ReopenRecording{rows.recording.id, "{}"}}));
  recording = *catalog->recording(rows.recording.id);
  CHECK(recording->state == RecordingState::erased);
  CHECK(recording->lost_json == lost);
  CHECK(catalog->book(std::vector<Booking>{booking::ReopenRecording{new_id<RecordingId>(at_ms(1)), ""}}).error().code ==
        Errc::not_found);
}

TEST_CASE("how a leg is heard is kept while its call is live, and its terms for as long as the call's recording") {
  const TempFolder folder;
  const auto catalog = open_catalog(folder);
  const CallRows rows;
  rows.book_all(*catalog);
  CHECK((*catalog->call(rows.call.id))->sealed_settings == rows.call.sealed_settings);
  CHECK((*catalog->legs(rows.call.id))[0].sealed_media == rows.legs[0].sealed_media);
  const Bytes moved = random_body(70);
  REQUIRE_OK(catalog->book(std::vector<Booking>{booking::SetLegMedia{rows.legs[0].id, moved}}));
  CHECK((*catalog->legs(rows.call.id))[0].sealed_media == moved);

  REQUIRE_OK(catalog->book(std::vector<Booking>{booking::EndCall{rows.call.id, at_ms(99), CallState::ended}}));
  CHECK((*catalog->legs(rows.call.id))[0].sealed_media.empty());
  CHECK((*catalog->call(rows.call.id))->sealed_settings == rows.call.sealed_settings);
  REQUIRE_OK(catalog->book(std::vector<Booking>{booking::EraseRecording{rows.recording.id, at_ms(100)}}));
  CHECK((*catalog->call(rows.call.id))->sealed_settings.empty());
}

TEST_CASE("segments come back by leg and number, and settling one again replaces it") {
  const TempFolder folder;
  const auto catalog = open_catalog(folder);
  const CallRows rows;
  rows.book_all(*catalog);
  const SegmentRow right = rows.segment(1, 1);
  SegmentRow left2 = rows.segment(0, 2);
  const SegmentRow left1 = rows.segment(0, 1);
  REQUIRE_OK(catalog->book(
      std::vector<Booking>{booking::AddSegment{right}, booking::AddSegment{left2}, booking::AddSegment{left1}}));
  left2.state = SegmentState::quarantined;
  left2.salvaged = true;
  left2.size_bytes = std::uint64_t{1} << 40;
  REQUIRE_OK(catalog->book(std::vector<Booking>{booking::AddSegment{left2}}));

  const auto segments = *catalog->segments(rows.recording.id);
  REQUIRE(segments.size() == 3);
  CHECK(segments[0].id == left1.id);
  CHECK(segments[1].id == left2.id);
  CHECK(segments[2].id == right.id);
  CHECK(segments[1].state == SegmentState::quarantined);
  CHECK(segments[1].salvaged);
  CHECK(segments[1].size_bytes == left2.size_bytes);
  const auto found = *catalog->segment(right.id);
  REQUIRE(found);
  CHECK(found->object == right.object);
  CHECK(found->frames == 31);
  CHECK(found->started == right.started);
  CHECK(found->ended == right.ended);

  REQUIRE_OK(catalog->book(std::vector<Booking>{booking::RemoveSegment{left1.id}, booking::RemoveSegment{left1.id}}));
  CHECK(catalog->segments(rows.recording.id)->size() == 2);
}

TEST_CASE("notes and erasures come back as they were booked") {
  const TempFolder folder;
  const auto catalog = open_catalog(folder);
  const CallRows rows;
  rows.book_all(*catalog);
  const NoteRow note = rows.note();
  const ErasureRow erasure{new_id<ErasureId>(at_ms(8)), "recording", to_text(rows.recording.id), at_ms(8), {}, "[]"};
  REQUIRE_OK(catalog->book(std::vector<Booking>{booking::AddNote{note}, booking::StartErasure{erasure}}));

  const auto notes = *catalog->notes(rows.call.id);
  REQUIRE(notes.size() == 1);
  CHECK(notes[0].author == "token-7");
  CHECK(notes[0].at == at_ms(6));
  CHECK(notes[0].sealed_text == note.sealed_text);

  REQUIRE(catalog->unfinished_erasures()->size() == 1);
  REQUIRE_OK(catalog->book(std::vector<Booking>{booking::UpdateErasure{erasure.id, R"([{"step":"keys"}])", {}}}));
  CHECK(catalog->unfinished_erasures()->size() == 1);
  REQUIRE_OK(catalog->book(std::vector<Booking>{booking::UpdateErasure{erasure.id, "[]", at_ms(9)}}));
  CHECK(catalog->unfinished_erasures()->empty());
  const auto done = *catalog->erasure(erasure.id);
  REQUIRE(done);
  CHECK(done->target_id == to_text(rows.recording.id));
  CHECK(done->requested == at_ms(8));
  CHECK(done->done == at_ms(9));
}

TEST_CASE("a booking that is refused takes the whole span with it") {
  const TempFolder folder;
  const auto catalog = open_catalog(folder);
  const CallRows rows;
  rows.book_all(*catalog);
  REQUIRE_OK(catalog->book(std::vector<Booking>{booking::AddConsent{rows.consent(0, "granted")}}));

  const ConsentRow consent = rows.consent(1, "granted");
  const SegmentRow segment = rows.segment(0, 1);
  const std::vector<Booking> span{booking::AddConsent{consent},
                                  booking::AddSegment{segment},
                                  booking::DestroyKey{rows.leg_keys[0].id},
                                  booking::EraseRecording{rows.recording.id, at_ms(9)},
                                  booking::EndCall{rows.call.id, at_ms(9), CallState::ended},
                                  booking::AddTenant{rows.tenant}};
  check_error(catalog->book(span), Errc::conflict);
  CHECK(catalog->consents(rows.call.id)->size() == 1);
  CHECK(catalog->segments(rows.recording.id)->empty());
  CHECK((*catalog->key(rows.leg_keys[0].id))->wrapped == rows.leg_keys[0].wrapped);
  CHECK((*catalog->recording(rows.recording.id))->state == RecordingState::open);
  CHECK((*catalog->call(rows.call.id))->state == CallState::live);
  CHECK((*catalog->call(rows.call.id))->sealed_ref == rows.call.sealed_ref);
  CHECK(catalog->verify_ledger()->head.seq == 1);

  // And the next one is as if nothing had been.
  REQUIRE_OK(catalog->book(std::vector<Booking>{booking::AddConsent{consent}}));
  CHECK(catalog->verify_ledger()->head.seq == 2);
}

TEST_CASE("what is already there is a conflict") {
  const TempFolder folder;
  const auto catalog = open_catalog(folder);
  const CallRows rows;
  rows.book_all(*catalog);
  SubjectRow twin = rows.subjects[0];
  twin.id = new_id<SubjectId>(at_ms(9));
  TenantRow same_name = rows.tenant;
  same_name.id = new_id<TenantId>(at_ms(9));
  for (const Booking& again : std::vector<Booking>{
           booking::AddKey{rows.tenant_key}, booking::AddTenant{same_name}, booking::AddSubject{twin},
           booking::AddCall{rows.call}, booking::AddParticipant{rows.participants[0]}, booking::AddLeg{rows.legs[0]}}) {
    CAPTURE(again.index());
    check_error(catalog->book({&again, 1}), Errc::conflict);
  }
}

TEST_CASE("a row that refers to nothing is refused") {
  const TempFolder folder;
  const auto catalog = open_catalog(folder);
  const CallRows rows;
  rows.book_all(*catalog);
  const CallRows stranger;
  for (const Booking& lost :
       std::vector<Booking>{booking::AddTenant{stranger.tenant}, booking::AddSubject{stranger.subjects[0]},
                            booking::AddCall{stranger.call}, booking::AddParticipant{stranger.participants[0]},
                            booking::AddLeg{stranger.legs[0]}, booking::AddConsent{stranger.consent(0, "granted")},
                            booking::OpenRecording{stranger.recording}, booking::AddSegment{stranger.segment(0, 1)},
                            booking::AddNote{stranger.note()}}) {
    CAPTURE(lost.index());
    check_error(catalog->book({&lost, 1}), Errc::invalid);
  }
  REQUIRE_OK(catalog->check_integrity());
}

TEST_CASE("changing what is not there says so") {
  const TempFolder folder;
  const auto catalog = open_catalog(folder);
  const CallRows rows;
  for (const Booking& nothing :
       std::vector<Booking>{booking::SetLegCodec{rows.legs[0].id, "x"}, booking::SetLegCounts{rows.legs[0].id, "{}"},
                            booking::EndCall{rows.call.id, at_ms(1), CallState::ended},
                            booking::CloseRecording{rows.recording.id, at_ms(1), RecordingState::complete, ""},
                            booking::UpdateErasure{new_id<ErasureId>(at_ms(1)), "[]", {}},
                            booking::EraseRecording{rows.recording.id, at_ms(1)}}) {
    CAPTURE(nothing.index());
    check_error(catalog->book({&nothing, 1}), Errc::not_found);
  }
}

TEST_CASE("an erased recording has no sealed fields and no notes, and nothing brings it back") {
  const TempFolder folder;
  const auto catalog = open_catalog(folder);
  const CallRows rows;
  rows.book_all(*catalog);
  REQUIRE_OK(catalog->book(std::vector<Booking>{booking::AddNote{rows.note()}, booking::AddSegment{rows.segment(0, 1)},
                                                booking::AddConsent{rows.consent(0, "granted")}}));
  const std::vector<Booking> erase{booking::DestroyKey{rows.leg_keys[0].id}, booking::DestroyKey{rows.leg_keys[1].id},
                                   booking::EraseRecording{rows.recording.id, at_ms(9)}};
  REQUIRE_OK(catalog->book(erase));
  REQUIRE_OK(catalog->book(erase));  // resumed after a crash

  CHECK_FALSE(catalog->key(rows.leg_keys[0].id)->has_value());
  CHECK(catalog->key(rows.subject_keys[0].id)->has_value());
  CHECK((*catalog->call(rows.call.id))->sealed_ref.empty());
  const auto legs = *catalog->legs(rows.call.id);
  const auto participants = *catalog->participants(rows.call.id);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(legs.at(i).sealed_label.empty());
    CHECK(participants.at(i).sealed.empty());
  }
  CHECK(catalog->notes(rows.call.id)->empty());
  CHECK(catalog->consents(rows.call.id)->size() == 1);
  CHECK_FALSE((*catalog->subject(rows.subjects[0].id))->sealed_ref.empty());

  const std::vector<Booking> late_close{
      booking::CloseRecording{rows.recording.id, at_ms(99), RecordingState::complete, "{}"}};
  REQUIRE_OK(catalog->book(late_close));
  const auto recording = *catalog->recording(rows.recording.id);
  CHECK(recording->state == RecordingState::erased);
  CHECK(recording->ended == at_ms(9));
  const Booking late_segment = booking::AddSegment{rows.segment(1, 1)};
  check_error(catalog->book({&late_segment, 1}), Errc::conflict);
  REQUIRE_OK(catalog->check_integrity());
}

TEST_CASE("nothing is sealed under a key whose parent has been destroyed") {
  const TempFolder folder;
  const auto catalog = open_catalog(folder);
  const CallRows rows;
  REQUIRE_OK(catalog->book(rows.people_bookings()));
  REQUIRE_OK(catalog->book(std::vector<Booking>{booking::DestroyKey{rows.subject_keys[0].id}}));
  check_error(catalog->book(rows.call_bookings()), Errc::conflict);
  CHECK_FALSE(catalog->call(rows.call.id)->has_value());
}
