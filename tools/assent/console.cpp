#include "tools/assent/console.h"

#include <ostream>

namespace assent {

ExitStatus fail(Console& console, std::string_view what) {
  console.err << "assent: " << what << "\n";
  return ExitStatus::failed;
}

ExitStatus fail(Console& console, const Error& failure) { return fail(console, failure.what); }

void ProgressLine::show(std::string_view how_far) {
  if (console_.err_kind != Console::Kind::terminal) return;
  console_.err << "\r\x1B[K" << doing_ << ": " << how_far << std::flush;
  shown_ = true;
}

ProgressLine::~ProgressLine() {
  if (shown_) console_.err << "\r\x1B[K" << std::flush;
}

}  // namespace assent
