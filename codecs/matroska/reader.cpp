#include "codecs/matroska/reader.h"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <string>

#include "base/limits.h"
#include "base/text.h"
#include "codecs/matroska/codec_mapping.h"

namespace assent {
namespace {

using matroska::ElementId;

struct Element {
  std::uint32_t id = 0;
  std::size_t at = 0;  // offset of its first byte in the frame
  ByteView content;

  bool is(ElementId wanted) const { return id == static_cast<std::uint32_t>(wanted); }
};

// The first thing that was wrong with a frame. Reading goes on with empty elements after it, so that the code below
// reads as the layout does; whoever asks at the end sees the first failure.
class FrameFailure {
 public:
  explicit FrameFailure(std::uint32_t frame) : frame_(frame) {}

  bool happened() const { return first_.has_value(); }
  const Error& get() const { return *first_; }

  void note(std::uint32_t id, std::size_t at, std::string_view why, Errc code = Errc::corrupt) {
    if (first_) return;
    char where[96];
    std::snprintf(where, sizeof where, "matroska element 0x%X at byte %zu of frame %u ", id, at, frame_);
    first_ = error(code, where + std::string(why));
  }

 private:
  std::uint32_t frame_;
  std::optional<Error> first_;
};

// Walks the elements of one stretch of a frame: the frame itself or the content of a master in it.
class ElementCursor {
 public:
  ElementCursor(ByteView bytes, std::size_t at, FrameFailure& failure) : bytes_(bytes), base_(at), failure_(&failure) {}
  ElementCursor(const ElementCursor& in, const Element& master)
      : bytes_(master.content), base_(in.content_at(master)), failure_(in.failure_) {}

  bool at_end() const { return failure_->happened() || at_ == bytes_.size(); }
  std::uint32_t peek_id() const {
    auto copy = *this;
    FrameFailure ignored(0);
    copy.failure_ = &ignored;
    return at_ == bytes_.size() ? 0 : copy.read_id();
  }
  bool next_is(ElementId wanted) const { return peek_id() == static_cast<std::uint32_t>(wanted); }

  // The next element of known size, whatever it is.
  Element next() {
    Element element;
    last_at_ = element.at = base_ + at_;
    last_id_ = element.id = read_id();
    const auto size = read_size(element);
    if (failure_->happened()) return Element{element.id, element.at, {}};
    if (size > bytes_.size() - at_) {
      fault("is longer than what contains it");
      return Element{element.id, element.at, {}};
    }
    element.content = bytes_.subspan(at_, static_cast<std::size_t>(size));
    at_ += static_cast<std::size_t>(size);
    return element;
  }

  Element expect(ElementId wanted) {
    const auto element = next();
    if (!element.is(wanted)) fault("stands where " + hex(wanted) + " belongs");
    return element.is(wanted) ? element : Element{element.id, element.at, {}};
  }

  ElementCursor master(ElementId wanted) { return ElementCursor(*this, expect(wanted)); }

  void expect_unknown_size(ElementId wanted) {
    const auto at = base_ + at_;
    const auto id = read_id();
    if (id != static_cast<std::uint32_t>(wanted) || bytes_.size() - at_ < 8 ||
        load_be64(&bytes_[at_]) != matroska::kUnknownSize) {
      failure_->note(id, at, "is not " + hex(wanted) + " of unknown size");
      return;
    }
    at_ += 8;
  }

  std::uint64_t number(ElementId wanted) {
    const auto element = expect(wanted);
    if (element.content.empty() || element.content.size() > 8) {
      fault("is not a number of 1 to 8 bytes");
      return 0;
    }
    std::uint64_t value = 0;
    for (const auto byte : element.content) value = (value << 8) | byte;
    return value;
  }

  void expect_number(ElementId wanted, std::uint64_t value) {
    if (number(wanted) != value) fault("is not " + std::to_string(value));
  }

  std::string text(ElementId wanted, std::size_t longest) {
    const auto element = expect(wanted);
    if (element.content.size() <= longest) return text_of(element.content);
    fault("is longer than " + std::to_string(longest) + " bytes");
    return {};
  }

  void expect_text(ElementId wanted, std::string_view value) {
    if (text(wanted, matroska::kSize1Max) != value) fault("is not " + std::string(value));
  }

  void expect_end() {
    if (!at_end()) failure_->note(peek_id(), base_ + at_, "is more than belongs here");
  }

  // The last element read from here is not what it should be.
  void fault(std::string_view why, Errc code = Errc::corrupt) { failure_->note(last_id_, last_at_, why, code); }

 private:
  static std::string hex(ElementId id) {
    char text[16];
    std::snprintf(text, sizeof text, "0x%X", static_cast<std::uint32_t>(id));
    return text;
  }

  std::size_t content_at(const Element& master) const {
    return master.content.empty() ? master.at : base_ + static_cast<std::size_t>(master.content.data() - bytes_.data());
  }

