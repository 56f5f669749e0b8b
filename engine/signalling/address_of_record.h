// Addresses of record (RFC 3261 section 10.1, RFC 3966) as recording metadata brings them, and what they say of a
// person. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace assent {

// The stable reference of whom an address stands for: the same however it was written. The scheme and the host are in
// small letters, parameters, headers, ports and passwords are left out; sips is sip. A global number is a person's
// wherever it is served, so "sip:+49-30-1234@192.0.2.1;user=phone" is "tel:+49301234"; a local one keeps its host or
// phone-context. Nothing for what names no one: an empty or overlong address, a host without a user, and callers who
// withhold theirs ("anonymous@anonymous.invalid", RFC 3323), or all of them would be one person.
std::optional<std::string> subject_of(std::string_view aor);

// Whether an address is among these: each an address of record, or a domain ("@example.com").
bool is_among(std::string_view aor, const std::vector<std::string>& addresses);

}  // namespace assent
