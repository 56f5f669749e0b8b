#include "engine/control/purpose_right.h"

#include "catch.h"

namespace assent {
namespace {

// A call of two, one leg each.
struct TwoPeople {
  std::vector<ParticipantRow> participants;
  std::vector<LegRow> legs;
  std::vector<ConsentRow> consents;

  TwoPeople() {
    for (int i = 0; i < 2; ++i) {
      ParticipantRow participant;
      participant.id = new_id<ParticipantId>(WallTime(seconds(i)));
      LegRow leg;
      leg.id = new_id<LegId>(WallTime(seconds(i)));
      leg.participant = participant.id;
      participants.push_back(participant);
      legs.push_back(leg);
    }
  }

  void say(std::size_t who, std::string purpose, std::string decision, std::string signal = "api") {
    ConsentRow row;
    row.participant = participants[who].id;
    row.purpose = std::move(purpose);
    row.decision = std::move(decision);
    row.signal_type = std::move(signal);
    consents.push_back(row);
  }
  std::vector<bool> open(std::string_view purpose, Policy policy) const {
    return legs_open_for(purpose, policy, participants, legs, consents);
  }
};

using Open = std::vector<bool>;

}  // namespace

TEST_CASE("without any consent nothing is open for anything") {
  const TwoPeople call;
  for (const Policy policy : {Policy::all_party, Policy::per_party, Policy::one_party}) {
    CHECK(call.open("quality", policy) == Open{false, false});
    CHECK(call.open("", policy) == Open{false, false});
  }
}

TEST_CASE("a grant opens what the policy says, for its purpose and no other") {
  TwoPeople call;
  call.say(0, "quality", "granted");
  CHECK(call.open("quality", Policy::all_party) == Open{false, false});
  CHECK(call.open("quality", Policy::per_party) == Open{true, false});
  CHECK(call.open("quality", Policy::one_party) == Open{true, true});
  CHECK(call.open("training", Policy::one_party) == Open{false, false});
  call.say(1, "quality", "granted");
  CHECK(call.open("quality", Policy::all_party) == Open{true, true});
}

TEST_CASE("a withdrawal later closes what was open") {
  TwoPeople call;
  call.say(0, "quality", "granted");
  call.say(1, "quality", "granted");
  call.say(1, "quality", "withdrawn");
  CHECK(call.open("quality", Policy::all_party) == Open{false, false});
  CHECK(call.open("quality", Policy::per_party) == Open{true, false});
  CHECK(call.open("quality", Policy::one_party) == Open{true, false});
}

TEST_CASE("a grant after a denial counts") {
  TwoPeople call;
  call.say(0, "quality", "denied");
  call.say(0, "quality", "granted");
  CHECK(call.open("quality", Policy::per_party) == Open{true, false});
}

TEST_CASE("an expired consent is none, and an unknown word is none either") {
  TwoPeople call;
  call.say(0, "quality", "granted");
  call.say(0, "quality", "expired", "deadline");
  CHECK(call.open("quality", Policy::per_party) == Open{false, false});
  call.say(0, "quality", "GRANTED");
  CHECK(call.open("quality", Policy::per_party) == Open{false, false});
}

TEST_CASE("who left without an answer does not count, and is not heard") {
  TwoPeople call;
  call.say(0, "quality", "granted");
  call.say(1, "quality", "expired", "leave");
  CHECK(call.open("quality", Policy::all_party) == Open{true, false});
}

TEST_CASE("a leg whose participant is not on record is closed") {
  TwoPeople call;
  call.say(0, "quality", "granted");
  call.say(1, "quality", "granted");
  call.legs[1].participant = new_id<ParticipantId>(WallTime(9s));
  CHECK(call.open("quality", Policy::all_party) == Open{true, false});
}

}  // namespace assent
