// Polls what another thread brings about; a test that waits for 20 s in vain has failed.
#pragma once

#include <thread>

#include "base/time.h"
#include "catch.h"

namespace assent {

template <typename Condition>
void wait_until(Condition&& condition) {
  const MonoTime end = read_mono() + 20s;
  while (!condition()) {
    REQUIRE(read_mono() < end);
    std::this_thread::sleep_for(1ms);
  }
}

}  // namespace assent
