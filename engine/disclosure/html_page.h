// The page that a person reads first: index.html, in one file without scripts or anything from elsewhere, in the
// reader's own light or dark, with players for the audio files that lie beside it.
//
// It comes in parts, so that no more than one call is held: the head, a section for each call, the end. All text that
// comes from outside is escaped; what is shown is what the other files say. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "engine/disclosure/disclosed.h"

namespace assent {

// For text between tags and within double quotes. Control characters that HTML does not allow become U+FFFD.
std::string html_text(std::string_view text);

std::string page_head(const DisclosedPerson& person);
std::string page_of_call(const DisclosedCall& call);
std::string page_end();

}  // namespace assent
