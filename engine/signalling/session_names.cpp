#include "engine/signalling/session_names.h"

#include "base/bytes.h"
#include "base/limits.h"
#include "crypto/sha256.h"
#include "engine/signalling/plain_text.h"

namespace assent {
namespace {

template <typename IsTaken>
std::string free_name(const std::string& wanted, IsTaken is_taken) {
  std::string name = wanted;
  for (int number = 2; is_taken(name); ++number) {
    const std::string suffix = " (" + std::to_string(number) + ")";
    name = plain_text(wanted, limits::kRefBytes - suffix.size()) + suffix;
  }
  return name;
}

}  // namespace

std::string ref_of(std::string_view metadata_id) {
  if (metadata_id.size() <= limits::kRefBytes) return std::string(metadata_id);
  return "participant-" + to_hex(sha256(bytes_of(metadata_id)));
}

std::string free_ref(const SessionState& session, const std::string& wanted) {
  return free_name(wanted, [&](const std::string& name) { return session.person(name) != nullptr; });
}

std::string free_label(const SessionState& session, const std::string& wanted) {
  return free_name(wanted, [&](const std::string& name) { return session.leg(name) != nullptr; });
}

}  // namespace assent
