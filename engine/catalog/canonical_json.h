// Canonical JSON: one text for one value, so that a hash of the text is a hash of the value.
//
// UTF-8 without white space; an object's keys sorted by their bytes, no key twice; numbers are integers of 64 bits, in
// decimal, without a sign for zero or leading zeros; of strings only what must be is escaped: \" \\ \b \t \n \f \r, and
// \u00xx in lower case for the other control characters. That is RFC 8785 but for the order of keys (there by UTF-16)
// and the numbers (there doubles): no fraction, no exponent here. Arrays and objects lie at most
// limits::kCanonicalJsonDepth deep. What is not so is refused, never mended silently.
//
// Pure functions, any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace assent {

// The canonical text of any JSON text. Errc::invalid says what it holds that has no canonical form: a key twice, a
// number that is no integer of 64 bits, bytes that are not UTF-8, too deep a nesting; or that it is no JSON.
Result<std::string> canonical_json(std::string_view text);

// Whether the text is the canonical one of an object. It allocates nothing, except for keys with escapes.
bool is_canonical_object(std::string_view text);

// Appends the text as a JSON string. The text must be UTF-8, which is not looked at here.
void append_json_string(std::string& out, std::string_view text);

}  // namespace assent
