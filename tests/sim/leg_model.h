// LegModel: one leg of a shard as far as consent goes. It carries turns out as engine/consent/gate.h says, on audio
// that is nothing but a note of who was there when it was said, and remembers what it was told to admit.
#pragma once

#include <cstdint>

#include "engine/consent/gate.h"

namespace assent::sim {

using Company = unsigned;         // who was there: a bit for each person
using Companies = std::uint32_t;  // a bit for each company of five people at most

struct LegModel {
  Gate gate = Gate::holding;
  Admission admission = Admission::hold;
  ConsentEpoch epoch{1};
  ConsentEpoch valid_from{1};
  Companies held = 0;             // what the ring holds
  ConsentEpoch last_admitted{0};  // the latest epoch of a block that may still be queued

  Companies admitted_now = 0;  // by the input just handled

  // False: the turn does not follow from where the leg was.
  bool carry_out(const GateTurn& turn) {
    if (turn.from != gate || turn.before != admission || turn.epoch < epoch || turn.valid_from < valid_from)
      return false;
    const bool admitted = admission == Admission::admit;
    if (admitted && !admits(turn.to) && turn.epoch == epoch) return false;
    if (turn.queued == QueuedAudio::drop && (turn.valid_from != turn.epoch || turn.epoch == epoch)) return false;
    if (turn.queued == QueuedAudio::keep && turn.valid_from != valid_from) return false;
    gate = turn.to;
    admission = turn.after;
    epoch = turn.epoch;
    valid_from = turn.valid_from;
    if (turn.ring.kind == RingAction::Kind::wipe) held = 0;
    if (admits(gate)) {
      admit(held);
      held = 0;
    }
    return true;
  }

  void packet(Company company) {
    if (admission == Admission::admit) admit(1U << company);
    if (admission == Admission::hold) held |= 1U << company;
  }

  static bool admits(Gate gate) { return gate == Gate::open || gate == Gate::paused || gate == Gate::suspended; }
  bool admits() const { return admits(gate); }
  bool has_queued() const { return last_admitted >= valid_from; }

 private:
  void admit(Companies more) {
    admitted_now |= more;
    if (more != 0) last_admitted = epoch;
  }
};

}  // namespace assent::sim
