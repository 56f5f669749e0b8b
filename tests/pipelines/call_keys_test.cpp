// Which keys a real call's keys hang on, and that calls come and change while all of these are being replaced.
#include <algorithm>
#include <thread>

#include "catch.h"
#include "engine/control/key_rotation.h"
#include "engine/control/standing_consents.h"
#include "must.h"
#include "shards_rig.h"

namespace assent {
namespace {

constexpr const char* kPipeline = R"(
[listen]
rtp_ports = "27400-27655"
[capacity]
calls = 60
[threads]
shards = 1
[media]
sockets = "per-leg"
[consent]
policy = "all-party"
hold = "1s"
standing_roles = ["agent"]
[consent.tenants]
acme = { policy = "per-party" }
apart = { erasure = "leg" }
whole = { policy = "per-party", erasure = "call" }
[journal]
file_size = "4MiB"
sealed_pages = 1024
[memory]
backing = "locked"
)";

LegSpec leg_of(const std::string& who) {
  LegSpec leg = ShardsRig::call_of(1).legs[0];
  leg.label = leg.participant = who;
  return leg;
}

// A customer, a guest and an agent, one leg each.
CallSpec call_of_three(const std::string& tenant = {}) {
  CallSpec spec = ShardsRig::call_of(1);
  spec.tenant = tenant;
  spec.participants = {{"customer", "customer-7", "customer", std::nullopt, std::nullopt},
                       {"guest", "guest-7", "customer", std::nullopt, std::nullopt},
                       {"agent", "agent-7", "agent", std::nullopt, std::nullopt}};
  spec.legs = {leg_of("customer"), leg_of("guest"), leg_of("agent")};
  return spec;
}

struct Rig : ShardsRig {
  Rig() : ShardsRig(kPipeline) {}

  // The persons' keys of the call's participants, in their order.
  std::vector<KeyId> people(CallId call) {
    std::vector<KeyId> found;
    for (const ParticipantRow& row : must(catalog->participants(call))) {
      found.push_back((*must(catalog->subject(row.subject))).key);
    }
    return found;
  }
  WrappedKey row(KeyId key) { return *must(catalog->key(key)); }
  std::vector<KeyId> guards_of_call(CallId call) { return row((*must(catalog->call(call))).key).guards; }
  std::vector<KeyId> guards_of_leg(CallId call, std::size_t leg) {
    return row(must(catalog->legs(call)).at(leg).key).guards;
  }
};

using Ids = std::vector<KeyId>;

}  // namespace

TEST_CASE(
    "a call that goes whole is guarded by everyone who must say yes in it, and by nobody whose role speaks for them") {
  Rig rig;
  const CallView call = must(rig.calls->create_call(call_of_three(), rig.caller));
  const Ids people = rig.people(call.id);
  CHECK(rig.guards_of_call(call.id) == Ids{people[0], people[1]});
  CHECK(rig.guards_of_leg(call.id, 0) == Ids{people[1]});  // their own is its parent
  CHECK(rig.guards_of_leg(call.id, 1) == Ids{people[0]});
  CHECK(rig.guards_of_leg(call.id, 2) == Ids{people[0], people[1]});
  CHECK(rig.row(must(rig.catalog->legs(call.id))[2].key).parent == people[2]);
}

TEST_CASE("what an erasure takes of a call is its policy's, its tenant's or the file's word, and stays with the call") {
  Rig rig;
  const auto scope = [&](const std::string& tenant) {
    const CallView call = must(rig.calls->create_call(call_of_three(tenant), rig.caller));
    const CallRow row = *must(rig.catalog->call(call.id));
    CHECK(rig.guards_of_call(call.id).empty() == (row.erasure == ErasureScope::leg));
    return row.erasure;
  };
  CHECK(scope("") == ErasureScope::call);
  CHECK(scope("acme") == ErasureScope::leg);
  CHECK(scope("apart") == ErasureScope::leg);
  CHECK(scope("whole") == ErasureScope::call);
}

