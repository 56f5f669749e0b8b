// SipAdmission: which trunk a request comes from, if any.
//
// A trunk is known by everything that is set for it: addresses, names in a verified certificate, the user part of the
// Request-URI, a digest. The first in the file whose conditions hold takes the request. Who fits none gets 403; who
// would fit one but for its digest, 401. Nothing is remembered of either. Virtual time; one thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/address_range.h"
#include "engine/signalling/sip/digest_challenge.h"
#include "engine/signalling/sip/sip_message.h"
#include "engine/signalling/siprec_sessions.h"

namespace assent {

struct SipTrunk {
  std::shared_ptr<const SiprecTrunk> calls;  // with its name
  std::vector<AddressRange> from;            // empty: any
  std::vector<std::string> tls_names;        // empty: with or without a certificate
  std::string user;                          // "": any
  std::shared_ptr<const DigestSecret> digest;
  std::size_t max_sessions = 0;
  bool takes_unmarked = false;  // an INVITE that does not say that it is for a recording session

  const std::string& name() const { return calls->name; }
};

class SipAdmission {
 public:
  // The realm is the one that the trunks' digests were made for.
  SipAdmission(std::vector<std::shared_ptr<const SipTrunk>> trunks, std::string realm, const SecretKey& key);

  struct Verdict {
    std::shared_ptr<const SipTrunk> trunk;  // none: refused
    std::vector<SipHeader> challenge;       // then not empty when a digest would do
  };
  Verdict judge(const SipRequest& request, MonoTime now);

  std::shared_ptr<const SipTrunk> trunk(const std::string& name) const;
  const std::vector<std::shared_ptr<const SipTrunk>>& trunks() const { return trunks_; }

 private:
  std::vector<std::shared_ptr<const SipTrunk>> trunks_;
  DigestChallenge digest_;
};

}  // namespace assent
