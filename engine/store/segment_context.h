// SegmentIdentity: whose audio a segment is, as its encryption context says: opaque ids, in clear text, for ever.
//
//   assent:call, assent:consent, assent:leg, assent:recording, assent:segment, assent:segment-number, assent:tenant
//
// Pure; any thread.
#pragma once

#include <cstdint>

#include "base/ids.h"
#include "base/result.h"
#include "crypto/message_format.h"

namespace assent {

struct SegmentIdentity {
  CallId call;
  ConsentId consent;  // the record that admitted its audio
  LegId leg;
  RecordingId recording;
  SegmentId segment;
  std::uint32_t number = 0;  // from 1 within the leg
  TenantId tenant;

  bool operator==(const SegmentIdentity&) const = default;
};

MessageContext context_of(const SegmentIdentity& identity);
// Errc::corrupt names the pair that is missing or is not what it should be. Other pairs are ignored.
Result<SegmentIdentity> identity_of(const MessageContext& context);

}  // namespace assent
