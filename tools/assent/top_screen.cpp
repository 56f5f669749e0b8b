#include "tools/assent/top_screen.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace assent {
namespace {

// ECMA-48 and xterm: another screen, the cursor hidden; and back.
constexpr const char* kEnter = "\x1B[?1049h\x1B[?25l";
constexpr const char* kLeave = "\x1B[?25h\x1B[?1049l";
constexpr const char* kHome = "\x1B[H";
constexpr const char* kClearLine = "\x1B[K";
constexpr const char* kClearBelow = "\x1B[J";
constexpr char kCtrlC = 0x03;

struct Size {
  std::size_t rows = 24;
  std::size_t columns = 80;
};

Size size_of_terminal() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) return {};
  return {size.ws_row, size.ws_col};
}

}  // namespace

TopScreen::TopScreen(std::ostream& out, Kind kind) : out_(out), kind_(kind) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGWINCH}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, &signals_before_);
  signals_ = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  if (kind_ != Kind::terminal) return;
  termios mode{};
  if (tcgetattr(STDIN_FILENO, &mode) == 0) {
    mode_before_ = mode;
    // Keys come one by one and are not shown. Ctrl-C comes as a key, too; a Ctrl-Z would leave the terminal as it is.
    mode.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG);
    mode.c_cc[VMIN] = 0;
    mode.c_cc[VTIME] = 0;
    (void)tcsetattr(STDIN_FILENO, TCSANOW, &mode);
  }
  out_ << kEnter << std::flush;
}

TopScreen::~TopScreen() {
  if (kind_ == Kind::terminal) out_ << kLeave << std::flush;
  if (mode_before_) (void)tcsetattr(STDIN_FILENO, TCSANOW, &*mode_before_);
  if (signals_ >= 0) {
    // What came and was not read must not end the process now.
    signalfd_siginfo ignored{};
    while (read(signals_, &ignored, sizeof ignored) == sizeof ignored) {
    }
    close(signals_);
  }
  pthread_sigmask(SIG_SETMASK, &signals_before_, nullptr);
}

void TopScreen::show(const std::vector<std::string>& lines) {
  lines_ = lines;
  if (kind_ == Kind::terminal) return draw();
  for (const std::string& line : lines_) out_ << line << "\n";
  out_ << std::flush;
}

void TopScreen::draw() {
  const Size size = size_of_terminal();
  out_ << kHome;
  // The last row stays free: writing its last column would scroll.
  const std::size_t rows = std::min(lines_.size(), size.rows - 1);
  for (std::size_t i = 0; i < rows; ++i) out_ << lines_[i].substr(0, size.columns) << kClearLine << "\n";
  out_ << kClearBelow << std::flush;
}

bool TopScreen::wait_until(MonoTime time) {
  std::array<pollfd, 2> inputs{{{signals_, POLLIN, 0}, {mode_before_ ? STDIN_FILENO : -1, POLLIN, 0}}};
  for (;;) {
    const nanoseconds left = time - read_mono();
    if (left <= nanoseconds(0)) return true;
    const auto left_ms = std::chrono::ceil<milliseconds>(left).count();
    if (poll(inputs.data(), inputs.size(), static_cast<int>(left_ms)) <= 0) continue;
    if (inputs[1].revents != 0 && wants_to_leave_by_key()) return false;
    signalfd_siginfo signal{};
    while (inputs[0].revents != 0 && read(signals_, &signal, sizeof signal) == sizeof signal) {
      if (signal.ssi_signo != SIGWINCH) return false;
      if (kind_ == Kind::terminal) draw();
    }
  }
}

// A terminal that is gone counts as leaving.
bool TopScreen::wants_to_leave_by_key() {
  std::array<char, 64> keys{};
  const ssize_t count = read(STDIN_FILENO, keys.data(), keys.size());
  if (count <= 0) return true;
  return std::any_of(keys.begin(), keys.begin() + count,
                     [](char key) { return key == 'q' || key == 'Q' || key == kCtrlC; });
}

}  // namespace assent
