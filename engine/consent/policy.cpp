#include "engine/consent/policy.h"

namespace assent {

std::string_view to_text(Policy policy) {
  switch (policy) {
    case Policy::all_party: return "all-party";
    case Policy::per_party: return "per-party";
    case Policy::one_party: return "one-party";
  }
  return "";
}

std::optional<Policy> parse_policy(std::string_view text) {
  for (const Policy policy : {Policy::all_party, Policy::per_party, Policy::one_party}) {
    if (text == to_text(policy)) return policy;
  }
  return std::nullopt;
}

PurposeSet satisfied_purposes(Policy policy, std::span<const ConsentView> everyone, std::size_t own) {
  if (own >= everyone.size()) return {};
  PurposeSet of_all = everyone[own].granted;
  PurposeSet of_any;
  for (const ConsentView& one : everyone) {
    of_all &= one.granted;
    of_any |= one.granted;
  }
  switch (policy) {
    case Policy::all_party: return of_all;
    case Policy::per_party: return everyone[own].granted;
    case Policy::one_party: return of_any - everyone[own].refused;
  }
  return {};
}

}  // namespace assent
