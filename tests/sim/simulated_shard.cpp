#include "tests/sim/simulated_shard.h"

#include <algorithm>

#include "codecs/matroska/reader.h"
#include "crypto/message_reader.h"

namespace assent::sim {
namespace {

// Three legs of L16 that hold 3 s want 60 blocks each; a fourth may come late.
constexpr std::size_t kBlocks = 400;
constexpr std::size_t kPages = 1024;  // more than a simulated call seals
constexpr auto kSegmentTime = 2s;     // so that a call has several
constexpr auto kMaxDelay = 400ms;

}  // namespace

// ---- datagrams ----------------------------------------------------------------------------------------------------

Result<LegPorts> SimulatedSource::open(LegSlot leg, RtcpPort) {
  open_.push_back(leg);
  slots.push_back(leg);
  const auto port = static_cast<std::uint16_t>(20000 + 2 * leg.value);
  return LegPorts{port, static_cast<std::uint16_t>(port + 1)};
}

void SimulatedSource::close(LegSlot leg) {
  std::erase(open_, leg);
  on_close();
}

void SimulatedSource::sweep(DatagramSink& sink) {
  static const Endpoint kFrom = *parse_endpoint("192.0.2.1:4000");
  while (!waiting.empty()) {
    const auto [leg, coming] = std::move(waiting.front());
    waiting.pop_front();
    if (std::find(open_.begin(), open_.end(), slots.at(leg)) == open_.end()) continue;
    BlockRef block = pool_.take();
    if (block == nullptr) {
      ++no_block;
      sink.on_dropped(slots[leg], DatagramPort::rtp, DatagramDrop::no_block);
      continue;
    }
    on_coming(leg, coming);
    std::copy(coming.datagram.begin(), coming.datagram.end(), block->plain.begin());
    sink.on_datagram(slots[leg], DatagramPort::rtp,
                     make_datagram(std::move(block), static_cast<std::uint16_t>(coming.datagram.size()), kFrom));
    on_taken();
  }
}

// ---- the record ---------------------------------------------------------------------------------------------------

void SimulatedRecord::book(CallId, std::vector<Booking> bookings, std::function<void(Result<void>, Now)> done) {
  const auto [due, agrees] = draw_answer();
  const MonoTime earliest = asked_.empty() ? due : std::max(due, asked_.back().due);
  asked_.push_back({next_, earliest, agrees, std::move(done)});
  on_booked(next_++, bookings);
}

std::optional<SimulatedRecord::Asked> SimulatedRecord::take_due(MonoTime now) {
  if (asked_.empty() || asked_.front().due > now) return std::nullopt;
  Asked first = std::move(asked_.front());
  asked_.pop_front();
  return first;
}

// ---- the shard ----------------------------------------------------------------------------------------------------

SimulatedShard::Arena SimulatedShard::make_arena() {
  auto arena = SecureArena::create(kBlocks * sizeof(Block), ArenaBacking::locked_memory);
  ASSENT_CHECK(arena.has_value());
  const ByteSpan memory = arena->memory();
  return {std::move(*arena), memory};
}

SimulatedShard::SimulatedShard() : SimulatedShard(make_arena()) {}

SimulatedShard::SimulatedShard(Arena arena)
    : memory_(arena.memory),
      purposes_(*PurposeRegistry::create({"quality", "training"})),
      blocks_(std::move(arena.arena)),
      source_(blocks_),
      pages_(kPages),
      queue_(blocks_),
      sealer_(
          queue_, pages_,
          [this](std::span<SealedPage> sealed) {
            for (const SealedPage& page : sealed) {
              kept_.push_back({page.segment(), page.seq().value, page.kind(),
                               Bytes(page.bytes().begin(), page.bytes().end()), sealing_event_, false});
            }
          },
          Sealer::Settings{0, [this] { return now.mono; }}) {
  settings_.segment_time = kSegmentTime;
  settings_.max_delay = kMaxDelay;
  settings_.calls = 4;
  shard_.emplace(Shard::Parts{blocks_, queue_, sealer_, *this, source_, *srtp_, record, purposes_, lease,
                              [this](FinishedCall finished) { abandoned.push_back(std::move(finished)); },
                              [this] { return now.mono; }},
                 settings_);
}

SimulatedShard::~SimulatedShard() = default;

void SimulatedShard::seal(std::uint64_t event) {
  sealing_event_ = event;
  sealer_.drain();
}

void SimulatedShard::make_durable() {
  for (auto page = kept_.rbegin(); page != kept_.rend() && !page->durable; ++page) page->durable = true;
}

void SimulatedShard::forget_call() {
  kept_.clear();
  segments_.clear();
  abandoned.clear();
  source_.slots.clear();
  source_.waiting.clear();
}

// ---- what was kept ------------------------------------------------------------------------------------------------

Result<std::vector<FoundPacket>> SimulatedShard::found(LegId leg, const SecretKey& key,
                                                       std::optional<std::uint64_t> crash) const {
  std::vector<FoundPacket> packets;
  for (const SegmentOpened& segment : segments_) {
    if (segment.owner.leg != leg) continue;
    if (auto read = read_segment(segment, key, crash, packets); !read) return read.error();
  }
  return packets;
}

Result<void> SimulatedShard::read_segment(const SegmentOpened& segment, const SecretKey& key,
                                          std::optional<std::uint64_t> crash, std::vector<FoundPacket>& into) const {
  std::vector<const KeptPage*> pages;
  for (const KeptPage& page : kept_) {
    if (page.segment == segment.id && (!crash || page.sealed <= *crash)) pages.push_back(&page);
  }
  std::sort(pages.begin(), pages.end(), [](const KeptPage* a, const KeptPage* b) { return a->seq < b->seq; });
  for (std::size_t i = 0; i < pages.size(); ++i) {
    if (pages[i]->seq != i) return error(Errc::corrupt, "a frame is missing or there twice");
  }
  if (!crash && (pages.empty() || pages.back()->kind != PageKind::final)) {
    return error(Errc::corrupt, "a segment has no final frame");
  }
  if (pages.empty()) return {};

  const auto opener = FrameOpener::create(pages.front()->bytes, data_keys_from([&](std::string_view) { return &key; }));
  if (!opener) return error(Errc::corrupt, "a segment's header does not open");
  FrameCipher cipher;
  MatroskaReader reader;
  Bytes plain(opener->plain_capacity());
  for (std::size_t i = 1; i < pages.size(); ++i) {
    const auto frame = opener->open(cipher, pages[i]->seq, pages[i]->bytes, plain);
    if (!frame) return error(Errc::corrupt, "a frame does not open");
    const auto read = reader.feed(ByteView(plain).first(frame->plain_bytes));
    if (!read) return read.error();
    for (const SegmentPacket& packet : *read) {
      const auto what = read_marked(packet.payload);
      if (!what) return error(Errc::corrupt, "a payload is not what was sent");
      into.push_back({*what, reader.head()->start + packet.at, pages[i]});
    }
  }
  return {};
}

}  // namespace assent::sim
