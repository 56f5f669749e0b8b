#include "engine/store/segment_source.h"

#include <algorithm>
#include <utility>

#include "engine/store/segment_content.h"
#include "engine/store/segment_frames.h"

namespace assent {

struct SegmentSource::State {
  SegmentStore& store;
  std::vector<SegmentRow> segments;
  LegKeys keys;
  std::size_t next_segment = 0;
  std::vector<LegDamage> damages{};

  // The segment being read.
  struct Current {
    std::unique_ptr<ObjectBytes> object;
    SegmentFrames frames;
    SegmentContent content{};
    std::span<const ContentPacket> packets{};
    std::size_t next_packet = 0;
  };
  std::unique_ptr<Current> current{};

  const SegmentRow& row() const { return segments[next_segment - 1]; }
  void note(SegmentDamage damage) { damages.push_back({row().id, std::move(damage)}); }

  Result<void> open_next();
  Result<bool> read_frame();
};

namespace {

bool comes_before(const SegmentRow& a, const SegmentRow& b) {
  return std::pair(a.started, a.number) < std::pair(b.started, b.number);
}

}  // namespace

SegmentSource::SegmentSource(SegmentStore& store, std::vector<SegmentRow> segments, LegKeys keys) {
  std::erase_if(segments, [](const SegmentRow& row) { return row.state != SegmentState::stored; });
  std::sort(segments.begin(), segments.end(), comes_before);
  state_ = std::unique_ptr<State>(new State{store, std::move(segments), std::move(keys)});
}

SegmentSource::~SegmentSource() = default;
SegmentSource::SegmentSource(SegmentSource&&) noexcept = default;
SegmentSource& SegmentSource::operator=(SegmentSource&&) noexcept = default;

const std::vector<LegDamage>& SegmentSource::damages() const { return state_->damages; }

Result<void> SegmentSource::State::open_next() {
  ++next_segment;
  auto object = store.open(row().object);
  if (!object) return object.error();
  auto bytes = read_header_bytes(**object);
  if (!bytes) return bytes.error();
  auto header = open_header(*bytes, keys);
  if (!header) {
    if (header.error().code != Errc::corrupt) return header.error();
    note({"bad_header", 0, 0, header.error().what});
    return {};
  }
  SegmentFrames frames(**object, std::move(header->opener));
  current = std::unique_ptr<Current>(new Current{*std::move(object), std::move(frames)});
  return {};
}

// Reads on until a frame with packets; false at the segment's end.
Result<bool> SegmentSource::State::read_frame() {
  for (;;) {
    auto step = current->frames.next();
    if (!step) return step.error();
    if (!*step) return false;
    if (const auto* fault = std::get_if<MessageFault>(&**step)) {
      note({std::string(name_of(fault->kind)), fault->offset, fault->frame, fault->what});
      continue;
    }
    const auto& frame = std::get<VerifiedFrame>(**step);
    auto packets = current->content.feed(frame.seq, frame.plain);
    if (!packets) {
      note({"content", current->frames.header().frame_offset(frame.seq), frame.seq, packets.error().what});
      continue;
    }
    if (packets->empty()) continue;
    current->packets = *packets;
    current->next_packet = 0;
    return true;
  }
}

Result<std::optional<LegPacket>> SegmentSource::next() {
  State& at = *state_;
  for (;;) {
    if (at.current == nullptr) {
      if (at.next_segment == at.segments.size()) return std::optional<LegPacket>();
      if (auto opened = at.open_next(); !opened) return opened.error();
      continue;
    }
    if (at.current->next_packet < at.current->packets.size()) {
      const ContentPacket& packet = at.current->packets[at.current->next_packet++];
      return std::optional(LegPacket{packet.at, at.current->content.head()->codec, packet.payload});
    }
    auto more = at.read_frame();
    if (!more) return more.error();
    if (!*more) at.current.reset();
  }
}

}  // namespace assent
