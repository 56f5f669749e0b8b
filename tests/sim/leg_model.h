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
  // The same of what is the spoken answer only.
  ConsentEpoch answer_valid_from{1};
  Companies held_answer = 0;
  ConsentEpoch last_answer{0};
  bool answered = false;      // the latest turn that concerned it kept some
  bool was_answered = false;  // any did, since it was last refused

  // By the input just handled.
  Companies admitted_now = 0;
  Companies answered_now = 0;

  // False: the turn does not follow from where the leg was.
  bool carry_out(const GateTurn& turn) {
    if (turn.from != gate || turn.before != admission || turn.epoch < epoch || turn.valid_from < valid_from)
      return false;
    const bool drops_answer = turn.queued_answer == QueuedAudio::drop;
    if (turn.queued == QueuedAudio::drop && !drops_answer) return false;
    if (drops_answer && (turn.answer_valid_from != turn.epoch || turn.epoch == epoch)) return false;
    if (!drops_answer && turn.answer_valid_from != answer_valid_from) return false;
    const bool admitted = admission == Admission::admit;
    if (admitted && !admits(turn.to) && turn.epoch == epoch) return false;
    if (turn.queued == QueuedAudio::drop && (turn.valid_from != turn.epoch || turn.epoch == epoch)) return false;
    if (turn.queued == QueuedAudio::keep && turn.valid_from != valid_from) return false;
    gate = turn.to;
    admission = turn.after;
    epoch = turn.epoch;
    valid_from = turn.valid_from;
    answer_valid_from = turn.answer_valid_from;
    if (drops_answer) was_answered = false;
    act_on_ring(turn.ring);
    if (admits(gate)) {
      admit(held);
      held = 0;
      answered_now |= held_answer;
      if (held_answer != 0) last_answer = epoch;
      held_answer = 0;
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
  bool has_queued_answer() const { return last_answer >= answer_valid_from; }

 private:
  void act_on_ring(const RingAction& ring) {
    const bool wipes = ring.kind == RingAction::Kind::wipe;
    if (ring.answer != RingAction::Answer::leave) answered = ring.answer == RingAction::Answer::keep;
    was_answered = was_answered || ring.answer == RingAction::Answer::keep;
    if (ring.answer == RingAction::Answer::keep && wipes) {
      held_answer |= held;
    } else if (wipes || ring.answer != RingAction::Answer::leave) {
      held_answer = 0;
    }
    if (wipes) held = 0;
  }
  void admit(Companies more) {
    admitted_now |= more;
    if (more != 0) last_admitted = epoch;
  }
};

}  // namespace assent::sim
