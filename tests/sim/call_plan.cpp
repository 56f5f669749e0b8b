#include "tests/sim/call_plan.h"

#include <array>

namespace assent::sim {
namespace {

Preroll draw_preroll(Random& random, milliseconds hold) {
  switch (upto(random, 2)) {
    case 0: return Preroll::all();
    case 1: return Preroll::none();
    default: return Preroll::last(upto(random, hold));
  }
}

template <std::size_t N>
milliseconds one_of(Random& random, const std::array<milliseconds, N>& times) {
  return times.at(upto(random, N - 1));
}

}  // namespace

CallPlan CallPlan::draw(Random& random) {
  constexpr std::array kPolicies{Policy::all_party, Policy::per_party, Policy::one_party};
  CallPlan plan;
  plan.people = 1 + upto(random, std::size_t{2});
  plan.length = 1s + upto(random, 4000ms);
  plan.sweep = one_of<4>(random, {5ms, 5ms, 10ms, 20ms});
  plan.slowest_record = one_of<4>(random, {0ms, 20ms, 400ms, 1500ms});
  if (happens(random, 0.3)) plan.refused_records = 0.3;
  plan.restless = (happens(random, 0.5) ? 2.0 : 8.0) * static_cast<double>(plan.sweep.count()) / 4000;
  plan.lazy_seal = happens(random, 0.5) ? 0 : 0.97;
  plan.lazy_disk = happens(random, 0.3) ? 0 : 0.97;
  if (happens(random, 0.6)) plan.all_agree_after = upto(random, plan.length / 2);
  if (happens(random, 0.2)) plan.ledger_stalls_after = upto(random, plan.length);
  plan.ledger_stalls_for = upto(random, 1500ms);
  if (happens(random, 0.25)) plan.crash_after = upto(random, plan.length);

  ConsentSettings& consent = plan.consent;
  consent.policy = kPolicies.at(upto(random, kPolicies.size() - 1));
  consent.purposes = PurposeSet(happens(random, 0.7) ? 1 : 3);
  consent.hold = one_of<5>(random, {0ms, 300ms, 1000ms, 3000ms, 3000ms});
  consent.preroll = draw_preroll(random, std::chrono::duration_cast<milliseconds>(consent.hold));
  consent.deadline = happens(random, 0.3) ? 500ms + upto(random, 3000ms) : 60s;
  if (happens(random, 0.1)) consent.on_withdraw = OnWithdraw::erase;
  if (happens(random, 0.15)) consent.validity = 300ms + upto(random, 3000ms);
  ASSENT_CHECK(consent.digits.bind(kYesDigit, DigitAction::decide(Decision::granted, consent.purposes)).has_value());
  ASSENT_CHECK(consent.digits.bind(kPartlyYesDigit, DigitAction::decide(Decision::granted, PurposeSet(1))).has_value());
  ASSENT_CHECK(consent.digits.bind(kNoDigit, DigitAction::decide(Decision::denied, {})).has_value());
  ASSENT_CHECK(consent.digits.bind(kPauseDigit, DigitAction::pause()).has_value());
  return plan;
}

std::string to_text(const CallPlan& plan) {
  const auto ms = [](nanoseconds time) {
    return std::to_string(std::chrono::duration_cast<milliseconds>(time).count()) + " ms";
  };
  const Preroll& preroll = plan.consent.preroll;
  std::string text(to_text(plan.consent.policy));
  text += ", " + std::to_string(plan.people) + " people, purposes " + std::to_string(plan.consent.purposes.size());
  text += ", hold " + ms(plan.consent.hold) + ", preroll ";
  text += preroll.kind == Preroll::Kind::all ? "all" : preroll.kind == Preroll::Kind::none ? "none" : ms(preroll.keep);
  text += ", deadline " + ms(plan.consent.deadline) + ", sweep " + ms(plan.sweep) + ", record within " +
          ms(plan.slowest_record);
  if (plan.consent.validity) text += ", valid for " + ms(*plan.consent.validity);
  if (plan.consent.on_withdraw == OnWithdraw::erase) text += ", erases";
  if (plan.ledger_stalls_after) {
    text += ", ledger stalls after " + ms(*plan.ledger_stalls_after) + " for " + ms(plan.ledger_stalls_for);
  }
  if (plan.crash_after) text += ", crash after " + ms(*plan.crash_after);
  return text;
}

}  // namespace assent::sim
