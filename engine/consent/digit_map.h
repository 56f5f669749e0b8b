// DigitMap: what each DTMF digit means on this pipeline: a decision about some purposes, or a pause.
//
// There is no digit for resuming: while a call is paused no digit is listened to, because it may be part of a card
// number. Any thread: a map does not change once calls use it.
#pragma once

#include <array>
#include <cstddef>

#include "base/result.h"
#include "engine/consent/consent_state.h"

namespace assent {

struct DigitAction {
  enum class Kind { none, decide, pause };

  Kind kind = Kind::none;
  Decision decision = Decision::denied;  // of Kind::decide
  PurposeSet purposes;                   // of Kind::decide; empty in a refusal: all purposes

  static DigitAction decide(Decision decision, PurposeSet purposes) { return {Kind::decide, decision, purposes}; }
  static DigitAction pause() { return {Kind::pause, Decision::denied, {}}; }
  bool operator==(const DigitAction&) const = default;
};

class DigitMap {
 public:
  // Errc::invalid: not one of 0-9 * # A-D, bound already, a grant that names no purpose, a decision nobody can press.
  Result<void> bind(char digit, DigitAction action);
  bool operator==(const DigitMap&) const = default;

  DigitAction action_of(char digit) const;  // Kind::none for what is not bound or no digit

 private:
  static constexpr std::size_t kDigits = 16;
  std::array<DigitAction, kDigits> actions_{};
};

}  // namespace assent
