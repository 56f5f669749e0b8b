#include "engine/signalling/session_lines.h"

#include <algorithm>

#include "base/limits.h"
#include "engine/signalling/plain_text.h"

namespace assent {
namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

std::string name_of(const SessionLine& line, std::size_t place) {
  std::string label = plain_text(line.label, limits::kRefBytes);
  return label.empty() ? "stream-" + std::to_string(place + 1) : label;
}

template <typename Lines>
std::size_t place_of_label(const Lines& lines, const std::string& label) {
  std::size_t place = kNone;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].label != label) continue;
    if (place != kNone) return kNone;  // it tells nothing
    place = i;
  }
  return place;
}

// Where the m-line that is `place` now was before.
std::size_t former_place(const SdpSession& offer, std::size_t place, const SessionState& before) {
  const std::string& label = offer.media[place].label;
  if (!label.empty() && place_of_label(offer.media, label) == place) {
    const std::size_t former = place_of_label(before.lines, label);
    if (former != kNone) return former;
  }
  if (place >= before.lines.size()) return kNone;
  // In its place, unless the one that was there is known to be another or to be elsewhere now.
  const std::string& former_label = before.lines[place].label;
  const bool is_another = !label.empty() && !former_label.empty() && label != former_label;
  const bool is_elsewhere =
      !former_label.empty() && label.empty() && place_of_label(offer.media, former_label) != kNone;
  return is_another || is_elsewhere ? kNone : place;
}

SessionLine line_of(const SdpMedia& media) {
  SessionLine line;
  line.kind = media.kind;
  line.protocol = media.protocol;
  line.label = media.label;
  const bool sends = media.direction == SdpDirection::sendonly || media.direction == SdpDirection::sendrecv;
  line.direction = sends ? SdpDirection::recvonly : SdpDirection::inactive;
  line.rtcp_mux = media.rtcp_mux;
  line.record = media.record;
  line.recordpref = media.recordpref;
  return line;
}

}  // namespace

std::vector<WantedLine> lines_of(const SdpSession& offer, const SessionState& before) {
  std::vector<WantedLine> lines;
  std::vector<bool> claimed(before.lines.size());
  for (std::size_t i = 0; i < offer.media.size(); ++i) {
    WantedLine wanted;
    wanted.media = &offer.media[i];
    wanted.line = line_of(offer.media[i]);
    const std::size_t former = former_place(offer, i, before);
    if (former != kNone && !claimed[former]) {
      claimed[former] = true;
      wanted.old_leg = before.lines[former].leg;
      if (wanted.line.label.empty()) wanted.line.label = before.lines[former].label;
    }
    wanted.name = name_of(wanted.line, i);
    lines.push_back(std::move(wanted));
  }
  return lines;
}

std::vector<WantedLine> lines_of(const SessionState& before) {
  std::vector<WantedLine> lines;
  for (std::size_t i = 0; i < before.lines.size(); ++i) {
    WantedLine wanted;
    wanted.line = before.lines[i];
    wanted.old_leg = before.lines[i].leg;
    wanted.name = name_of(before.lines[i], i);
    lines.push_back(std::move(wanted));
  }
  return lines;
}

}  // namespace assent
