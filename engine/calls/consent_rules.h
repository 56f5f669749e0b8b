// ConsentRules: what the pipeline file says of consent in the calls of each tenant, before a call itself says
// otherwise.
//
// Plain values, read from the file and swapped whole when it is read again; a call keeps those it came with. Any
// thread.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "engine/catalog/catalog.h"
#include "engine/consent/policy.h"

namespace assent {

// Of one tenant's calls.
struct TenantConsent {
  Policy policy = Policy::all_party;
  std::vector<std::string> standing_roles;  // whose consent counts when it is on file
  std::optional<nanoseconds> validity;      // of a grant that does not bring a shorter one
  std::optional<ErasureScope> erasure;      // none: by the call's policy

  bool counts_standing(const std::string& role) const {
    return std::find(standing_roles.begin(), standing_roles.end(), role) != standing_roles.end();
  }
  // What one participant's erasure takes of a call: under all-party the recording was made with everybody's consent.
  ErasureScope erasure_in(Policy call_policy) const {
    return erasure.value_or(call_policy == Policy::all_party ? ErasureScope::call : ErasureScope::leg);
  }
  bool operator==(const TenantConsent&) const = default;
};

struct ConsentRules {
  TenantConsent every;                           // of a tenant without its own
  std::map<std::string, TenantConsent> tenants;  // by name

  const TenantConsent& of(const std::string& tenant) const {
    const auto found = tenants.find(tenant);
    return found == tenants.end() ? every : found->second;
  }
};

}  // namespace assent