  // RFC 8794 section 5: one to four bytes, the number of leading zero bits tells how many; the marker stays in the id.
  std::uint32_t read_id() {
    const auto length = at_ < bytes_.size() ? static_cast<std::size_t>(std::countl_zero(bytes_[at_])) + 1 : 0;
    if (length == 0 || length > 4 || length > bytes_.size() - at_) {
      failure_->note(0, base_ + at_, "has no valid id");
      return 0;
    }
    std::uint32_t id = 0;
    for (std::size_t i = 0; i < length; ++i) id = (id << 8) | bytes_[at_++];
    return id;
  }

  std::uint64_t read_size(const Element& element) {
    const auto length = at_ < bytes_.size() ? static_cast<std::size_t>(std::countl_zero(bytes_[at_])) + 1 : 0;
    if (length == 0 || length > 8 || length > bytes_.size() - at_) {
      failure_->note(element.id, element.at, "has no valid size");
      return 0;
    }
    std::uint64_t size = bytes_[at_++] & (0xFFU >> length);
    for (std::size_t i = 1; i < length; ++i) size = (size << 8) | bytes_[at_++];
    return size;
  }

  ByteView bytes_;
  std::size_t at_ = 0;
  std::size_t base_;
  std::uint32_t last_id_ = 0;
  std::size_t last_at_ = 0;
  FrameFailure* failure_;
};

// ---- head ---------------------------------------------------------------------------------------------------------

void read_ebml(ElementCursor ebml) {
  ebml.expect_number(ElementId::ebml_version, 1);
  ebml.expect_number(ElementId::ebml_read_version, 1);
  ebml.expect_number(ElementId::ebml_max_id_length, 4);
  ebml.expect_number(ElementId::ebml_max_size_length, 8);
  ebml.expect_text(ElementId::doc_type, matroska::kDocType);
  ebml.expect_number(ElementId::doc_type_version, matroska::kDocTypeVersion);
  ebml.expect_number(ElementId::doc_type_read_version, matroska::kDocTypeReadVersion);
  ebml.expect_end();
}

WallTime read_date(ElementCursor& info) {
  const WallTime epoch = std::chrono::sys_days(std::chrono::year{2001} / 1 / 1);
  const auto since_epoch = static_cast<std::int64_t>(info.number(ElementId::date_utc));
  if (since_epoch > INT64_MAX - epoch.time_since_epoch().count()) {
    info.fault("is beyond what a date can be");
    return {};
  }
  return epoch + nanoseconds(since_epoch);
}

void read_info(ElementCursor info, SegmentHead& head) {
  const auto segment = info.expect(ElementId::segment_uuid);
  const auto segment_id = id_from_bytes<SegmentId>(segment.content);
  if (!segment_id) info.fault("is not 16 bytes");
  info.expect_number(ElementId::timestamp_scale, matroska::kScaleNs);
  head.start = read_date(info);
  const auto title = info.expect(ElementId::title);
  const auto leg_id = parse_id<LegId>(text_of(title.content.first(std::min(title.content.size(), std::size_t{64}))));
  if (!leg_id) info.fault("is not a leg id");
  head.muxing_app = info.text(ElementId::muxing_app, kAppNameBytes);
  head.writing_app = info.text(ElementId::writing_app, kAppNameBytes);
  info.expect_end();
  head.segment = segment_id.value_or(SegmentId{});
  head.leg = leg_id.value_or(LegId{});
}

std::uint32_t read_sampling_hz(ElementCursor& audio) {
  const auto rate = std::bit_cast<double>(audio.number(ElementId::sampling_frequency));
  for (const auto known : kClockRates) {
    if (rate == known) return known;
  }
  audio.fault("is not a clock rate we record", Errc::unsupported);
  return 0;
}

void read_audio(ElementCursor audio, matroska::TrackCodec& track) {
  track.sampling_hz = read_sampling_hz(audio);
  const auto channels = audio.number(ElementId::channels);
  if (channels < 1 || channels > kMaxChannels) {
    audio.fault("is not a channel count we record", Errc::unsupported);
  }
  track.channels = static_cast<std::uint8_t>(channels);
  if (audio.next_is(ElementId::bit_depth)) {
    track.bit_depth = static_cast<std::uint8_t>(std::min<std::uint64_t>(audio.number(ElementId::bit_depth), UINT8_MAX));
  }
  audio.expect_end();
}

Codec read_codec(ElementCursor& entry) {
  matroska::TrackCodec track;
  track.id = entry.text(ElementId::codec_id, matroska::kSize1Max);
  if (entry.next_is(ElementId::codec_private)) {
    const auto content = entry.expect(ElementId::codec_private).content;
    if (content.size() > matroska::kSize1Max) entry.fault("is longer than any of ours");
    const auto first = content.first(std::min(content.size(), matroska::kSize1Max));
    track.private_bytes.assign(first.begin(), first.end());
  }
  if (entry.next_is(ElementId::seek_pre_roll)) track.seek_pre_roll_ns = entry.number(ElementId::seek_pre_roll);
  read_audio(entry.master(ElementId::audio), track);
  const auto codec = matroska::codec_of(track);
  if (!codec) entry.fault("ends a track of a codec we do not record", Errc::unsupported);
  return codec.value_or(Codec{});
}

void read_track(ElementCursor entry, SegmentHead& head) {
  entry.expect_number(ElementId::track_number, 1);
  entry.expect_number(ElementId::track_uid, 1);
  entry.expect_number(ElementId::track_type, 2);
  entry.expect_number(ElementId::flag_lacing, 0);
  entry.expect_text(ElementId::language, "und");
  head.codec = read_codec(entry);
  entry.expect_end();
}

SegmentHead read_head(ElementCursor& frame) {
  SegmentHead head;
  read_ebml(frame.master(ElementId::ebml));
  frame.expect_unknown_size(ElementId::segment);
  read_info(frame.master(ElementId::info), head);
  auto tracks = frame.master(ElementId::tracks);
  read_track(tracks.master(ElementId::track_entry), head);
  tracks.expect_end();
  return head;
}

// ---- audio --------------------------------------------------------------------------------------------------------

void read_cluster(ElementCursor cluster, std::vector<SegmentPacket>& packets) {
  constexpr auto kLatest = std::chrono::duration_cast<milliseconds>(limits::kSegmentSpan);
  const auto timestamp = cluster.number(ElementId::timestamp);
  if (timestamp > static_cast<std::uint64_t>(kLatest.count())) {
    cluster.fault("is later than any segment lasts");
    return;
  }
  while (!cluster.at_end()) {
    const auto block = cluster.expect(ElementId::simple_block);
    const auto& bytes = block.content;
    if (bytes.size() <= matroska::kSimpleBlockFields || bytes[0] != matroska::kTrack ||
        bytes[3] != matroska::kKeyFrame) {
      cluster.fault("is not a block of our track");
      return;
    }
    const auto relative_ms = static_cast<std::int16_t>(load_be16(&bytes[1]));
    packets.push_back({milliseconds(static_cast<std::int64_t>(timestamp) + relative_ms),
                       bytes.subspan(matroska::kSimpleBlockFields)});
  }
}

// An optional Cluster, then an optional Void, then the frame's end.
void read_audio_frame(ElementCursor& frame, std::vector<SegmentPacket>& packets) {
  if (frame.next_is(ElementId::cluster)) read_cluster(frame.master(ElementId::cluster), packets);
  if (frame.next_is(ElementId::void_element)) {
    const auto room = frame.expect(ElementId::void_element);
    const bool is_zero = std::ranges::all_of(room.content, [](std::uint8_t byte) { return byte == 0; });
    if (!is_zero) frame.fault("is a Void that hides something");
  }
  frame.expect_end();
}

// ---- tags ---------------------------------------------------------------------------------------------------------

// Names that this build does not know are passed over: a later build counts more.
LegCounts read_tags(ElementCursor tags) {
  LegCounts counts;
  auto tag = tags.master(ElementId::tag);
  tags.expect_end();
  tag.master(ElementId::targets).expect_end();
  while (!tag.at_end()) {
    auto simple = tag.master(ElementId::simple_tag);
    const auto name = simple.text(ElementId::tag_name, matroska::kSize1Max);
    const auto value = simple.expect(ElementId::tag_string);
    simple.expect_end();
    const auto digits = text_of(value.content.first(std::min(value.content.size(), std::size_t{24})));
    const auto number = parse_number<std::uint64_t>(digits);
    if (!number) simple.fault("is not a count");
    for (const auto& known : kLegCountTags) {
      if (name == known.name) counts.*known.count = number.value_or(0);
    }
  }
  return counts;
}

}  // namespace

Result<std::span<const SegmentPacket>> MatroskaReader::feed(ByteView frame) {
  packets_.clear();
  if (failed_) return error(Errc::corrupt, "matroska: a frame before this one was not ours");
  ++frames_;
  const auto read = read_frame(frame);
  if (!read) {
    failed_ = true;
    packets_.clear();
    return read.error();
  }
  return std::span<const SegmentPacket>(packets_);
}

Result<void> MatroskaReader::read_frame(ByteView bytes) {
  FrameFailure failure(frames_);
  ElementCursor frame(bytes, 0, failure);
  if (bytes.size() > limits::kFrameBytes) failure.note(0, 0, "begins a frame that is longer than any of ours");
  if (finished_) failure.note(frame.peek_id(), 0, "comes after the final frame");
  if (failure.happened()) return failure.get();

  if (!head_) {
    auto head = read_head(frame);
    read_audio_frame(frame, packets_);
    if (!failure.happened()) head_ = std::move(head);
  } else if (bytes.empty()) {
    finished_ = true;
  } else if (frame.next_is(ElementId::tags)) {
    auto counts = read_tags(frame.master(ElementId::tags));
    frame.expect_end();
    finished_ = !failure.happened();
    if (finished_) counts_ = counts;
  } else {
    read_audio_frame(frame, packets_);
  }
  if (failure.happened()) return failure.get();
  return {};
}

}  // namespace assent
