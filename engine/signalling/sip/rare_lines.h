// RareLines: lets through one line of a kind in a while, and says how many it kept back.
//
// Kinds are few; beyond a bound all others are of one kind. Virtual time; one thread.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/limits.h"
#include "base/time.h"

namespace assent {

class RareLines {
 public:
  explicit RareLines(std::function<void(const std::string&)> tell) : tell_(std::move(tell)) {}

  void tell(const std::string& kind, const std::string& line, MonoTime now) {
    constexpr std::size_t kKinds = 64;
    auto found = lines_.find(kind);
    if (found == lines_.end()) {
      found = lines_.emplace(lines_.size() < kKinds ? kind : std::string("others"), Kind{}).first;
    }
    Kind& one = found->second;
    if (one.told && now - *one.told < limits::kSipTellEvery) {
      ++one.kept_back;
      return;
    }
    const std::string more = one.kept_back == 0 ? "" : " (and " + std::to_string(one.kept_back) + " like it before)";
    one = {now, 0};
    tell_(line + more);
  }

 private:
  struct Kind {
    std::optional<MonoTime> told;
    std::uint64_t kept_back = 0;
  };
  std::function<void(const std::string&)> tell_;
  std::map<std::string, Kind> lines_;
};

}  // namespace assent
