#include "engine/signalling/sip/sip_admission.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace assent {
namespace {

bool fits(const SipTrunk& trunk, const SipRequest& request) {
  const SipSource& source = request.source;
  const auto holds = [&](const AddressRange& range) { return range.contains(source.from); };
  if (!trunk.from.empty() && std::none_of(trunk.from.begin(), trunk.from.end(), holds)) return false;
  const auto is_named = [&](const std::string& wanted) {
    return std::any_of(source.tls_names.begin(), source.tls_names.end(),
                       [&](const std::string& name) { return equal_but_for_case(name, wanted); });
  };
  if (!trunk.tls_names.empty() && std::none_of(trunk.tls_names.begin(), trunk.tls_names.end(), is_named)) return false;
  // Within a dialog the Request-URI is our Contact, which has the same user.
  return trunk.user.empty() || trunk.user == request.uri_user;
}

}  // namespace

SipAdmission::SipAdmission(std::vector<std::shared_ptr<const SipTrunk>> trunks, std::string realm, const SecretKey& key)
    : trunks_(std::move(trunks)), digest_(std::move(realm), key) {}

SipAdmission::Verdict SipAdmission::judge(const SipRequest& request, MonoTime now) {
  using Answer = DigestChallenge::Verdict;
  bool would_do = false;
  Answer why = Answer::wrong;
  for (const auto& trunk : trunks_) {
    if (!fits(*trunk, request)) continue;
    // Neither has an answer that could carry a challenge (RFC 3261 section 22.1).
    if (trunk->digest == nullptr || request.method == "ACK" || request.method == "CANCEL") return {trunk, {}};
    would_do = true;
    for (const DigestResponse& answer : request.authorization) {
      const Answer verdict = digest_.judge(answer, request.method, *trunk->digest, now);
      if (verdict == Answer::right) return {trunk, {}};
      if (verdict == Answer::stale) why = verdict;
    }
  }
  if (!would_do) return {};
  return {nullptr, digest_.ask(why, now)};
}

std::shared_ptr<const SipTrunk> SipAdmission::trunk(const std::string& name) const {
  const auto found =
      std::find_if(trunks_.begin(), trunks_.end(), [&](const auto& trunk) { return trunk->name() == name; });
  return found == trunks_.end() ? nullptr : *found;
}

}  // namespace assent
