// What of offered audio is recorded: which of an m-line's formats, and what they are to a leg. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/ingest/leg_payloads.h"
#include "engine/signalling/sdp.h"

namespace assent {

// Of an m-line the formats that this build records, and by a leg that is there, what it takes; with their digits,
// comfort noise and redundancy on the clock of the audio (RFC 4733 section 2.1). Left out are types that could not be
// told from RTCP (64 to 95, RFC 5761 section 4) or that stand for two things. No formats: nothing of it is recorded.
LegPayloads payloads_of(const SdpMedia& media, const std::optional<LegPayloads>& taken = std::nullopt);

// What of the m-line is taken, for its answer.
std::vector<SdpFormat> formats_taken(const SdpMedia& media, const LegPayloads& payloads);

// "PCMU, telephone-event", for a sentence: what was offered.
std::string names_of(const std::vector<SdpMedia>& lines);

}  // namespace assent
