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
  return PurposeRegistry(std::move(ids));
}

PurposeSet PurposeRegistry::all() const {
  PurposeSet all;
  for (std::size_t i = 0; i < ids_.size(); ++i) all |= PurposeSet::of(Purpose(static_cast<std::uint8_t>(i)));
  return all;
}

std::optional<Purpose> PurposeRegistry::find(std::string_view id) const {
  const auto found = std::find(ids_.begin(), ids_.end(), id);
  if (found == ids_.end()) return std::nullopt;
  return Purpose(static_cast<std::uint8_t>(found - ids_.begin()));
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
  for (std::size_t i = 0; i < ids_.size(); ++i) {
    if (purposes.contains(Purpose(static_cast<std::uint8_t>(i)))) ids.push_back(ids_[i]);
  }
  return ids;
}

}  // namespace assent
