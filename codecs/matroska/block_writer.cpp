#include "codecs/matroska/block_writer.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>
#include <string_view>

#include "codecs/matroska/codec_mapping.h"
#include "codecs/matroska/layout.h"
#include "codecs/matroska/packet_walk.h"

namespace assent::matroska {
namespace {

// Head and Tags are built element by element into one span; a master's size is two bytes, closed once its content is
// known.
class ElementWriter {
 public:
  explicit ElementWriter(ByteSpan out) : out_(out) {}

  std::size_t size() const { return at_; }

  void id(ElementId id) {
    const auto value = static_cast<std::uint32_t>(id);
    for (int shift = 24; shift >= 0; shift -= 8) {
      if ((value >> shift) != 0) byte(static_cast<std::uint8_t>(value >> shift));
    }
  }

  template <typename Content>
  void master(ElementId element, Content&& content) {
    id(element);
    const auto size_at = at_;
    at_ += 2;
    content();
    const auto size = at_ - size_at - 2;
    ASSENT_CHECK(at_ <= out_.size() && size <= kSize2Max);
    store_be16(&out_[size_at], static_cast<std::uint16_t>(0x4000 | size));
  }

  void unknown_size(ElementId element) {
    id(element);
    big_endian(kUnknownSize, 8);
  }

  void number(ElementId element, std::uint64_t value, std::size_t width = 1) {
    id(element);
    byte(static_cast<std::uint8_t>(0x80 | width));
    big_endian(value, width);
  }

  void real(ElementId element, double value) { number(element, std::bit_cast<std::uint64_t>(value), 8); }

  void binary(ElementId element, ByteView value) {
    ASSENT_CHECK(value.size() <= kSize1Max && at_ + 5 + value.size() <= out_.size());
    id(element);
    byte(static_cast<std::uint8_t>(0x80 | value.size()));
    if (!value.empty()) std::memcpy(&out_[at_], value.data(), value.size());
    at_ += value.size();
  }

  void text(ElementId element, std::string_view value) { binary(element, bytes_of(value)); }

 private:
  void byte(std::uint8_t value) {
    ASSENT_CHECK(at_ < out_.size());
    out_[at_++] = value;
  }

  void big_endian(std::uint64_t value, std::size_t width) {
    for (std::size_t i = width; i-- > 0;) byte(static_cast<std::uint8_t>(value >> (8 * i)));
  }

