#include "engine/store/segment_store.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace assent {
namespace {

std::string name_with(const SegmentPlace& place, const char* ending) {
  std::array<char, 16> number{};
  std::snprintf(number.data(), number.size(), "-%04u", place.number);
  return object_folder(place.started, place.call) + '/' + to_text(place.leg) + number.data() + ending;
}

bool is_name_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.';
}

}  // namespace

std::vector<Result<void>> SegmentStore::put_all(std::span<const NewObject> objects) {
  std::vector<Result<void>> outcomes;
  for (const NewObject& object : objects) outcomes.push_back(put(object.name, object.content));
  return outcomes;
}

Result<void> SegmentStore::remove_all(std::span<const std::string> names) {
  for (const std::string& name : names) {
    if (auto removed = remove(name); !removed) return removed;
  }
  return {};
}

std::string object_folder(WallTime day, CallId call) { return utc_day(day) + '/' + to_text(call); }
std::string object_name(const SegmentPlace& place) { return name_with(place, ".assent"); }
std::string quarantine_name(const SegmentPlace& place) { return name_with(place, ".quarantined.assent"); }

bool is_object_name(std::string_view name) {
  bool at_start = true;
  for (const char c : name) {
    if (c == '/') {
      if (at_start) return false;
      at_start = true;
    } else {
      if (!is_name_character(c) || (at_start && c == '.')) return false;
      at_start = false;
    }
  }
  return !at_start;
}

}  // namespace assent
