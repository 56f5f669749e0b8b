// Policies of tenants, consents on file and notices in real calls: shards with their threads, a catalog on the disk.
#include <thread>

#include "catch.h"
#include "crypto/sha256.h"
#include "engine/control/standing_consents.h"
#include "must.h"
#include "shards_rig.h"

namespace assent {
namespace {

constexpr const char* kPipeline = R"(
[listen]
rtp_ports = "27200-27327"
[capacity]
calls = 8
[threads]
shards = 2
[media]
sockets = "per-leg"
[consent]
policy = "all-party"
hold = "1s"
standing_roles = ["agent"]
[consent.tenants]
acme = { policy = "per-party", standing_roles = [] }
timed = { validity = "1h" }
[journal]
file_size = "4MiB"
sealed_pages = 1024
[memory]
backing = "locked"
)";

// A customer and an agent, one leg each.
CallSpec call_of_two(const std::string& tenant = {}) {
  CallSpec spec = ShardsRig::call_of(1);
  spec.tenant = tenant;
  spec.participants.push_back({"agent", "agent-7", "agent", std::nullopt, std::nullopt});
  LegSpec leg = spec.legs[0];
  leg.label = leg.participant = "agent";
  spec.legs.push_back(leg);
  return spec;
}

struct Rig : ShardsRig {
  Rig() : ShardsRig(kPipeline), standing({*catalog, *writer, *keys, settings.purposes, *calls}) {}

  StandingView on_file(std::optional<WallTime> until = std::nullopt, std::optional<WallTime> from = std::nullopt) {
    StandingSpec spec;
    spec.purposes = {"quality"};
    spec.from = from;
    spec.until = until;
    return must(standing.add("agent-7", spec, caller));
  }
  std::string state_of(const CallView& view, std::size_t who) { return view.participants.at(who).consents.at(0).state; }
  CallView show(CallId call) { return must(calls->call(call)); }
  void say(CallId call, const std::string& who, const std::string& decision) {
    ConsentSpec spec;
    spec.participant = who;
    spec.decision = decision;
    must(calls->decide(call, spec, caller));
  }

  StandingConsents standing;
};

}  // namespace

TEST_CASE("a call goes by its own policy, else its tenant's, else the pipeline's") {
  Rig rig;
  CHECK(must(rig.calls->create_call(call_of_two(), rig.caller)).policy == "all-party");
  CHECK(must(rig.calls->create_call(call_of_two("acme"), rig.caller)).policy == "per-party");
  CHECK(must(rig.calls->create_call(call_of_two("other"), rig.caller)).policy == "all-party");
  CallSpec own = call_of_two("acme");
  own.policy = "one-party";
  CHECK(must(rig.calls->create_call(own, rig.caller)).policy == "one-party");
  own.policy = "nobody";
  CHECK(rig.calls->create_call(own, rig.caller).error().code == Errc::invalid);
}

TEST_CASE("a participant with a consent on file starts as granted, and the record names it") {
  Rig rig;
  const StandingView given = rig.on_file();
  const CallView view = must(rig.calls->create_call(call_of_two(), rig.caller));
  CHECK(rig.state_of(view, 0) == "pending");
  CHECK(rig.state_of(view, 1) == "granted");
  CHECK(view.legs[1].gate == "holding");  // all-party: the customer is still asked
  rig.say(view.id, "customer", "granted");
  CHECK(rig.show(view.id).legs[0].gate == "open");
  const auto rows = must(rig.catalog->consents(view.id));
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].signal_type == "standing");
  CHECK(rows[0].signal_value == to_text(given.row.id));
  CHECK(rows[0].participant == view.participants[1].id);
}

TEST_CASE("without a valid consent on file a participant is asked like anybody else, and it is no error") {
  Rig rig;
  const auto state = [&] { return rig.state_of(must(rig.calls->create_call(call_of_two(), rig.caller)), 1); };
  CHECK(state() == "pending");  // there is none
  const WallTime now = read_clocks().wall;
  rig.on_file(std::nullopt, now + 1h);
  CHECK(state() == "pending");  // it has not begun
  const StandingView short_one = rig.on_file(now + 300ms);
  std::this_thread::sleep_until(*short_one.row.until + 1ms);
  CHECK(state() == "pending");  // it is over
  const StandingView withdrawn = rig.on_file();
  must(rig.standing.withdraw({"agent-7", std::nullopt}, withdrawn.row.id, rig.caller));
  CHECK(state() == "pending");
  rig.on_file();
  CHECK(state() == "granted");
}

TEST_CASE("a consent on file counts for the roles that the file names, and in its own tenant only") {
  Rig rig;
  rig.on_file();
  CallSpec other_role = call_of_two();
  other_role.participants[1].role = "supervisor";
  CHECK(rig.state_of(must(rig.calls->create_call(other_role, rig.caller)), 1) == "pending");
  CHECK(rig.state_of(must(rig.calls->create_call(call_of_two("acme"), rig.caller)), 1) == "pending");
  CHECK(rig.state_of(must(rig.calls->create_call(call_of_two("other"), rig.caller)), 1) == "pending");
  CHECK(rig.state_of(must(rig.calls->create_call(call_of_two(), rig.caller)), 1) == "granted");
}

