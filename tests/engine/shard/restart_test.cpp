// A call that goes on after a restart, on a whole shard: what of it is there again, and what never is.
#include <algorithm>

#include "catch.h"
#include "shard_rig.h"

using namespace assent;

namespace {

const PurposeSet kQuality = PurposeSet::of(Purpose(0));

ConsentRow row_of(CallId call, ParticipantId who, std::string_view decision, WallTime at) {
  ConsentRow row;
  row.id = new_id<ConsentId>(at);
  row.call = call;
  row.participant = who;
  row.purpose = "quality";
  row.decision = decision;
  row.signal_type = "api";
  row.at = at;
  return row;
}

// Beside the rig's own call, one of one participant that was there before.
struct Returning {
  Returning(ShardRig& shard_rig, std::optional<std::string> decision, bool paused = false, bool has_key = true)
      : rig(shard_rig) {
    const WallTime before = rig.now.wall - 20s;
    const auto who = new_id<ParticipantId>(before);
    call.identity = {new_id<CallId>(before), {}, new_id<RecordingId>(before), {}, before};
    call.consent = ShardRig::defaults().consent;
    call.participants = {{who, "customer", rig.participant_key}};
    const bool was_recorded = decision && decision != "denied";
    call.former = FormerCall{{}, paused, was_recorded};
    if (decision) call.former->consents.push_back(row_of(call.identity.id, who, *decision, before));
    NewLeg leg{new_id<LegId>(before), "leg", "customer", {{{0, Codec{}}}, 101}, std::nullopt,
               new_id<KeyId>(before), {}};
    if (has_key) leg.key = SecretKey::random();
    leg.former = FormerLeg{{30000, 30001}, {}, 7};
    if (was_recorded) leg.former->segments.push_back(new_id<SegmentId>(before));
    call.legs.push_back(std::move(leg));
    id = call.identity.id;
  }
  LiveCall& come_back() {
    const auto ports = rig.shard->add_call(std::move(call), rig.now);
    REQUIRE(ports);
    CHECK(ports->front().rtp == 30000);
    return *rig.shard->find(id);
  }
  Gate gate() { return rig.shard->find(id)->consent().gate(LegIndex(0)); }
  void end() {
    REQUIRE(rig.shard->end_call(id, rig.now, [this](FinishedCall done) { finished = std::move(done); }));
    rig.pass(50ms);
    REQUIRE(finished);
  }

  ShardRig& rig;
  NewCall call;
  CallId id;
  std::optional<FinishedCall> finished;
};

std::size_t consents(const HandRecord& record) {
  return static_cast<std::size_t>(std::count_if(record.booked.begin(), record.booked.end(), [](const Booking& one) {
    return std::holds_alternative<booking::AddConsent>(one);
  }));
}

}  // namespace

TEST_CASE("what was agreed to before a restart is sealed again, in a segment with the next number") {
  ShardRig rig(ShardRig::defaults());
  Returning returning(rig, "granted");
  LiveCall& live = returning.come_back();
  CHECK(returning.gate() == Gate::open);
  rig.pass(10ms);
  CHECK(consents(rig.record) == 0);  // it is on record
  CHECK(live.has_recording());
  const Bytes rtp{0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 0x55, 0x55, 0x55, 0x55};
  rig.put_datagram(1, rtp);
  rig.pass(2s);
  returning.end();
  CHECK(returning.finished->has_recording);
  REQUIRE(returning.finished->segments.size() == 2);  // the one of before, and this one
  CHECK(rig.segment_numbers() == std::vector<std::uint32_t>{8});
}

TEST_CASE("who had not answered has what is left of the deadline") {
  ShardRig rig(ShardRig::defaults());
  Returning returning(rig, std::nullopt);
  returning.come_back();
  CHECK(returning.gate() == Gate::holding);
  rig.pass(39s);
  CHECK(returning.gate() == Gate::holding);
  rig.pass(2s);
  CHECK(returning.gate() == Gate::closed);
  returning.end();
  CHECK(returning.finished->why == "expired");
}

TEST_CASE("a refusal and a pause outlast a restart") {
  ShardRig rig(ShardRig::defaults());
  Returning refused(rig, "denied");
  refused.come_back();
  CHECK(refused.gate() == Gate::closed);
  refused.end();
  CHECK(refused.finished->why == "denied");

  Returning paused(rig, "granted", true);
  LiveCall& live = paused.come_back();
  CHECK(paused.gate() == Gate::paused);
  bool resumed = false;
  live.set_paused(LiveCall::Pausing::resume, "paid", "test", rig.now, [&](const Result<void>&) { resumed = true; });
  rig.pass(20ms);
  CHECK(resumed);
  CHECK(paused.gate() == Gate::open);
  paused.end();
}

TEST_CASE("a leg whose key is gone stays silent, and its participant cannot agree again") {
  ShardRig rig(ShardRig::defaults());
  Returning returning(rig, "withdrawn", false, false);
  returning.call.consent.on_withdraw = OnWithdraw::erase;
  LiveCall& live = returning.come_back();
  CHECK(live.is_erased(LegIndex(0)));
  std::optional<Errc> refused;
  live.decide(ParticipantIndex(0), Decision::granted, kQuality, {SignalType::api, ""}, "test", rig.now,
              [&](const Result<std::vector<ConsentRow>>& result) { refused = result.error().code; });
  CHECK(refused == Errc::conflict);
  returning.end();
  CHECK(returning.finished->all_erased);
  CHECK(returning.finished->segments.empty());
}

TEST_CASE("a call whose port is somebody else's now does not come back, and leaves nothing") {
  ShardRig rig(ShardRig::defaults());
  Returning returning(rig, "granted");
  returning.call.left = {ParticipantIndex(0)};
  rig.refuse_ports();
  CHECK(rig.shard->add_call(std::move(returning.call), rig.now).error().code == Errc::conflict);
  rig.pass(50ms);
  CHECK(rig.shard->find(returning.id) == nullptr);
  CHECK(rig.shard->counts().calls == 1);  // the rig's own
}
