#include "engine/catalog/forget_patiently.h"

#include <thread>

namespace assent {

Result<void> forget_patiently(CatalogWriter& writer) {
  constexpr int kAttempts = 20;
  constexpr auto kPause = 100ms;
  Result<void> forgotten = writer.forget_and_wait();
  for (int attempt = 1; attempt < kAttempts && !forgotten; ++attempt) {
    if (forgotten.error().code != Errc::unavailable) break;
    std::this_thread::sleep_for(kPause);
    forgotten = writer.forget_and_wait();
  }
  return forgotten;
}

}  // namespace assent
