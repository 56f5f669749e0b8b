#include "engine/consent/purpose_set.h"

#include <algorithm>

namespace assent {
namespace {

bool is_purpose_id(std::string_view id) {
  return !id.empty() && id.size() <= limits::kPurposeIdBytes && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

}  // namespace

Result<PurposeRegistry> PurposeRegistry::create(std::vector<std::string> ids) {
  if (ids.empty() || ids.size() > limits::kPurposes) {
    return error(Errc::invalid, "purposes: between 1 and " + std::to_string(limits::kPurposes) + " are needed, not " +
                                    std::to_string(ids.size()));
  }
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (!is_purpose_id(ids[i])) {
      return error(Errc::invalid, "purposes: entry " + std::to_string(i + 1) + " is not 1 to " +
                                      std::to_string(limits::kPurposeIdBytes) + " of a-z, 0-9 and -");
    }
    const auto before = ids.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::find(ids.begin(), before, ids[i]) != before) {
      return error(Errc::invalid, "purposes: \"" + ids[i] + "\" is there twice");
    }
  }
  PurposeRegistry registry;
  std::move(ids.begin(), ids.end(), registry.ids_.begin());
  registry.size_ = ids.size();
  return registry;
}

PurposeRegistry& PurposeRegistry::operator=(const PurposeRegistry& other) {
  const std::size_t known = other.size();
  std::copy_n(other.ids_.begin(), known, ids_.begin());
  size_.store(known, std::memory_order_release);
  return *this;
}

Result<Purpose> PurposeRegistry::add(std::string id) {
  if (const auto known = find(id)) return *known;
  if (!is_purpose_id(id)) return error(Errc::invalid, "purposes: \"" + id + "\" is not 1 to 64 of a-z, 0-9 and -");
  const std::size_t place = size();
  if (place == limits::kPurposes) {
    return error(Errc::exhausted,
                 "purposes: there are " + std::to_string(place) + " already, which is as many as there can be");
  }
  ids_[place] = std::move(id);
  size_.store(place + 1, std::memory_order_release);
  return Purpose(static_cast<std::uint8_t>(place));
}

bool PurposeRegistry::operator==(const PurposeRegistry& other) const {
  const std::size_t known = size();
  return known == other.size() &&
         std::equal(ids_.begin(), ids_.begin() + static_cast<std::ptrdiff_t>(known), other.ids_.begin());
}

PurposeSet PurposeRegistry::all() const {
  PurposeSet all;
  for (std::size_t i = 0; i < size(); ++i) all |= PurposeSet::of(Purpose(static_cast<std::uint8_t>(i)));
  return all;
}

std::optional<Purpose> PurposeRegistry::find(std::string_view id) const {
  const std::size_t known = size();
  for (std::size_t i = 0; i < known; ++i) {
    if (ids_[i] == id) return Purpose(static_cast<std::uint8_t>(i));
  }
  return std::nullopt;
}

Result<PurposeSet> PurposeRegistry::set_of(const std::vector<std::string>& ids) const {
  PurposeSet set;
  for (const std::string& id : ids) {
    const auto purpose = find(id);
    if (!purpose) {
      return error(Errc::invalid,
                   "purpose \"" + id.substr(0, limits::kPurposeIdBytes) + "\" is not one that this pipeline names");
    }
    set |= PurposeSet::of(*purpose);
  }
  return set;
}

std::vector<std::string> PurposeRegistry::ids_of(PurposeSet purposes) const {
  std::vector<std::string> ids;
  const std::size_t known = size();
  for (std::size_t i = 0; i < known; ++i) {
    if (purposes.contains(Purpose(static_cast<std::uint8_t>(i)))) ids.push_back(ids_[i]);
  }
  return ids;
}

}  // namespace assent
