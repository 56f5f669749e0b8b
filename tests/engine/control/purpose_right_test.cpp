#include "engine/control/purpose_right.h"

#include "catch.h"

namespace assent {
namespace {

// A call of two, one leg each.
struct TwoPeople {
  std::vector<ParticipantRow> participants;
  std::vector<LegRow> legs;
  std::vector<ConsentRow> consents;
  WallTime created{10s};
  WallTime now{1000s};

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
  void come_late(std::size_t who) {
    participants[who].id = legs[who].participant = new_id<ParticipantId>(created + 5s);
  }
  std::vector<ConsentRow> lapsed(std::string_view purpose) const {
    return lapsed_grants({purpose, Policy::all_party, created, now}, consents);
  }
  std::vector<bool> open(std::string_view purpose, Policy policy) const {
    return legs_open_for({purpose, policy, created, now}, participants, legs, consents);
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

TEST_CASE("a consent for a time is none from its end on") {
  TwoPeople call;
  call.say(0, "quality", "granted");
  call.consents.back().valid_until = WallTime(500s);
  call.now = WallTime(500s) - 1ns;
  CHECK(call.open("quality", Policy::per_party) == Open{true, false});
  CHECK(call.lapsed("quality").empty());
  call.now = WallTime(500s);
  CHECK(call.open("quality", Policy::per_party) == Open{false, false});
  CHECK(call.lapsed("quality").size() == 1);
  CHECK(call.lapsed("training").empty());
}

TEST_CASE("under all-party the end of one's consent closes everybody's legs, under one-party only what rests on it") {
  TwoPeople call;
  call.say(0, "quality", "granted");
  call.say(1, "quality", "granted");
  call.consents.back().valid_until = WallTime(500s);
  CHECK(call.open("quality", Policy::all_party) == Open{false, false});
  CHECK(call.open("quality", Policy::one_party) == Open{true, true});
}

TEST_CASE("a later grant counts for its own time, and an end that is on record is not found again") {
  TwoPeople call;
  call.say(0, "quality", "granted");
  call.consents.back().valid_until = WallTime(500s);
  call.say(0, "quality", "expired", "validity");
  CHECK(call.lapsed("quality").empty());
  CHECK(call.open("quality", Policy::per_party) == Open{false, false});
  call.say(0, "quality", "granted");
  CHECK(call.open("quality", Policy::per_party) == Open{true, false});
}

TEST_CASE("a consent that is over does not count as a refusal") {
  TwoPeople call;
  call.say(0, "quality", "granted");
  call.say(1, "quality", "granted");
  call.consents.back().valid_until = WallTime(500s);
  CHECK(call.open("quality", Policy::one_party) == Open{true, true});
  call.say(1, "quality", "denied");
  CHECK(call.open("quality", Policy::one_party) == Open{true, false});
}

TEST_CASE("who came late and never agreed to anything was in nothing that was recorded, and hides it from nobody") {
  TwoPeople call;
  call.come_late(1);
  call.say(0, "quality", "granted");
  CHECK(call.open("quality", Policy::all_party) == Open{true, false});
  call.say(1, "quality", "denied");
  CHECK(call.open("quality", Policy::all_party) == Open{true, false});
}

TEST_CASE("who came late and agreed to something else was in it, and it is heard for what all agreed to") {
  TwoPeople call;
  call.come_late(1);
  call.say(0, "quality", "granted");
  call.say(0, "training", "granted");
  call.say(1, "training", "granted");
  CHECK(call.open("quality", Policy::all_party) == Open{false, false});
  CHECK(call.open("training", Policy::all_party) == Open{true, true});
  call.say(1, "training", "withdrawn");
  CHECK(call.open("training", Policy::all_party) == Open{false, false});
}

}  // namespace assent
