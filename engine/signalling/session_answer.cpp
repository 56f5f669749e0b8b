#include "engine/signalling/session_answer.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace assent {

Result<std::string> session_answer(const SessionState& session, const CallView& call) {
  std::vector<SdpAnswer> answers;
  for (const SessionLine& line : session.lines) {
    SdpAnswer answer;
    answer.kind = line.kind;
    answer.protocol = line.protocol;
    answer.label = line.label;
    if (!line.leg.empty()) {
      const auto leg =
          std::find_if(call.legs.begin(), call.legs.end(), [&](const LegView& one) { return one.label == line.leg; });
      if (leg == call.legs.end()) return error(Errc::not_found, "the call has no leg \"" + line.leg + "\"");
      answer.address = parse_address(leg->address, leg->port);
      answer.rtcp_port = leg->rtcp_port;
      answer.formats = line.formats;
      answer.direction = line.direction;
      answer.crypto = line.crypto;
      if (leg->srtp && leg->srtp->fingerprint) answer.fingerprint = *leg->srtp->fingerprint;
      answer.rtcp_mux = line.rtcp_mux && leg->rtcp_port == leg->port;
    }
    answers.push_back(std::move(answer));
  }
  return sdp_answer(session.sdp_id, session.sdp_version, answers);
}

}  // namespace assent
