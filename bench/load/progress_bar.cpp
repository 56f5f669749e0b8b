#include "bench/load/progress_bar.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace assent::load {

namespace {
constexpr std::size_t kWidth = 30;
}

ProgressBar::ProgressBar() : on_terminal_(isatty(STDERR_FILENO) == 1) {}

ProgressBar::~ProgressBar() {
  if (shown_) std::fputs("\r\033[K", stderr);
}

void ProgressBar::show(const std::string& doing, Share share) {
  if (!on_terminal_) return;
  shown_ = true;
  const std::size_t of = std::max<std::size_t>(share.of, 1);
  const std::size_t filled = std::min(share.done, of) * kWidth / of;
  const std::string bar = std::string(filled, '#') + std::string(kWidth - filled, '.');
  std::fprintf(stderr, "\r\033[K%-12s [%s] %zu of %zu", doing.c_str(), bar.c_str(), share.done, of);
  std::fflush(stderr);
}

}  // namespace assent::load
