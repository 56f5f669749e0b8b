#include "engine/consent/consent_state.h"

#include "catch.h"
#include "engine/consent/gate.h"

using namespace assent;

TEST_CASE("states, decisions and gates are named as the API names them") {
  CHECK(to_text(ConsentState::pending) == "pending");
  CHECK(to_text(ConsentState::granted) == "granted");
  CHECK(to_text(ConsentState::denied) == "denied");
  CHECK(to_text(ConsentState::withdrawn) == "withdrawn");
  CHECK(to_text(ConsentState::expired) == "expired");
  CHECK(parse_decision("withdrawn") == Decision::withdrawn);
  CHECK_FALSE(parse_decision("pending"));
  for (const auto* text : {"holding", "opening", "open", "paused", "suspended", "closed"}) {
    REQUIRE(parse_gate(text));
    CHECK(to_text(*parse_gate(text)) == text);
  }
  CHECK_FALSE(parse_gate("ajar"));
}

TEST_CASE("signal types go to text and back") {
  for (const auto* text :
       {"api", "dtmf", "voice", "web", "siprec", "standing", "deadline", "validity", "hangup", "leave"}) {
    REQUIRE(parse_signal_type(text));
    CHECK(to_text(*parse_signal_type(text)) == text);
  }
  CHECK_FALSE(parse_signal_type("telepathy"));
}

TEST_CASE(
    "deadline, validity, hang-up and leave are signals that only the gate itself makes, and a consent on file is no "
    "caller's") {
  CHECK(comes_from_outside(SignalType::api));
  CHECK(comes_from_outside(SignalType::dtmf));
  CHECK_FALSE(comes_from_outside(SignalType::standing));
  CHECK(is_said(SignalType::standing));
  for (const SignalType made_here :
       {SignalType::deadline, SignalType::validity, SignalType::hangup, SignalType::leave}) {
    CHECK_FALSE(is_said(made_here));
  }
  CHECK_FALSE(comes_from_outside(SignalType::deadline));
  CHECK_FALSE(comes_from_outside(SignalType::hangup));
  CHECK_FALSE(comes_from_outside(SignalType::leave));
  CHECK(comes_from_outside(SignalType::webhook));
  CHECK(may_be_stated(SignalType::voice));
  CHECK_FALSE(may_be_stated(SignalType::webhook));
  CHECK_FALSE(may_be_stated(SignalType::deadline));
}
