// EngineRetention: what ends by itself, and what keeps it from ending, wired: holds, what waits for them, and the
// thread that erases recordings whose time is over. Made when all that it uses is there; destroyed before any of that.
#pragma once

#include <functional>
#include <string>

#include "engine/control/held_erasures.h"
#include "engine/control/holds.h"
#include "engine/control/retention.h"

namespace assent {

class EngineRetention {
 public:
  EngineRetention(HeldErasures::Parts held, StandingConsents& standing);

  Holds& holds() { return holds_; }
  // Other rules hold.
  void look_again() { thread_.look_again(); }

 private:
  HeldErasures held_;
  RetentionThread thread_;
  Holds holds_;
};

}  // namespace assent
