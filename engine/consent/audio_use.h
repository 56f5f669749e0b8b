// AudioUse: what a stretch of recorded audio may be used for, apart from which purposes were agreed to.
//
//     hold, wiped    evidence      both                      recording
//     ---------------+-------------+-------------------------+------------------->  time of the leg
//                    |<- around -> opt-in <- around ->|
//
// Where a pipeline keeps the spoken answer ([consent] evidence), the seconds before an opt-in that its preroll rules
// out are kept apart: they prove that the person said yes, and were not agreed to for anything else. So they are read
// for the purpose `consent-evidence` only, and that purpose reads them and the seconds after the opt-in, and no more.
// It is a purpose like any other in all else: granted, or not, by each person, and taken back by them. Alone it opens
// no gate.
//
// A segment is of one use, which its encryption context names. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.h"
#include "engine/consent/purpose_set.h"

namespace assent {

inline constexpr std::string_view kEvidencePurpose = "consent-evidence";

enum class AudioUse : std::uint8_t { recording, evidence, both };

std::string_view name_of(AudioUse use);
bool parse_name(std::string_view text, AudioUse& out);

// Whether audio of this use may be read for the purpose at all.
bool is_for(AudioUse use, std::string_view purpose);

// What a call keeps of the spoken answer.
struct SpokenAnswer {
  nanoseconds around{0};  // before the opt-in, and after it
  Purpose purpose;        // kEvidencePurpose, in the call's registry

  bool operator==(const SpokenAnswer&) const = default;
};

}  // namespace assent
