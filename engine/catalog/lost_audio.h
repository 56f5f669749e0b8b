// LostAudio: what is known to be missing of a recording, as RecordingRow.lost_json keeps it: an object of
//
//     interrupted    true when the engine stopped or died while the call was in progress
//     interruptions  [{from, to}] of a call that went on after a restart: nothing was heard between
//     legs           {leg: [{segment, frames_kept, frames_lost, end_unknown}]} of torn segments
//     gaps           [{leg, from, to, blocks, packets}] of audio that could not be sealed in time
//     why            what kept the recording from being whole
//
// Empty when nothing is. Pure functions, any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"

namespace assent {

// What was known before, and what came to be known since. Lists are joined; else what is new counts.
std::string joined_losses(std::string_view before, std::string_view since);
std::string with_interruption(std::string_view before, WallTime from, WallTime to);

}  // namespace assent
