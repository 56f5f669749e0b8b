#include "engine/control/purpose_right.h"

#include <algorithm>

#include "engine/consent/consent_state.h"

namespace assent {
namespace {

// Only one purpose is asked about, so one bit stands for it.
const PurposeSet kAsked = PurposeSet::of(Purpose(0));

struct Position {
  ParticipantId id;
  ConsentView view;
  bool counts = true;  // for the legs of others
};

bool is_over(const ConsentRow& row, WallTime now) { return row.valid_until && *row.valid_until <= now; }

Position position_of(ParticipantId participant, const HearingQuestion& question, std::span<const ConsentRow> consents) {
  Position position{participant, {}, true};
  bool ever_granted = false;
  bool left_unasked = false;
  for (const ConsentRow& row : consents) {  // the last one counts
    if (row.participant != participant) continue;
    const auto decision = parse_decision(row.decision);
    ever_granted = ever_granted || decision == Decision::granted;
    if (row.purpose != question.purpose) continue;
    const bool grants = decision == Decision::granted && !is_over(row, question.now);
    position.view.granted = grants ? kAsked : PurposeSet();
    const bool is_refused = decision == Decision::denied || decision == Decision::withdrawn;
    position.view.refused = is_refused ? kAsked : PurposeSet();
    left_unasked = decision == Decision::expired && row.signal_type == to_text(SignalType::leave);
  }
  const bool came_late = made_at(participant) > std::chrono::floor<milliseconds>(question.created);
  position.counts = !left_unasked && (ever_granted || !came_late);
  return position;
}

}  // namespace

std::vector<bool> legs_open_for(const HearingQuestion& question, std::span<const ParticipantRow> participants,
                                std::span<const LegRow> legs, std::span<const ConsentRow> consents) {
  std::vector<ParticipantId> present;
  std::vector<ConsentView> views;
  for (const ParticipantRow& participant : participants) {
    const Position position = position_of(participant.id, question, consents);
    if (!position.counts) continue;  // and has no leg that could be open, since they granted nothing
    present.push_back(position.id);
    views.push_back(position.view);
  }
  std::vector<bool> open;
  open.reserve(legs.size());
  for (const LegRow& leg : legs) {
    const auto own =
        static_cast<std::size_t>(std::find(present.begin(), present.end(), leg.participant) - present.begin());
    open.push_back(satisfied_purposes(question.policy, views, own).contains(Purpose(0)));
  }
  return open;
}

std::vector<ConsentRow> lapsed_grants(const HearingQuestion& question, std::span<const ConsentRow> consents) {
  std::vector<ConsentRow> lapsed;
  for (std::size_t i = 0; i < consents.size(); ++i) {
    const ConsentRow& row = consents[i];
    if (row.purpose != question.purpose || !is_over(row, question.now)) continue;
    const auto later = consents.subspan(i + 1);
    const bool is_last = std::none_of(later.begin(), later.end(), [&](const ConsentRow& other) {
      return other.participant == row.participant && other.purpose == row.purpose;
    });
    if (is_last) lapsed.push_back(row);
  }
  return lapsed;
}

}  // namespace assent
