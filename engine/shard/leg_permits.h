// LegPermits: under which a leg's blocks are sealed (engine/seal/seal_permit.h): its recording, and apart from it what
// is evidence only, so that a refusal of that voids nothing else. Shard thread, but for what SealPermit says.
#pragma once

#include "engine/consent/audio_use.h"
#include "engine/seal/seal_permit.h"

namespace assent {

class LegPermits {
 public:
  SealPermit& of(AudioUse use) { return use == AudioUse::evidence ? evidence_ : recording_; }
  // Blocks of an epoch before these must not be sealed any more.
  void publish(std::uint32_t recording_from, std::uint32_t evidence_from) {
    recording_.publish(recording_from);
    evidence_.publish(evidence_from);
  }
  // No worker is encrypting a block of this leg at this moment.
  bool quiet() const { return recording_.quiet() && evidence_.quiet(); }

 private:
  SealPermit recording_;
  SealPermit evidence_;
};

}  // namespace assent
