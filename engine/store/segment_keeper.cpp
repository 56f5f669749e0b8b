#include "engine/store/segment_keeper.h"

#include <algorithm>
#include <array>
#include <utility>

#include "crypto/wipe.h"
#include "engine/store/segment_content.h"
#include "engine/store/segment_verify.h"

namespace assent {
namespace {

// Missing among the frames up to the highest that is there.
std::uint32_t holes_in(const JournaledSegment& pages) {
  const std::uint32_t last = pages.frames().empty() ? 0 : pages.frames().rbegin()->first;
  return last - static_cast<std::uint32_t>(pages.frames().size());
}

SegmentRow row_of(const SegmentIdentity& identity) {
  SegmentRow row;
  row.id = identity.segment;
  row.recording = identity.recording;
  row.call = identity.call;
  row.leg = identity.leg;
  row.number = identity.number;
  row.use = identity.use;
  return row;
}

bool is_same_place(const SegmentRow& row, const SegmentIdentity& identity) {
  return row.call == identity.call && row.leg == identity.leg && row.recording == identity.recording &&
         row.number == identity.number && row.use == identity.use;
}

// What is found instead of an object, which is no reason to stop.
KeptSegment nothing_kept(SegmentFate fate, const JournaledSegment& pages) {
  KeptSegment kept;
  kept.fate = fate;
  kept.frames_lost = static_cast<std::uint32_t>(pages.frames().size()) + holes_in(pages);
  kept.had_final = pages.final_seq() != 0;
  return kept;
}

}  // namespace

SegmentKeeper::SegmentKeeper(SegmentStore& store, JournalReader& reader, LegKeys keys, LegCodec leg_codec)
    : store_(store), reader_(reader), keys_(std::move(keys)), leg_codec_(std::move(leg_codec)) {}

Result<SegmentIdentity> SegmentKeeper::identify(SegmentId segment, const JournaledSegment& pages) {
  if (!pages.header()) return error(Errc::corrupt, "the header of segment " + to_text(segment) + " is lost");
  Page page{};
  if (auto got = reader_.read(*pages.header(), page); !got) return got.error();
  auto header = parse_header(page);
  if (!header) return to_error(header.error());
  if (header->frame_bytes != limits::kFrameBytes) return error(Errc::corrupt, "the segment's frames are not pages");
  auto identity = identity_of(header->context);
  if (identity && identity->segment != segment) {
    return error(Errc::corrupt, "the header in segment " + to_text(segment) + " names another segment");
  }
  return identity;
}

Result<KeptSegment> SegmentKeeper::keep(const SegmentIdentity& identity, const JournaledSegment& pages) {
  auto examined = examine(identity, pages);
  if (!examined || !examined->row) return examined;
  if (examined->fate == SegmentFate::whole) return keep_whole(*std::move(examined), identity, pages);
  ObjectInMemory object(examined->object);
  auto row = put_or_adopt(*examined->row, identity, object);
  if (!row) return row.error();
  examined->row = *std::move(row);
  return examined;
}

Result<KeptSegment> SegmentKeeper::examine(const SegmentIdentity& identity, const JournaledSegment& pages) {
  Page page{};
  if (auto got = reader_.read(*pages.header(), page); !got) return got.error();
  auto header = open_header(page, keys_);
  if (!header) {
    if (header.error().code == Errc::not_found) return nothing_kept(SegmentFate::erased, pages);
    if (header.error().code == Errc::corrupt) return nothing_kept(SegmentFate::lost, pages);
    return header.error();
  }
  if (pages.is_complete()) {
    auto whole = verify_whole(header->opener, identity, pages);
    if (!whole) return whole.error();
    if (whole->row) return whole;
  }
  return rebuild(identity, pages, *header);
}

// A row when every frame verified.
Result<KeptSegment> SegmentKeeper::verify_whole(const FrameOpener& opener, const SegmentIdentity& identity,
                                                const JournaledSegment& pages) {
  std::array<std::uint8_t, limits::kFrameBytes> plain{};
  Page page{};
  FrameCipher cipher;
  SegmentContent content;
  KeptSegment kept;
  bool whole = true;
  for (const auto& [seq, place] : pages.frames()) {
    if (auto got = reader_.read(place, page); !got) return got.error();
    const auto opened = opener.open(cipher, seq, page, plain);
    whole = opened && (opened->kind == FrameKind::final_frame) == (seq == pages.final_seq());
    if (!whole) break;
    // What was sealed is kept as it is, even if its content could not be read.
    static_cast<void>(content.feed(seq, ByteView(plain).first(opened->plain_bytes)));
  }
  wipe(plain);
  if (!whole) return kept;

  kept.fate = SegmentFate::whole;
  kept.had_final = true;
  kept.row = row_of(identity);
  kept.row->frames = pages.final_seq();
  kept.row->started = content.head() ? content.head()->start : start_of(identity.segment);
  kept.row->ended = content.end_time().value_or(kept.row->started);
  return kept;
}

Result<KeptSegment> SegmentKeeper::keep_whole(KeptSegment kept, const SegmentIdentity& identity,
                                              const JournaledSegment& pages) {
  auto object = JournaledObject::open(pages, reader_);
  if (!object) return object.error();
  auto row = put_or_adopt(*kept.row, identity, *object);
  if (!row) return row.error();
  kept.row = *std::move(row);
  return kept;
}

Result<KeptSegment> SegmentKeeper::rebuild(const SegmentIdentity& identity, const JournaledSegment& pages,
                                           const OpenedHeader& header) {
  TornSegment torn{header.opener, identity, header.leg_key, header.leg_key_id, {}, 0, {}};
  if (leg_codec_) torn.codec = leg_codec_(identity.leg);
  if (!pages.frames().empty()) torn.last_seq = pages.frames().rbegin()->first;
  torn.page = [&](std::uint32_t seq, PageSpan page) -> Result<bool> {
    const auto found = pages.frames().find(seq);
    if (found == pages.frames().end()) return false;
    auto got = reader_.read(found->second, page);
    if (got) return true;
    // A page that the file no longer has is a lost page.
    if (got.error().code == Errc::corrupt) return false;
    return got.error();
  };
  auto rebuilt = rebuild_segment(torn);
  if (!rebuilt) {
    if (rebuilt.error().code == Errc::not_found) return nothing_kept(SegmentFate::lost, pages);
    return rebuilt.error();
  }
  KeptSegment kept;
  kept.fate = SegmentFate::rebuilt;
  kept.frames_lost = rebuilt->frames_lost;
  kept.had_final = rebuilt->had_final;
  kept.object = std::move(rebuilt->object);
  kept.row = row_of(identity);
  kept.row->id = rebuilt->segment;
  kept.row->frames = rebuilt->frames;
  kept.row->started = rebuilt->started;
  kept.row->ended = rebuilt->ended;
  kept.row->salvaged = true;
  return kept;
}

Result<SegmentRow> SegmentKeeper::put_or_adopt(SegmentRow row, const SegmentIdentity& identity, ObjectBytes& content) {
  row.object = object_name({row.started, row.call, row.leg, row.number});
  row.size_bytes = content.size_bytes();
  auto put = store_.put(row.object, content);
  if (!put && put.error().code == Errc::conflict) {
    // From before a crash: the segment itself, or its rebuilt form, whose ciphertext is never the same twice.
    auto known = recognise(row.object);
    if (!known) return known.error();
    if (*known && is_same_place(**known, identity)) return **std::move(known);
    if (auto removed = store_.remove(row.object); !removed) return removed.error();
    put = store_.put(row.object, content);
  }
  if (!put) return put.error();
  return row;
}

Result<std::optional<SegmentRow>> SegmentKeeper::recognise(const std::string& name) {
  auto object = store_.open(name);
  if (!object) return object.error();
  auto report = verify_segment(**object, keys_);
  if (!report) {
    if (report.error().code == Errc::not_found) return std::optional<SegmentRow>();  // its key is destroyed
    return report.error();
  }
  if (!report->is_good() || !report->verified || !report->head || !report->identity) return std::optional<SegmentRow>();
  SegmentRow row = row_of(*report->identity);
  row.object = name;
  row.size_bytes = report->size_bytes;
  row.frames = report->frames;
  row.started = report->head->start;
  row.ended = report->end_time.value_or(row.started);
  row.salvaged = report->counts && report->counts->recovered != 0;
  return std::optional(std::move(row));
}

}  // namespace assent