  ByteSpan out_;
  std::size_t at_ = 0;
};

// Zeros matter: what a Void covers is sealed with the rest, and must not be what the memory held before.
void write_void(ByteSpan room) {
  if (room.empty()) return;
  ASSENT_CHECK(room.size() >= 2 && room.size() <= kSize2Max);
  std::memset(room.data(), 0, room.size());
  room[0] = static_cast<std::uint8_t>(ElementId::void_element);
  if (room.size() <= kVoid1Max) {
    room[1] = static_cast<std::uint8_t>(0x80 | (room.size() - 2));
  } else {
    store_be16(&room[1], static_cast<std::uint16_t>(0x4000 | (room.size() - 3)));
  }
}

std::int64_t wall_ms(WallTime time) { return std::chrono::floor<milliseconds>(time).time_since_epoch().count(); }

// Nanoseconds since 2001-01-01T00:00:00 UTC, the epoch of Matroska's dates (RFC 8794 section 7.6).
std::int64_t matroska_date(WallTime time) {
  constexpr auto kEpoch = std::chrono::sys_days(std::chrono::year{2001} / 1 / 1);
  return nanoseconds(std::chrono::floor<milliseconds>(time) - kEpoch).count();
}

void write_info(ElementWriter& out, const SegmentHead& head) {
  out.master(ElementId::info, [&] {
    out.binary(ElementId::segment_uuid, head.segment.view());
    out.number(ElementId::timestamp_scale, kScaleNs, 3);
    out.number(ElementId::date_utc, static_cast<std::uint64_t>(matroska_date(head.start)), 8);
    out.text(ElementId::title, to_text(head.leg));
    out.text(ElementId::muxing_app, std::string_view(head.muxing_app).substr(0, kAppNameBytes));
    out.text(ElementId::writing_app, std::string_view(head.writing_app).substr(0, kAppNameBytes));
  });
}

void write_tracks(ElementWriter& out, const SegmentHead& head) {
  const TrackCodec codec = track_codec_of(head.codec);
  out.master(ElementId::tracks, [&] {
    out.master(ElementId::track_entry, [&] {
      out.number(ElementId::track_number, 1);
      out.number(ElementId::track_uid, 1);
      out.number(ElementId::track_type, 2);
      out.number(ElementId::flag_lacing, 0);
      out.text(ElementId::language, "und");
      out.text(ElementId::codec_id, codec.id);
      if (!codec.private_bytes.empty()) out.binary(ElementId::codec_private, codec.private_bytes);
      if (codec.seek_pre_roll_ns != 0) out.number(ElementId::seek_pre_roll, codec.seek_pre_roll_ns, 4);
      out.master(ElementId::audio, [&] {
        out.real(ElementId::sampling_frequency, codec.sampling_hz);
        out.number(ElementId::channels, codec.channels);
        if (codec.bit_depth != 0) out.number(ElementId::bit_depth, codec.bit_depth);
      });
    });
  });
}

}  // namespace

ClusterWriter ClusterWriter::begin(ByteSpan block, WallTime first, std::size_t offset) {
  ASSENT_CHECK(block.size() <= kSize2Max && offset + kClusterHead + 2 <= block.size());
  std::uint8_t* const cluster = block.data() + offset;
  store_be32(cluster, static_cast<std::uint32_t>(ElementId::cluster));
  store_be16(cluster + kClusterSizeAt, 0x4000);
  cluster[kClusterContentAt] = static_cast<std::uint8_t>(ElementId::timestamp);
  cluster[kClusterContentAt + 1] = 0x88;
  store_be64(cluster + kTimestampValueAt, 0);
  return {block.data(), wall_ms(first), static_cast<std::uint16_t>(block.size()), static_cast<std::uint16_t>(offset),
          static_cast<std::uint16_t>(offset + kClusterHead)};
}

bool ClusterWriter::fits(std::size_t payload_bytes, WallTime at) const {
  const auto relative_ms = wall_ms(at) - first_ms;
  return payload_bytes > 0 && payload_bytes <= limits::kPayloadBytes &&
         kSimpleBlockHead + payload_bytes <= room_bytes() && relative_ms >= INT16_MIN && relative_ms <= INT16_MAX;
}

std::int16_t ClusterWriter::relative_ms(WallTime at) const { return static_cast<std::int16_t>(wall_ms(at) - first_ms); }

void ClusterWriter::append(ByteView payload, WallTime at) {
  ASSENT_CHECK(is_open() && fits(payload.size(), at));
  std::uint8_t* const out = block + end;
  // A single byte left over could not be made a Void, so the size takes it.
  const bool long_size = room_bytes() == kSimpleBlockHead + payload.size() + 1;
  std::uint8_t* const behind = put_packet(long_size ? out + 1 : out, payload, relative_ms(at));
  if (long_size) {
    out[0] = static_cast<std::uint8_t>(ElementId::simple_block);
    out[1] = kSize3Mark;
    store_be16(out + 2, static_cast<std::uint16_t>(kSimpleBlockFields + payload.size()));
  }
  end = static_cast<std::uint16_t>(behind - block);
}

std::size_t ClusterWriter::fitting(std::size_t payload_bytes) const {
  if (!is_open() || payload_bytes == 0 || payload_bytes > limits::kPayloadBytes) return 0;
  const std::size_t each = kSimpleBlockHead + payload_bytes;
  const std::size_t packets = room_bytes() / each;
  return packets != 0 && room_bytes() - packets * each == 1 ? packets - 1 : packets;
}

void ClusterWriter::skip(std::size_t packets, std::size_t payload_bytes) {
  const std::size_t bytes = packets * (kSimpleBlockHead + payload_bytes);
  ASSENT_CHECK(bytes <= room_bytes());
  end = static_cast<std::uint16_t>(end + bytes);
}

void ClusterWriter::finish() {
  ASSENT_CHECK(is_open());
  const auto size = std::size_t{end} - cluster_at - kClusterContentAt;
  store_be16(block + cluster_at + kClusterSizeAt, static_cast<std::uint16_t>(0x4000 | size));
  write_void(ByteSpan(block, block_bytes).subspan(end));
  *this = ClusterWriter{};
}

std::uint8_t* put_packet(std::uint8_t* to, ByteView payload, std::int16_t relative_ms) {
  const auto size = static_cast<std::uint32_t>(kSimpleBlockFields + payload.size());
  const std::uint64_t head = std::uint64_t{static_cast<std::uint8_t>(ElementId::simple_block)} << 56 |
                             std::uint64_t{0x4000 | size} << 40 | std::uint64_t{kTrack} << 32 |
                             std::uint64_t{static_cast<std::uint16_t>(relative_ms)} << 16 |
                             std::uint64_t{kKeyFrame} << 8;
  store_be64(to, head);  // its last byte lies where the payload begins
  std::memcpy(to + kSimpleBlockHead, payload.data(), payload.size());
  return to + kSimpleBlockHead + payload.size();
}

std::size_t packets_in(ByteView block) {
  std::size_t packets = 0;
  for_each_payload(block, [&](ByteView) { ++packets; });
  return packets;
}

void patch_timestamp(ByteSpan cluster, milliseconds since_segment_start) {
  ASSENT_CHECK(cluster.size() >= kClusterHead);
  const auto ms = since_segment_start.count();
  store_be64(&cluster[kTimestampValueAt], ms > 0 ? static_cast<std::uint64_t>(ms) : 0);
}

std::size_t write_head(ByteSpan block, const SegmentHead& head) {
  ElementWriter out(block);
  out.master(ElementId::ebml, [&] {
    out.number(ElementId::ebml_version, 1);
    out.number(ElementId::ebml_read_version, 1);
    out.number(ElementId::ebml_max_id_length, 4);
    out.number(ElementId::ebml_max_size_length, 8);
    out.text(ElementId::doc_type, kDocType);
    out.number(ElementId::doc_type_version, kDocTypeVersion);
    out.number(ElementId::doc_type_read_version, kDocTypeReadVersion);
  });
  out.unknown_size(ElementId::segment);
  write_info(out, head);
  write_tracks(out, head);
  return out.size();
}

void write_head_block(ByteSpan block, const SegmentHead& head) {
  const auto offset = write_head(block, head);
  ClusterWriter::begin(block, head.start, offset).finish();
}

void write_void_block(ByteSpan block) { write_void(block); }

std::size_t write_tags(ByteSpan out_bytes, const LegCounts& counts) {
  ElementWriter out(out_bytes);
  out.master(ElementId::tags, [&] {
    out.master(ElementId::tag, [&] {
      out.master(ElementId::targets, [] {});
      for (const auto& [name, count] : kLegCountTags) {
        out.master(ElementId::simple_tag, [&, tag_name = name, value = counts.*count] {
          out.text(ElementId::tag_name, tag_name);
          out.text(ElementId::tag_string, std::to_string(value));
        });
      }
    });
  });
  return out.size();
}

}  // namespace assent::matroska
