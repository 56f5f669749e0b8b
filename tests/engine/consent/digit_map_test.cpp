#include "engine/consent/digit_map.h"

#include "tests/engine/consent/virtual_call.h"

using namespace assent;
using namespace assent::test;

namespace {

DigitMap usual_digits() {
  DigitMap map;
  REQUIRE(map.bind('1', DigitAction::decide(Decision::granted, kQuality)).has_value());
  REQUIRE(map.bind('2', DigitAction::decide(Decision::denied, {})).has_value());
  REQUIRE(map.bind('9', DigitAction::decide(Decision::withdrawn, {})).has_value());
  REQUIRE(map.bind('*', DigitAction::pause()).has_value());
  return map;
}

VirtualCall call_with_digits(Policy policy, std::size_t people) {
  ConsentSettings settings = settings_of(policy, kBoth);
  settings.digits = usual_digits();
  return {settings, people};
}

}  // namespace

TEST_CASE("a digit map knows the sixteen digits and nothing else") {
  for (const char digit : std::string_view("0123456789*#ABCD")) {
    DigitMap map;
    CHECK(map.bind(digit, DigitAction::pause()).has_value());
    CHECK(map.action_of(digit).kind == DigitAction::Kind::pause);
  }
  DigitMap map;
  for (const char other : {'a', 'E', ' ', '\0', '\x80'}) {
    CHECK_FALSE(map.bind(other, DigitAction::pause()).has_value());
    CHECK(map.action_of(other).kind == DigitAction::Kind::none);
  }
}

TEST_CASE("a digit map refuses what would be ambiguous or unspecific") {
  DigitMap map = usual_digits();
  CHECK_FALSE(map.bind('1', DigitAction::pause()).has_value());
  CHECK_FALSE(map.bind('3', DigitAction::decide(Decision::granted, {})).has_value());
  CHECK_FALSE(map.bind('3', DigitAction::decide(Decision::expired, kQuality)).has_value());
  CHECK(map.action_of('3').kind == DigitAction::Kind::none);
}

TEST_CASE("a digit grants the purposes it is bound to, for the participant of its leg") {
  VirtualCall call = call_with_digits(Policy::per_party, 2);
  call.press(1, '1');
  REQUIRE(call.out.changes.size() == 1);
  const ConsentChange& change = call.out.changes[0];
  CHECK(change.participant == VirtualCall::person(1));
  CHECK(change.decision == Decision::granted);
  CHECK(change.purposes == kQuality);
  CHECK(change.signal == Signal{SignalType::dtmf, "1"});
  CHECK(call.gates() == std::vector{Gate::holding, Gate::opening});
}

TEST_CASE("a digit that denies concerns all purposes") {
  VirtualCall call = call_with_digits(Policy::per_party, 1);
  call.press(0, '2');
  REQUIRE(call.out.changes.size() == 1);
  CHECK(call.out.changes[0].decision == Decision::denied);
  CHECK(call.out.changes[0].purposes == kBoth);
  CHECK(call.gate(0) == Gate::closed);
}

TEST_CASE("a digit withdraws what a digit granted") {
  VirtualCall call = call_with_digits(Policy::per_party, 1);
  call.press(0, '1');
  call.durable(call.out.changes[0].seq);
  REQUIRE(call.gate(0) == Gate::open);
  call.press(0, '9');
  CHECK(call.gate(0) == Gate::closed);
  CHECK(call.state(0) == ConsentState::withdrawn);
}

TEST_CASE("an unbound digit does nothing") {
  VirtualCall call = call_with_digits(Policy::per_party, 1);
  for (const char digit : {'3', '#', 'D', 'x'}) {
    call.press(0, digit);
    CHECK(call.out.empty());
  }
}

TEST_CASE("a digit pressed twice makes one record") {
  VirtualCall call = call_with_digits(Policy::per_party, 1);
  call.press(0, '1');
  CHECK(call.out.changes.size() == 1);
  call.press(0, '1');
  CHECK(call.out.empty());
}

TEST_CASE("while paused no digit is listened to") {
  VirtualCall call = call_with_digits(Policy::per_party, 1);
  call.press(0, '*');
  REQUIRE(call.call.paused());
  for (const char digit : std::string_view("0123456789*#ABCD")) {
    call.press(0, digit);
    CHECK(call.out.empty());
  }
  CHECK(call.state(0) == ConsentState::pending);
  call.resume();
  call.press(0, '1');
  CHECK(call.state(0) == ConsentState::granted);
}

TEST_CASE("digits of a leg that has left or of an ended call do nothing") {
  VirtualCall call = call_with_digits(Policy::per_party, 2);
  call.leave(0);
  call.press(0, '1');
  CHECK(call.out.empty());
  call.end();
  call.press(1, '1');
  CHECK(call.out.empty());
}
