#include "engine/store/segment_rebuild.h"

#include <algorithm>
#include <array>
#include <utility>

#include "codecs/matroska/block_writer.h"
#include "crypto/message.h"
#include "crypto/wipe.h"
#include "engine/store/segment_content.h"

namespace assent {
namespace {

using Plain = std::array<std::uint8_t, limits::kFrameBytes>;

class Rebuild {
 public:
  explicit Rebuild(const TornSegment& torn) : torn_(torn) {}
  ~Rebuild() { wipe(plain_); }
  Rebuild(const Rebuild&) = delete;
  Rebuild& operator=(const Rebuild&) = delete;

  Result<RebuiltSegment> run() {
    auto first = read_first();
    if (!first) return first.error();
    if (auto started = start(); !started) return started.error();
    if (auto copied = append_plain(); !copied) return copied.error();
    for (std::uint32_t seq = 2; seq <= torn_.last_seq && !built_.had_final; ++seq) {
      if (auto copied = copy_frame(seq); !copied) return copied.error();
    }
    built_.frames_lost += waiting_;
    if (content_.packets() == 0) return error(Errc::not_found, "no audio of the torn segment verifies");
    finish();
    return std::move(built_);
  }

 private:
  // The frame into plain_; nothing when its page is missing or does not verify.
  Result<std::optional<OpenedFrame>> open(std::uint32_t seq) {
    auto there = torn_.page(seq, page_);
    if (!there) return there.error();
    if (!*there) return std::optional<OpenedFrame>();
    auto opened = torn_.opener.open(reading_, seq, page_, plain_);
    return opened ? std::optional(*opened) : std::optional<OpenedFrame>();
  }

  // Leaves the new segment's first frame in plain_.
  Result<void> read_first() {
    auto opened = open(1);
    if (!opened) return opened.error();
    const bool usable = *opened && (*opened)->kind == FrameKind::regular && content_.feed(1, plain_).has_value();
    head_ = usable ? *content_.head() : SegmentHead{torn_.identity.segment, torn_.identity.leg, {}, {}};
    if (!usable) {
      if (!torn_.codec) return error(Errc::not_found, "the torn segment's first frame is lost, and its codec unknown");
      head_.start = start_of(torn_.identity.segment);
      head_.codec = *torn_.codec;
      matroska::write_head_block(plain_, head_);
      ASSENT_CHECK(content_.feed(1, plain_).has_value());
      ++built_.frames_lost;
    }
    built_.segment = new_id<SegmentId>(head_.start);
    rename_segment();
    return {};
  }

  // The first frame names its segment: the old head's bytes are those we would write, so the new one's fit their place.
  void rename_segment() {
    Plain expected{};
    const std::size_t size = matroska::write_head(expected, head_);
    if (!std::equal(expected.begin(), expected.begin() + static_cast<std::ptrdiff_t>(size), plain_.begin())) return;
    head_.segment = built_.segment;
    matroska::write_head(plain_, head_);
  }

  Result<void> start() {
    SegmentIdentity identity = torn_.identity;
    identity.segment = built_.segment;
    auto sealer = SegmentSealer::create(torn_.leg_key, torn_.leg_key_id, context_of(identity));
    if (!sealer) return sealer.error();
    sealer_ = std::make_unique<SegmentSealer>(*std::move(sealer));
    append(built_.object, sealer_->header());
    return {};
  }

  Result<void> copy_frame(std::uint32_t seq) {
    auto opened = open(seq);
    if (!opened) return opened.error();
    const bool usable = *opened && content_.feed(seq, ByteView(plain_).first((*opened)->plain_bytes)).has_value();
    if (!usable) {
      ++waiting_;
      return {};
    }
    if ((*opened)->kind != FrameKind::regular) {
      built_.had_final = true;
      return {};
    }
    return append_plain();
  }

  // The frames lost before this one become frames of nothing, so that this one keeps its number.
  Result<void> append_plain() {
    for (; waiting_ != 0; --waiting_) {
      Plain nothing{};
      matroska::write_void_block(nothing);
      ++built_.frames_lost;
      seal(nothing);
    }
    seal(plain_);
    return {};
  }

  void seal(const Plain& plain) {
    const std::size_t at = built_.object.size();
    built_.object.resize(at + limits::kPageBytes);
    sealer_->seal_frame(writing_, ++built_.frames, plain,
                        std::span<std::uint8_t, limits::kPageBytes>(built_.object.data() + at, limits::kPageBytes));
  }

  void finish() {
    LegCounts counts = content_.counts().value_or(LegCounts{});
    counts.recorded = content_.packets();
    counts.recovered = 1;
    const std::size_t plain_bytes = matroska::write_tags(plain_, counts);
    const std::size_t at = built_.object.size();
    built_.object.resize(at + limits::kPageBytes);
    const std::size_t frame_bytes = sealer_->seal_final(writing_, ++built_.frames, ByteView(plain_).first(plain_bytes),
                                                        ByteSpan(built_.object).subspan(at));
    built_.object.resize(at + frame_bytes);
    built_.packets = content_.packets();
    built_.started = head_.start;
    built_.ended = *content_.end_time();
  }

  const TornSegment& torn_;
  RebuiltSegment built_;
  SegmentHead head_;
  SegmentContent content_;
  std::unique_ptr<SegmentSealer> sealer_;
  FrameCipher reading_;
  FrameCipher writing_;
  std::uint32_t waiting_ = 0;  // frames lost since the last one that was kept
  Page page_{};
  Plain plain_{};
};

}  // namespace

WallTime start_of(SegmentId segment) {
  // The first 48 bits are milliseconds since 1970; a segment's id is made for the moment its audio starts.
  return WallTime(milliseconds(static_cast<std::int64_t>(load_be64(segment.bytes.data()) >> 16)));
}

Result<RebuiltSegment> rebuild_segment(const TornSegment& torn) { return Rebuild(torn).run(); }

}  // namespace assent
