// ProgressBar: how far things are, in one line on a terminal that is written over; elsewhere nothing. One thread.
#pragma once

#include <cstddef>
#include <string>

namespace assent::load {

class ProgressBar {
 public:
  ProgressBar();  // on standard error
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  struct Share {
    std::size_t done = 0;
    std::size_t of = 1;
  };
  void show(const std::string& doing, Share share);

 private:
  bool on_terminal_;
  bool shown_ = false;
};

}  // namespace assent::load
