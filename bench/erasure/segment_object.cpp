#include "bench/erasure/segment_object.h"

#include <array>

#include "codecs/matroska/block_writer.h"
#include "engine/store/segment_store.h"

namespace assent::erasure {
namespace {

constexpr milliseconds kPacketTime{200};  // with 40 ms of sound each: something to hear, in little room
constexpr std::size_t kPacketBytes = 320;
constexpr std::uint8_t kSilence = 0xFF;  // of mu-law
constexpr std::uint32_t kFrames = 3;

}  // namespace

Result<SegmentObject> seal_segment(const SegmentIdentity& identity, const LegSecret& leg, WallTime started,
                                   FrameCipher& cipher) {
  auto sealer = SegmentSealer::create(leg.key, leg.id, context_of(identity));
  if (!sealer) return sealer.error();
  std::array<std::uint8_t, limits::kFrameBytes> plain{};
  std::array<std::uint8_t, limits::kPageBytes> page{};
  Bytes bytes = sealer->take_header();

  matroska::write_head_block(plain, {identity.segment, identity.leg, started, Codec{}, "assent", "assent"});
  sealer->seal_frame(cipher, 1, plain, page);
  append(bytes, page);

  auto cluster = matroska::ClusterWriter::begin(plain, started);
  const Bytes payload(kPacketBytes, kSilence);
  for (milliseconds at{0}; at < kSegmentTime; at += kPacketTime) cluster.append(payload, started + at);
  cluster.finish();
  matroska::patch_timestamp(plain, milliseconds(0));
  sealer->seal_frame(cipher, 2, plain, page);
  append(bytes, page);

  std::array<std::uint8_t, limits::kFinalFrameBytes> tags{};
  const std::size_t tags_bytes = matroska::write_tags(tags, {});
  const std::size_t final_bytes = sealer->seal_final(cipher, kFrames, ByteView(tags).first(tags_bytes), page);
  append(bytes, ByteView(page).first(final_bytes));

  const SegmentPlace place{started, identity.call, identity.leg, identity.number};
  SegmentRow row{
      identity.segment,     identity.recording, identity.call, identity.leg, identity.number,        object_name(place),
      SegmentState::stored, bytes.size(),       kFrames,       started,      started + kSegmentTime, false,
      identity.use};
  return SegmentObject{std::move(row), std::move(bytes)};
}

}  // namespace assent::erasure
