#include "store_bench.h"

#include <algorithm>

#include "catch.h"
#include "codecs/matroska/block_writer.h"
#include "engine/store/segment_context.h"

namespace assent::test {
namespace {

using Plain = std::array<std::uint8_t, limits::kFrameBytes>;

constexpr WallTime kCallStart(1700000000s);

WallTime packet_time(WallTime segment_start, std::uint32_t packet) { return segment_start + packet * kPacketTime; }

}  // namespace

Bytes packet_payload(const PacketName& name) {
  Bytes payload(kPacketBytes);
  std::copy(name.leg.bytes.begin(), name.leg.bytes.end(), payload.begin());
  store_be32(payload.data() + 16, name.number);
  store_be32(payload.data() + 20, name.packet);
  for (std::size_t i = 24; i < payload.size(); ++i) payload[i] = static_cast<std::uint8_t>(name.packet * 31 + i);
  return payload;
}

std::vector<PacketName> SealedSegment::packets_of(std::uint32_t seq) const {
  std::vector<PacketName> packets;
  if (seq < 2 || seq >= final_seq()) return packets;
  for (std::uint32_t i = 0; i < kPacketsPerFrame; ++i) {
    packets.push_back({info.leg, info.number, (seq - 2) * kPacketsPerFrame + i});
  }
  return packets;
}

Bytes SealedSegment::object() const {
  Bytes object;
  const auto header = parse_header(pages.front().page);
  append(object, ByteView(pages.front().page).first(header->bytes()));
  for (std::size_t i = 1; i + 1 < pages.size(); ++i) append(object, pages[i].page);
  append(object, ByteView(pages.back().page).first(final_frame_bytes(pages.back().page).value()));
  return object;
}

StoreBench::StoreBench() : pool_(std::make_unique<PagePool>(2048)) {
  REQUIRE(make_folders(disk, "/state/journal"));
  call_ = new_id<CallId>(kCallStart);
  recording_ = new_id<RecordingId>(kCallStart);
  tenant_ = new_id<TenantId>(kCallStart);
  consent_ = new_id<ConsentId>(kCallStart);
  CallRow call_row;
  call_row.id = call_;
  call_row.created = kCallStart;
  catalog.call_rows[call_] = call_row;
  catalog.recording_rows[recording_] = {recording_, call_, tenant_, RecordingState::open, kCallStart, {}, ""};
  for (int i = 0; i < 2; ++i) {
    LegRow row;
    row.id = new_id<LegId>(kCallStart);
    row.call = call_;
    row.index = i;
    row.key = new_id<KeyId>(kCallStart);
    row.codec = to_text(Codec{});
    keys_.emplace(row.key, SecretKey::random());
    catalog.leg_rows[row.id] = row;
    legs_.push_back(row);
  }
  catalog.on_book = [this]() -> Result<void> {
    if (!disk.has_power()) return error(Errc::io, "the power is gone");
    return {};
  };
}

StoreBench::~StoreBench() { stop(); }

SealedSegment StoreBench::make_segment(std::size_t leg_index, std::uint32_t number, std::uint32_t frames) {
  const LegRow& leg_row = legs_[leg_index];
  const WallTime start = kCallStart + number * 60s + milliseconds(7);
  SealedSegment segment;
  // Every other one is of another use, which is kept whatever becomes of the segment.
  const AudioUse use = number % 2 == 1 ? AudioUse::evidence : AudioUse::recording;
  segment.info = {new_id<SegmentId>(start), recording_, call_, leg_row.id, number, start, use};
  segment.ended = packet_time(start, frames * kPacketsPerFrame);
  starts_[{leg_row.id, number}] = start;

  const SegmentIdentity identity{call_, consent_, leg_row.id, recording_, segment.info.segment, number, tenant_, use};
  auto sealer = SegmentSealer::create(keys_.at(leg_row.key), leg_row.key, context_of(identity));
  REQUIRE(sealer);
  const SegmentId id = segment.info.segment;
  segment.pages.push_back({header_of(id), {}});
  std::copy(sealer->header().begin(), sealer->header().end(), segment.pages.back().page.begin());

  FrameCipher cipher;
  Plain plain{};
  matroska::write_head_block(plain, SegmentHead{id, leg_row.id, start, Codec{}});
  segment.pages.push_back({frame_of(id, 1), {}});
  sealer->seal_frame(cipher, 1, plain, segment.pages.back().page);
  for (std::uint32_t seq = 2; seq < 2 + frames; ++seq) {
    const std::uint32_t first = (seq - 2) * kPacketsPerFrame;
    auto cluster = matroska::ClusterWriter::begin(plain, packet_time(start, first));
    for (std::uint32_t i = 0; i < kPacketsPerFrame; ++i) {
      cluster.append(packet_payload({leg_row.id, number, first + i}), packet_time(start, first + i));
    }
    cluster.finish();
    matroska::patch_timestamp(plain, matroska::segment_offset(packet_time(start, first), start));
    segment.pages.push_back({frame_of(id, seq), {}});
    sealer->seal_frame(cipher, seq, plain, segment.pages.back().page);
  }
  LegCounts counts;
  counts.received = counts.recorded = frames * kPacketsPerFrame;
  const std::size_t size = matroska::write_tags(plain, counts);
  segment.pages.push_back({final_of(id, 2 + frames), {}});
  sealer->seal_final(cipher, 2 + frames, ByteView(plain).first(size), segment.pages.back().page);
  return segment;
}

LegKeys StoreBench::leg_keys() {
  return [this](KeyId id) -> Result<SecretKey> {
    const auto found = keys_.find(id);
    if (found == keys_.end()) return error(Errc::not_found, "no such key");
    return found->second.duplicate();
  };
}

void StoreBench::start(ShardId shard) {
  auto files = open_store();
  REQUIRE(files);
  store_ = *std::move(files);
  JournalOptions options;
  options.folder = "/state/journal";
  options.shard = shard;
  options.first_file = next_[shard].file;
  options.first_batch = next_[shard].batch;
  options.file_bytes = 32 * limits::kPageBytes;
  options.queue_pages = pool_->capacity_pages();
  options.clock = [this] { return now_; };
  JournalListener listener;
  listener.on_durable = [this](std::span<const DurablePage> pages) {
    for (const DurablePage& page : pages) durable_.push_back(entry_of(page));
    settler_->on_durable(pages);
  };
  listener.on_quarantine = [this](std::span<const SegmentId> segments) { settler_->on_quarantine(segments); };
  auto writer = JournalWriter::create(disk, options, listener);
  REQUIRE(writer);
  journal_ = *std::move(writer);
  reader_ = std::make_unique<JournalReader>(disk, "/state/journal", shard);
  settler_ = std::unique_ptr<Settler>(
      new Settler({*store_, *reader_, [this](const std::vector<Booking>& bookings) { return catalog.book(bookings); },
                   [this](SegmentId segment) { journal_->release(segment); }, [this] { journal_->flush(); }, leg_keys(),
                   [](LegId) { return std::optional(Codec{}); },
                   [this](const StoredSegment& segment) { stored_.push_back(segment); }, [this] { return pace; }}));
  next_journal_ = next_settle_ = now_;
}

void StoreBench::stop() {
  settler_.reset();
  journal_.reset();
  reader_.reset();
}

void StoreBench::seal(const SealedSegment& segment, std::uint32_t page) {
  PageRef memory = pool_->take();
  if (memory == nullptr) FAIL("the page pool is empty");
  *memory = segment.pages[page].page;
  SealedPage sealed = SealedPageForTest::make(std::move(memory), segment.pages[page].entry);
  if (!journal_->queue().push(sealed)) FAIL("the queue is full");
}

void StoreBench::seal_all(const SealedSegment& segment) {
  for (std::uint32_t page = 0; page < segment.pages.size(); ++page) seal(segment, page);
}

void StoreBench::record(const SealedSegment& segment) {
  open(segment);
  seal_all(segment);
  end(segment);
}

// The two threads as their wakes and deadlines would have them run: every millisecond is fine enough for any of them.
void StoreBench::run_for(milliseconds time) {
  const MonoTime end_time = now_ + time;
  while (now_ < end_time) {
    now_ += 1ms;
    if (now_ >= next_journal_ || settler_->counters().open_segments != 0) next_journal_ = journal_->step(now_);
    next_settle_ = settler_->step(now_);
  }
}

Result<SalvageReport> StoreBench::salvage() {
  auto files = open_store();
  if (!files) return files.error();
  auto report = assent::salvage({disk, "/state/journal", **files, catalog, leg_keys(), [] { return kCallStart + 1h; },
                                 [this](const CallRow&) { return goes_on; }});
  if (report) {
    next_ = report->journals;
    store_ = *std::move(files);
  }
  return report;
}

std::vector<SegmentRow> StoreBench::rows() const {
  std::vector<SegmentRow> rows;
  for (const auto& [id, row] : catalog.segment_rows) rows.push_back(row);
  return rows;
}

SegmentReport StoreBench::verify(const SegmentRow& row) {
  auto object = store_->open(row.object);
  REQUIRE(object);
  auto report = verify_segment(**object, leg_keys());
  REQUIRE(report);
  return *report;
}

std::set<PacketName> StoreBench::recorded() {
  std::set<PacketName> packets;
  for (const LegRow& leg_row : legs_) {
    std::vector<SegmentRow> segments = rows();
    std::erase_if(segments, [&](const SegmentRow& row) { return row.leg != leg_row.id; });
    SegmentSource source(*store_, segments, leg_keys());
    for (;;) {
      auto packet = source.next();
      REQUIRE(packet);
      if (!*packet) break;
      const ByteView payload = (*packet)->payload;
      const PacketName name{leg_row.id, load_be32(payload.data() + 16), load_be32(payload.data() + 20)};
      const Bytes expected = packet_payload(name);
      const bool right = std::equal(payload.begin(), payload.end(), expected.begin(), expected.end()) &&
                         (*packet)->at == packet_time(starts_.at({name.leg, name.number}), name.packet);
      if (!right || !packets.insert(name).second) FAIL("a packet that was not sealed, or twice");
    }
    if (!source.damages().empty()) FAIL("damage in a stored segment: " + source.damages().front().damage.what);
  }
  return packets;
}

}  // namespace assent::test
