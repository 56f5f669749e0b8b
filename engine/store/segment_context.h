// SegmentIdentity: whose audio a segment is, as its encryption context says: opaque ids, in clear text, for ever.
//
//   assent:call, assent:consent, assent:leg, assent:recording, assent:segment, assent:segment-number, assent:tenant,
//   assent:use (evidence | both; a segment that is recording and nothing else has none)
//
// Pure; any thread.
#pragma once

#include <cstdint>

#include "base/ids.h"
#include "base/result.h"
#include "crypto/message_format.h"
#include "engine/consent/audio_use.h"

namespace assent {

struct SegmentIdentity {
  CallId call;
  ConsentId consent;  // the record that admitted its audio
  LegId leg;
  RecordingId recording;
  SegmentId segment;
  std::uint32_t number = 0;  // from 1 within the leg
  TenantId tenant;
  AudioUse use = AudioUse::recording;

  bool operator==(const SegmentIdentity&) const = default;
};

MessageContext context_of(const SegmentIdentity& identity);
// Errc::corrupt names the pair that is missing or is not what it should be. Other pairs are ignored.
Result<SegmentIdentity> identity_of(const MessageContext& context);

}  // namespace assent
