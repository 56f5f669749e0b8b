// TopScreen: the terminal of `assent top`: each frame over the last one on a screen of its own, and the terminal as it
// was at the end, whichever way that comes: q, Ctrl-C, SIGTERM, SIGHUP.
//
// Where standard output is no terminal the lines of frames follow each other as plain text. It owns the terminal's mode
// while it lives, and those signals, which it takes from the calling thread. One thread.
#pragma once

#include <termios.h>

#include <csignal>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "base/time.h"

namespace assent {

class TopScreen {
 public:
  enum class Kind { terminal, file };
  TopScreen(std::ostream& out, Kind kind);
  ~TopScreen();
  TopScreen(const TopScreen&) = delete;
  TopScreen& operator=(const TopScreen&) = delete;

  // What does not fit the terminal is cut.
  void show(const std::vector<std::string>& lines);
  // Waits until then; false when somebody wants to leave. A resized terminal is drawn anew at once.
  bool wait_until(MonoTime time);

 private:
  bool wants_to_leave_by_key();
  void draw();

  std::ostream& out_;
  const Kind kind_;
  int signals_ = -1;  // a signalfd
  sigset_t signals_before_{};
  std::optional<termios> mode_before_;  // of standard input, when that is a terminal
  std::vector<std::string> lines_;
};

}  // namespace assent
