// Comparison whose time depends on the length only, for tags, commitments and tokens. Any thread.
#pragma once

#include "base/bytes.h"

namespace assent {

bool equal_constant_time(ByteView a, ByteView b);  // false at once when the lengths differ

}  // namespace assent
