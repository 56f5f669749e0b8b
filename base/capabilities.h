// What this process may do beyond an ordinary one (capabilities(7)), and giving it up.
//
// Acts on the calling thread, and on those that it starts from then on: call it while there are no others.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "base/result.h"

namespace assent {

enum class Capability : std::uint8_t { net_admin, bpf };

// Gone for good, from every set; what the thread may do otherwise stays. Giving up what one does not have is no error.
Result<void> give_up(std::initializer_list<Capability> capabilities);

}  // namespace assent
