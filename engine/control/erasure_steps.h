// What is on record of an erasure: its steps, in order. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "engine/catalog/catalog.h"

namespace assent {

struct ErasureStep {
  std::string step;
  WallTime at;
  std::string what;
};

struct ErasureView {
  ErasureId id;
  std::string target_kind;
  std::string target_id;
  WallTime requested;
  std::optional<WallTime> done;
  std::vector<ErasureStep> steps;      // taken, in order
  std::optional<std::string> trouble;  // why it is not done, of the attempt just made
  bool held = false;                   // nothing of it has happened: it waits for a hold to end
};

ErasureView view_of(const ErasureRow& row);
void add_step(ErasureRow& row, WallTime at, std::string_view step, std::string_view what);
// In place of the last step, when that has this name: how far it has come.
void set_step(ErasureRow& row, WallTime at, std::string_view step, std::string_view what);
// Of the last of this name; the erasure's own when there is none.
WallTime time_of_step(const ErasureRow& row, std::string_view step);
std::string count_text(std::size_t count, std::string_view noun);  // "1 call", "2 calls"

}  // namespace assent
