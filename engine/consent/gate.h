// Gate: the states of a leg's gate and its turns, which the shard carries out on blocks of audio.
//
//     holding --> opening --> open <--> paused, suspended
//        ^-----------+---------+----------+
//
//     back to holding: a late joiner, a refusing ledger, a partial withdrawal
//     any of them --> closed --> opening (a later grant; nothing was held)
//
//   holding    consent may still come: audio goes to the ring, the oldest is wiped as `hold` says
//   opening    consent is there but its record is not durable, or the ledger does not answer: audio stays in the ring,
//              which is not aged by `hold` now
//   open       audio is admitted
//   paused     would be open, but the call is paused: audio is discarded
//   suspended  would be open, but the ledger has not answered for too long: audio is discarded
//   closed     audio is discarded, nothing is held
//
// To carry out a turn, in this order:
//   1. Cut the block being filled at `at.media`. By `before`: hold -> into the ring; admit -> admitted under the epoch
//      it had, but wiped if `queued` is drop; discard -> there is none.
//   2. Do to the ring what `ring` says.
//   3. If `to` is open or paused, admit what the ring still holds, oldest first, under `epoch`. (To be suspended a gate
//      must have been open, so then it holds nothing.)
//   4. Publish `valid_from` and `answer_valid_from`: queued blocks with a lower epoch are dropped where they are.
//   5. Treat audio from here on as `after` says.
// Turns of one Outcome are carried out in their order, and before the changes in it go to the ledger.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/strong.h"
#include "base/time.h"
#include "engine/consent/consent_state.h"

namespace assent {

enum class Gate { holding, opening, open, paused, suspended, closed };
inline constexpr std::size_t kGates = 6;
enum class Admission { hold, admit, discard };  // what happens to a packet now

// Why a gate turned.
enum class TurnCause {
  granted,    // a grant was decided
  durable,    // the record of a grant is on disk
  refused,    // the ledger could not write it
  denied,     // somebody said no
  withdrawn,  // somebody took a yes back
  expired,    // the deadline passed, or a consent's validity is over
  joined,     // a participant or leg came
  left,       // a participant or leg went
  paused,
  resumed,
  suspended,   // the ledger has not answered for as long as consent.lease
  reinstated,  // it answers again
  ended,       // the call ended
};

std::string_view to_text(Gate gate);
std::string_view to_text(Admission admission);
std::string_view to_text(TurnCause cause);
std::optional<Gate> parse_gate(std::string_view text);

// How often admission on this leg has ended, plus one. A block carries the epoch it was admitted in.
using ConsentEpoch = Strong<std::uint32_t, struct ConsentEpochTag>;

struct RingAction {
  enum class Kind {
    leave,      // the turn does not concern what is held
    keep_all,   // all of it is consented to
    keep_last,  // only what was said within `keep` before the turn is
    wipe,       // none of it is
  };

  // Of the spoken answer (audio_use.h), which is kept apart from what `kind` keeps.
  enum class Answer {
    leave,  // the turn does not concern it
    keep,   // what was said within `around` of the turn, before it and after it, is evidence
    drop,   // none of it is
  };

  Kind kind = Kind::leave;
  nanoseconds keep{0};  // of keep_last
  Answer answer = Answer::leave;
  nanoseconds around{0};  // of keep

  bool operator==(const RingAction&) const = default;
};

// What happens to blocks of this leg that were admitted and are not sealed yet.
enum class QueuedAudio {
  keep,  // it was consented to when it was said, and still is
  drop,  // consent was taken back
};

// `from` and `to` are equal when only the fate of audio changes (a pause while holding) or only queued audio is
// dropped.
struct GateTurn {
  LegIndex leg;
  Gate from = Gate::holding;
  Gate to = Gate::holding;
  TurnCause why = TurnCause::joined;
  Admission before = Admission::hold;
  Admission after = Admission::hold;
  RingAction ring;
  QueuedAudio queued = QueuedAudio::keep;
  QueuedAudio queued_answer = QueuedAudio::keep;  // of what is evidence only
  ConsentEpoch epoch;                             // of what is admitted from this turn on
  ConsentEpoch valid_from;                        // blocks of a lower epoch must not be sealed any more
  ConsentEpoch answer_valid_from;                 // the same for what is evidence only
  Moment at;
};

}  // namespace assent
