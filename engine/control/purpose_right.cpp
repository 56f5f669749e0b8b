#include "engine/control/purpose_right.h"

#include <algorithm>

#include "engine/consent/consent_state.h"

namespace assent {
namespace {

// Only one purpose is asked about, so one bit stands for it.
const PurposeSet kAsked = PurposeSet::of(Purpose(0));

struct Standing {
  ParticipantId id;
  ConsentView view;
  bool has_left_unasked = false;
};

Standing standing_of(ParticipantId participant, std::string_view purpose, std::span<const ConsentRow> consents) {
  Standing standing{participant, {}, false};
  for (const ConsentRow& row : consents) {  // the last one counts
    if (row.participant != participant || row.purpose != purpose) continue;
    const auto decision = parse_decision(row.decision);
    standing.view.granted = decision == Decision::granted ? kAsked : PurposeSet();
    const bool is_refused = decision == Decision::denied || decision == Decision::withdrawn;
    standing.view.refused = is_refused ? kAsked : PurposeSet();
    standing.has_left_unasked = decision == Decision::expired && row.signal_type == to_text(SignalType::leave);
  }
  return standing;
}

}  // namespace

std::vector<bool> legs_open_for(std::string_view purpose, Policy policy, std::span<const ParticipantRow> participants,
                                std::span<const LegRow> legs, std::span<const ConsentRow> consents) {
  std::vector<ParticipantId> present;
  std::vector<ConsentView> views;
  for (const ParticipantRow& participant : participants) {
    const Standing standing = standing_of(participant.id, purpose, consents);
    if (standing.has_left_unasked) continue;
    present.push_back(standing.id);
    views.push_back(standing.view);
  }
  std::vector<bool> open;
  open.reserve(legs.size());
  for (const LegRow& leg : legs) {
    const auto own =
        static_cast<std::size_t>(std::find(present.begin(), present.end(), leg.participant) - present.begin());
    open.push_back(satisfied_purposes(policy, views, own).contains(Purpose(0)));
  }
  return open;
}

}  // namespace assent
