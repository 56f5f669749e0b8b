// README.txt: what is in the archive and how to read it, for a person without any of our programs. Pure; any thread.
#pragma once

#include <string>

#include "engine/disclosure/disclosed.h"

namespace assent {

std::string readme_of(const DisclosedPerson& person);

}  // namespace assent
