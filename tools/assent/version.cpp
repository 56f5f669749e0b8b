// assent version.
#include <ostream>

#include "tools/assent/commands.h"

namespace assent {

ExitStatus perform(const VersionArguments& arguments, Console& console) {
  if (arguments.output == Output::json) {
    console.out << "{\"version\": \"" ASSENT_VERSION "\"}\n";
  } else {
    console.out << "assent " ASSENT_VERSION "\n";
  }
  return ExitStatus::ok;
}

}  // namespace assent
