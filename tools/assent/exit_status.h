// What the program's exit code says. `assent --help` shows the same.
#pragma once

namespace assent {

enum class ExitStatus : int {
  ok = 0,      // done, and nothing wrong was found
  failed = 1,  // it could not be done, or something wrong was found
  usage = 2,   // the command line is wrong; nothing was done
};

}  // namespace assent
