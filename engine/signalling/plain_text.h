// Text from outside, made fit to be kept as a name: proper UTF-8 (RFC 3629) without control characters, of bounded
// length. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace assent {

// What is no UTF-8 becomes '?', control characters and white space become a blank, none at either end; what does not
// fit is cut off, between two characters.
std::string plain_text(std::string_view text, std::size_t most_bytes);

}  // namespace assent
