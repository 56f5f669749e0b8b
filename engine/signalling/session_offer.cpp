#include "engine/signalling/session_offer.h"

#include <string>
#include <utility>

#include "engine/signalling/multipart.h"
#include "engine/signalling/siprec_refusal.h"

namespace assent {
namespace {

bool is_metadata(const BodyPart& part) {
  return part.type == "application/rs-metadata+xml" || part.type == "application/rs-metadata";
}

}  // namespace

Result<SessionOffer, SiprecAnswer> read_session_offer(std::string_view content_type, std::string_view body,
                                                      const Endpoint& from) {
  SessionOffer offer;
  offer.from = from;
  if (body.empty()) return offer;
  const auto parts = body_parts(content_type, body);
  if (!parts) return refusal(400, parts.error().what);
  for (const BodyPart& part : *parts) {
    if (part.type == "application/sdp" && !offer.sdp) {
      auto sdp = parse_sdp(part.content);
      if (!sdp) return refusal(400, sdp.error().what);
      offer.sdp = *std::move(sdp);
    }
    if (is_metadata(part) && !offer.metadata) {
      auto metadata = parse_rs_metadata(part.content);
      if (!metadata) return refusal(400, metadata.error().what);
      offer.metadata = *std::move(metadata);
    }
  }
  if (!offer.sdp && !offer.metadata) return refusal(415, "what is taken is " + std::string(kSiprecBodies));
  return offer;
}

}  // namespace assent
