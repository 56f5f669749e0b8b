// wipe: overwrites memory in a way the compiler may not leave out (OPENSSL_cleanse). Any thread.
#pragma once

#include "base/bytes.h"

namespace assent {

void wipe(ByteSpan memory);

}  // namespace assent