TEST_CASE("withdrawing a consent on file withdraws it in every live call, on whichever shard, and in no other") {
  Rig rig;
  const StandingView given = rig.on_file();
  std::vector<CallView> calls;
  for (int i = 0; i < 4; ++i) {
    calls.push_back(must(rig.calls->create_call(call_of_two(), rig.caller)));
    rig.say(calls.back().id, "customer", "granted");
    CHECK(rig.show(calls.back().id).legs[0].gate == "open");
  }
  CHECK(rig.shard_of(calls[0].id) != rig.shard_of(calls[1].id));
  must(rig.standing.withdraw({"agent-7", std::nullopt}, given.row.id, rig.caller));
  for (const CallView& call : calls) {
    const CallView now = rig.show(call.id);
    CHECK(now.legs[0].gate == "closed");
    CHECK(rig.state_of(now, 0) == "granted");
    CHECK(rig.state_of(now, 1) == "withdrawn");
    CHECK(must(rig.catalog->consents(call.id)).back().decision == "withdrawn");
  }
  CHECK(rig.state_of(must(rig.calls->create_call(call_of_two(), rig.caller)), 1) == "pending");
  must(rig.catalog->verify_ledger());
}

TEST_CASE("who joins late has what is on file at once") {
  Rig rig;
  rig.on_file();
  const CallView view = must(rig.create());
  rig.say(view.id, "customer", "granted");
  LegsSpec more;
  more.participants.push_back(call_of_two().participants[1]);
  more.legs.push_back(call_of_two().legs[1]);
  const CallView after = must(rig.calls->change_legs(view.id, more, rig.caller));
  CHECK(rig.state_of(after, 1) == "granted");
  CHECK(after.legs[0].gate == "open");
  CHECK(after.legs[1].gate == "open");
}

TEST_CASE("what is on file until a time ends in a live call at that time") {
  Rig rig;
  const StandingView given = rig.on_file(read_clocks().wall + 2s);
  const CallView view = must(rig.calls->create_call(call_of_two(), rig.caller));
  rig.say(view.id, "customer", "granted");
  CHECK(must(rig.catalog->consents(view.id))[0].valid_until == given.row.until);
  std::this_thread::sleep_until(*given.row.until + 300ms);
  const CallView after = rig.show(view.id);
  CHECK(rig.state_of(after, 1) == "expired");
  CHECK(after.legs[0].gate == "closed");
}

TEST_CASE("a tenant's validity ends on the consent's record") {
  Rig rig;
  const CallView view = must(rig.calls->create_call(call_of_two("timed"), rig.caller));
  rig.say(view.id, "customer", "granted");
  const auto rows = must(rig.catalog->consents(view.id));
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].valid_until == rows[0].at + 1h);
}

TEST_CASE("a call and a consent name notices that are on record, with their hash; an unknown one is refused") {
  Rig rig;
  const Sha256Digest hash = sha256(bytes_of("We record."));
  REQUIRE(rig.writer->book_and_wait(
      {booking::AddNotice{{"n1", "1", "en", "We record.", {hash.begin(), hash.end()}, "file", read_clocks().wall}}}));
  CallSpec spec = ShardsRig::call_of(1);
  spec.notice = Notice{"n1", "2", "en", ""};
  const auto refused = rig.calls->create_call(spec, rig.caller);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::invalid);
  CHECK(refused.error().what.find("is not on record") != std::string::npos);
  CHECK(rig.calls->live_calls() == 0);

  spec.notice = Notice{"n1", "1", "", ""};
  const CallView view = must(rig.calls->create_call(spec, rig.caller));
  ConsentSpec consent;
  consent.participant = "customer";
  consent.decision = "granted";
  consent.notice = Notice{"n2", "1", "", ""};
  CHECK(rig.calls->decide(view.id, consent, rig.caller).error().code == Errc::invalid);
  CHECK(rig.state_of(rig.show(view.id), 0) == "pending");
  consent.notice.reset();
  const auto records = must(rig.calls->decide(view.id, consent, rig.caller));
  REQUIRE(records.size() == 1);
  CHECK(records[0].notice->hash == to_hex(hash));
  CHECK(records[0].notice->language == "en");
}

TEST_CASE("who declines has a call that goes on unrecorded, and no error from any request") {
  Rig rig;
  const CallView view = must(rig.calls->create_call(call_of_two(), rig.caller));
  rig.say(view.id, "customer", "denied");
  rig.say(view.id, "customer", "denied");
  rig.say(view.id, "agent", "granted");
  must(rig.calls->pause(view.id, "card", rig.caller));
  must(rig.calls->resume(view.id, "card", rig.caller));
  rig.talk(view.legs[0], 5);
  CHECK(rig.show(view.id).legs[0].gate == "closed");
  const EndedCall ended = must(rig.calls->end_call(view.id, rig.caller));
  CHECK_FALSE(ended.recording);
  CHECK(ended.why == "denied");
  CHECK(rig.objects().empty());
}

}  // namespace assent
