// Console: where a command writes: results to `out`, everything else (warnings, progress, failures) to `err`.
// One thread.
#pragma once

#include <iosfwd>
#include <string_view>

#include "base/result.h"
#include "tools/assent/exit_status.h"

namespace assent {

struct Console {
  std::ostream& out;
  std::ostream& err;
  enum class Kind { terminal, file } err_kind = Kind::file;  // progress is shown on a terminal only
  Kind out_kind = Kind::file;                                // what is live is drawn on a terminal only
};

// "assent: " and the sentence; and ExitStatus::failed, to return.
ExitStatus fail(Console& console, std::string_view what);
ExitStatus fail(Console& console, const Error& failure);

// One line on a terminal that is written over as work goes on, and wiped at the end; elsewhere nothing.
class ProgressLine {
 public:
  ProgressLine(Console& console, std::string_view doing) : console_(console), doing_(doing) {}
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void show(std::string_view how_far);  // "12 of 240 segments"

 private:
  Console& console_;
  std::string_view doing_;
  bool shown_ = false;
};

}  // namespace assent