TEST_CASE("who joins later guards what was there before, and what comes with them") {
  Rig rig;
  const CallView call = must(rig.calls->create_call(call_of_three(), rig.caller));
  const Ids before = rig.people(call.id);
  const KeyId first_leg = must(rig.catalog->legs(call.id))[0].key;
  const OpenKey first_key = must(rig.keys->open(first_leg));
  LegsSpec joining;
  joining.participants = {{"late", "late-7", "customer", std::nullopt, std::nullopt},
                          {"second-agent", "agent-8", "agent", std::nullopt, std::nullopt}};
  joining.legs = {leg_of("late"), leg_of("second-agent")};
  must(rig.calls->change_legs(call.id, joining, rig.caller));
  const KeyId late = rig.people(call.id)[3];
  CHECK(rig.guards_of_call(call.id) == Ids{before[0], before[1], late});
  CHECK(rig.guards_of_leg(call.id, 0) == Ids{before[1], late});
  CHECK(rig.guards_of_leg(call.id, 3) == Ids{before[0], before[1]});
  CHECK(rig.guards_of_leg(call.id, 4) == Ids{before[0], before[1], late});
  KeyRing fresh(*rig.catalog, *rig.root);
  CHECK(*must(fresh.open(first_leg)).key == *first_key.key);
  CHECK(must(rig.calls->call(call.id)).legs.size() == 5);
}

TEST_CASE("calls come, change and end while the keys are replaced again and again, and every key opens afterwards") {
  Rig rig;
  StandingConsents standing({*rig.catalog, *rig.writer, *rig.keys, rig.settings.purposes, *rig.calls});
  must(rig.calls->create_call(call_of_three(), rig.caller));
  KeyRotation rotation(
      {*rig.catalog, *rig.writer, *rig.keys, *rig.root, {}, [](const std::string& line) { WARN(line); }});
  constexpr int kRotations = 4;
  std::atomic<bool> done = false;
  std::thread rotating([&] {
    for (int time = 0; time < kRotations; ++time) {
      if (!rotation.rotate(rig.caller)) break;
      rotation.wait_until_idle();
    }
    done = true;
  });
  int made = 0;
  std::vector<std::string> troubles;
  while (!done || made < 5) {
    CallSpec spec = call_of_three(made % 3 == 0 ? "acme" : "");
    if (made % 2 == 0) spec.participants[1].subject = "guest-" + std::to_string(made);
    const auto call = rig.calls->create_call(spec, rig.caller);
    ++made;
    if (!call) {
      troubles.push_back(call.error().what);
      continue;
    }
    LegsSpec joining;
    joining.participants = {{"late", "late-7", "customer", std::nullopt, std::nullopt}};
    joining.legs = {leg_of("late")};
    if (const auto joined = rig.calls->change_legs(call->id, joining, rig.caller); !joined) {
      troubles.push_back(joined.error().what);
    }
    StandingSpec on_file{std::nullopt, {"quality"}, std::nullopt, std::nullopt, std::nullopt, "drawer"};
    if (const auto given = standing.add("agent-7", on_file, rig.caller); !given) troubles.push_back(given.error().what);
    if (const auto ended = rig.calls->end_call(call->id, rig.caller); !ended) troubles.push_back(ended.error().what);
  }
  rotating.join();
  for (const std::string& trouble : troubles) WARN(trouble);
  CHECK(troubles.empty());
  CHECK(must(rig.catalog->keys_of_kind(KeyKind::epoch)).size() == 1);
  KeyRing fresh(*rig.catalog, *rig.root);
  std::size_t opened = 0;
  for (int kind = static_cast<int>(KeyKind::epoch); kind <= static_cast<int>(kLastKeyKind); ++kind) {
    for (const WrappedKey& row : must(rig.catalog->keys_of_kind(static_cast<KeyKind>(kind)))) {
      CHECK(fresh.open(row.id));
      ++opened;
    }
  }
  CHECK(opened > static_cast<std::size_t>(made));
  // Nobody was made twice.
  const auto tenant = must(rig.catalog->tenant(std::string_view("default")));
  const auto people = must(rig.catalog->subjects_of(tenant->id));
  std::set<std::string> refs;
  People named(*rig.catalog, fresh);
  for (const SubjectRow& person : people) refs.insert(must(named.ref_of(person.id)).value_or(""));
  CHECK(refs.size() == people.size());
  for (const StandingView& view : must(standing.list({"agent-7", std::nullopt}))) CHECK(view.evidence == "drawer");
}

}  // namespace assent
