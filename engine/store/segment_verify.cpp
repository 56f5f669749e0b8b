#include "engine/store/segment_verify.h"

#include <algorithm>
#include <utility>

#include "engine/store/segment_content.h"
#include "engine/store/segment_frames.h"

namespace assent {
namespace {

SegmentDamage damage_of(const MessageFault& fault) {
  return {std::string(name_of(fault.kind)), fault.offset, fault.frame, fault.what};
}

SegmentDamage context_damage(const char* what) { return {"context", 0, 0, what}; }

// What a header says in clear text; nothing when it cannot be read.
std::optional<MessageHeader> read_clear_header(ByteView bytes, SegmentReport& report) {
  auto header = parse_header(bytes);
  if (!header) {
    report.damages.push_back(damage_of(header.error()));
    return std::nullopt;
  }
  report.leg_key = leg_key_id_of(*header);
  auto identity = identity_of(header->context);
  if (identity) {
    report.identity = *identity;
  } else {
    report.damages.push_back({"context", 0, 0, identity.error().what});
  }
  if (header->frame_bytes != limits::kFrameBytes) {
    report.damages.push_back({"bad_header", 0, 0, "frames of " + std::to_string(header->frame_bytes) + " bytes"});
    return std::nullopt;
  }
  return *std::move(header);
}

// The frames' numbers and places, as they stand in clear text.
class ClearWalk {
 public:
  ClearWalk(ObjectBytes& object, const MessageHeader& header, SegmentReport& report)
      : object_(object), header_(header), report_(report) {}

  Result<void> run() {
    for (std::uint32_t seq = 1;; ++seq) {
      const std::uint64_t offset = header_.frame_offset(seq);
      if (offset >= report_.size_bytes) {
        if (report_.damages.size() == known_) damage("final_missing", offset, seq, "no final frame");
        return {};
      }
      std::array<std::uint8_t, limits::kFinalFrameOverhead> begin{};
      auto got = object_.read_at(offset, begin);
      if (!got) return got.error();
      if (*got < begin.size()) {
        damage("truncated", offset, seq, "the segment ends within a frame");
        return {};
      }
      if (load_be32(begin.data()) == kFinalFrameMark) return check_final(begin.data(), offset, seq);
      check_regular(begin.data(), offset, seq);
    }
  }

 private:
  void damage(const char* kind, std::uint64_t offset, std::uint32_t frame, std::string what) {
    report_.damages.push_back({kind, offset, frame, std::move(what)});
  }

  void check_number(std::uint32_t stands, std::uint64_t offset, std::uint32_t seq) {
    if (stands == seq) {
      ++report_.frames;
      return;
    }
    damage("frame_out_of_order", offset, seq,
           "frame " + std::to_string(stands) + " stands where frame " + std::to_string(seq) + " belongs");
  }

  void check_regular(const std::uint8_t* begin, std::uint64_t offset, std::uint32_t seq) {
    if (offset + limits::kPageBytes > report_.size_bytes) {
      damage("truncated", offset, seq, "the segment ends within a frame");
    } else {
      check_number(load_be32(begin), offset, seq);
    }
  }

  Result<void> check_final(const std::uint8_t* begin, std::uint64_t offset, std::uint32_t seq) {
    report_.has_final = true;
    check_number(load_be32(begin + 4), offset, seq);
    const std::uint64_t plain_bytes = load_be32(begin + 4 + 4 + 12);
    const std::uint64_t end = offset + limits::kFinalFrameOverhead + plain_bytes;
    if (plain_bytes > limits::kFrameBytes) {
      damage("bad_frame", offset, seq, "the final frame says it has " + std::to_string(plain_bytes) + " bytes");
    } else if (end > report_.size_bytes) {
      damage("truncated", offset, seq, "the segment ends within its final frame");
    } else if (end < report_.size_bytes) {
      damage("trailing_bytes", end, seq, std::to_string(report_.size_bytes - end) + " bytes follow the final frame");
    }
    return {};
  }

  ObjectBytes& object_;
  const MessageHeader& header_;
  SegmentReport& report_;
  std::size_t known_ = report_.damages.size();  // damages from before the walk
};

void check_head(const SegmentHead& head, SegmentReport& report) {
  if (!report.identity) return;
  if (head.segment != report.identity->segment) {
    report.damages.push_back(context_damage("the header and the first frame name different segments"));
  }
  if (head.leg != report.identity->leg) {
    report.damages.push_back(context_damage("the header and the first frame name different legs"));
  }
}

Result<void> walk_with_key(SegmentFrames& frames, SegmentReport& report) {
  SegmentContent content;
  for (;;) {
    auto step = frames.next();
    if (!step) return step.error();
    if (!*step) break;
    if (const auto* fault = std::get_if<MessageFault>(&**step)) {
      report.damages.push_back(damage_of(*fault));
      continue;
    }
    const auto& frame = std::get<VerifiedFrame>(**step);
    ++report.frames;
    report.has_final = report.has_final || frame.kind == FrameKind::final_frame;
    auto packets = content.feed(frame.seq, frame.plain);
    // Without the first frame the others cannot be read; that it is damaged has been said.
    if (packets || packets.error().code == Errc::not_found) continue;
    report.damages.push_back({"content", frames.header().frame_offset(frame.seq), frame.seq, packets.error().what});
  }
  report.packets = content.packets();
  report.first_time = content.first_time();
  report.end_time = content.end_time();
  report.head = content.head();
  report.counts = content.counts();
  if (report.head) check_head(*report.head, report);
  return {};
}

}  // namespace

Result<SegmentReport> verify_segment_without_keys(ObjectBytes& object) {
  SegmentReport report;
  report.size_bytes = object.size_bytes();
  auto bytes = read_header_bytes(object);
  if (!bytes) return bytes.error();
  const auto header = read_clear_header(*bytes, report);
  if (!header) return report;
  if (auto walked = ClearWalk(object, *header, report).run(); !walked) return walked.error();
  return report;
}

Result<SegmentReport> verify_segment(ObjectBytes& object, const LegKeys& keys) {
  SegmentReport report;
  report.size_bytes = object.size_bytes();
  auto bytes = read_header_bytes(object);
  if (!bytes) return bytes.error();
  const auto header = read_clear_header(*bytes, report);
  if (!header) return report;

  if (!report.leg_key) {
    report.damages.push_back({name_of(FaultKind::no_key).data(), 0, 0, "the header names none of our keys"});
    return report;
  }
  auto key = keys(*report.leg_key);
  if (!key) return key.error();
  const std::string name = to_text(*report.leg_key);
  auto opener = FrameOpener::create(
      *bytes, data_keys_from([&](std::string_view wanted) { return wanted == name ? &*key : nullptr; }));
  if (!opener) {
    // The frames cannot be opened then; where they stand can still be told.
    report.damages.push_back(damage_of(opener.error()));
    if (auto walked = ClearWalk(object, *header, report).run(); !walked) return walked.error();
    report.frames = 0;
    return report;
  }
  report.verified = true;
  SegmentFrames frames(object, *std::move(opener));
  if (auto walked = walk_with_key(frames, report); !walked) return walked.error();
  return report;
}

}  // namespace assent
