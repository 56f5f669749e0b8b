#include "engine/signalling/sip/sip_message.h"

#include <algorithm>

namespace assent {
namespace {

bool holds(const std::vector<std::string>& list, std::string_view wanted) {
  return std::find(list.begin(), list.end(), wanted) != list.end();
}

}  // namespace

std::string_view name_of(SipTransport transport) {
  switch (transport) {
    case SipTransport::udp: return "udp";
    case SipTransport::tcp: return "tcp";
    case SipTransport::tls: return "tls";
  }
  return "udp";
}

bool SipRequest::requires_tag(std::string_view option) const { return holds(require, option); }

bool SipRequest::supports(std::string_view option) const { return holds(supported, option) || holds(require, option); }

}  // namespace assent
