#include "engine/consent/gate.h"

namespace assent {

std::string_view to_text(Gate gate) {
  switch (gate) {
    case Gate::holding: return "holding";
    case Gate::opening: return "opening";
    case Gate::open: return "open";
    case Gate::paused: return "paused";
    case Gate::suspended: return "suspended";
    case Gate::closed: return "closed";
  }
  return "";
}

std::string_view to_text(Admission admission) {
  switch (admission) {
    case Admission::hold: return "hold";
    case Admission::admit: return "admit";
    case Admission::discard: return "discard";
  }
  return "";
}

std::string_view to_text(TurnCause cause) {
  switch (cause) {
    case TurnCause::granted: return "granted";
    case TurnCause::durable: return "durable";
    case TurnCause::refused: return "refused";
    case TurnCause::denied: return "denied";
    case TurnCause::withdrawn: return "withdrawn";
    case TurnCause::expired: return "expired";
    case TurnCause::joined: return "joined";
    case TurnCause::left: return "left";
    case TurnCause::paused: return "paused";
    case TurnCause::resumed: return "resumed";
    case TurnCause::suspended: return "suspended";
    case TurnCause::reinstated: return "reinstated";
    case TurnCause::ended: return "ended";
  }
  return "";
}

std::optional<Gate> parse_gate(std::string_view text) {
  for (const Gate gate : {Gate::holding, Gate::opening, Gate::open, Gate::paused, Gate::suspended, Gate::closed}) {
    if (text == to_text(gate)) return gate;
  }
  return std::nullopt;
}

}  // namespace assent
