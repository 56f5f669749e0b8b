#include "engine/consent/audio_use.h"

namespace assent {

std::string_view name_of(AudioUse use) {
  switch (use) {
    case AudioUse::recording: return "recording";
    case AudioUse::evidence: return "evidence";
    case AudioUse::both: return "both";
  }
  return "recording";
}

bool parse_name(std::string_view text, AudioUse& out) {
  for (const AudioUse use : {AudioUse::recording, AudioUse::evidence, AudioUse::both}) {
    if (text != name_of(use)) continue;
    out = use;
    return true;
  }
  return false;
}

bool is_for(AudioUse use, std::string_view purpose) {
  if (use == AudioUse::both) return true;
  return (use == AudioUse::evidence) == (purpose == kEvidencePurpose);
}

}  // namespace assent
