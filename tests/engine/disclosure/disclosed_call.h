// A call as it is given to a customer who talked to an agent, with something of everything in it.
#pragma once

#include "engine/disclosure/disclosed.h"

namespace assent {

inline constexpr WallTime kCallStart{1790000000s};

template <typename IdType>
IdType id_of(std::uint8_t number) {
  IdType id;
  id.bytes[15] = number;
  return id;
}

inline DisclosedCall disclosed_call() {
  DisclosedCall call;
  call.row.id = id_of<CallId>(1);
  call.row.policy = "all-party";
  call.subject = id_of<SubjectId>(40);
  call.row.created = kCallStart;
  call.row.ended = kCallStart + 90s;
  call.row.state = CallState::ended;
  call.row.notice_json = R"({"id":"n1","version":"2","language":"de","hash":"aa"})";
  call.tenant = "acme";
  call.ref = "ref \"<1>\" & more";
  call.recording =
      RecordingRow{id_of<RecordingId>(2), call.row.id, id_of<TenantId>(3), RecordingState::complete, kCallStart,
                   kCallStart + 90s,      ""};
  call.participants.push_back({id_of<ParticipantId>(10), "customer", true,
                               ParticipantFields{"cust", "Ada <script>alert(1)</script>", "+49 30 1234"}, 1500ms});
  call.participants.push_back({id_of<ParticipantId>(11), "agent", false, std::nullopt, std::nullopt});

  DisclosedLeg leg;
  leg.row.id = id_of<LegId>(20);
  leg.row.codec = "PCMU/8000/1";
  leg.role = "customer";
  leg.label = "caller";
  leg.metrics = LegMetrics{};
  leg.metrics->talk = 40s;
  leg.quarantined = 1;
  DisclosedAudio audio;
  audio.name = "calls/x/y.wav";
  audio.start = kCallStart + 5s;
  audio.end = kCallStart + 65500ms;
  audio.has_spoken_answer = true;
  audio.damages = 2;
  leg.audio.push_back(audio);
  call.legs.push_back(leg);

  ConsentRow granted;
  granted.id = id_of<ConsentId>(30);
  granted.participant = id_of<ParticipantId>(10);
  granted.purpose = "quality";
  granted.decision = "granted";
  granted.signal_type = "dtmf";
  granted.notice_json = call.row.notice_json;
  granted.at = kCallStart + 2s;
  granted.valid_until = kCallStart + 24h;
  ConsentRow withdrawn = granted;
  withdrawn.id = id_of<ConsentId>(31);
  withdrawn.decision = "withdrawn";
  withdrawn.at = kCallStart + 48h;
  withdrawn.valid_until.reset();
  ConsentRow training = granted;
  training.id = id_of<ConsentId>(32);
  training.purpose = "training";
  call.consents = {granted, training, withdrawn};
  call.said = {{granted.id, "form <7>"}, {training.id, ""}};  // what the withdrawal said has been erased
  call.receipts.push_back(
      {ReceiptKind::consent, id_of<SubjectId>(40), call.row.id, granted.id, R"({"@id":"r"})", "a.b.c"});
  call.notes.push_back(
      {{id_of<NoteId>(50), call.row.id, "agent-token", kCallStart + 80s, {}}, "said </td><b>bold</b>"});
  LedgerRow access;
  access.seq = 7;
  access.at = kCallStart + 1h;
  access.kind = "access";
  access.call = call.row.id;
  access.body_json = R"({"by":"supervisor-3","legs":[],"purpose":"quality","use":"wav"})";
  access.hash = Bytes(32, 1);
  call.accesses.push_back(access);
  call.recipients.push_back({"quality", "Checking the service", {"Transcribers Ltd"}});
  return call;
}

}  // namespace assent
