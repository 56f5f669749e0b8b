#include "shard_rig.h"

#include <algorithm>
#include <cstring>
#include <thread>

#include "catch.h"
#include "codecs/matroska/reader.h"
#include "codecs/rtcp.h"
#include "crypto/message_reader.h"

namespace assent {
namespace {
constexpr int kMostSteps = 200000;
}

const Endpoint HandSource::kUsualSource = *parse_endpoint("192.0.2.1:4000");

Result<LegPorts> HandSource::open(LegSlot leg, RtcpPort rtcp) {
  open_[leg] = true;
  return ports_of(PortPair{static_cast<std::uint16_t>(20000 + 2 * leg.value)}, rtcp);
}

Result<void> HandSource::reopen(LegSlot leg, LegPorts ports) {
  if (refuses) return not_to_be_had(ports);
  open_[leg] = true;
  return {};
}

void HandSource::close(LegSlot leg) { open_.erase(leg); }

void HandSource::sweep(DatagramSink& sink) {
  while (!waiting_.empty()) {
    const auto [leg, bytes, from, port] = std::move(waiting_.front());
    waiting_.pop_front();
    if (!open_.contains(leg)) continue;
    BlockRef block = pool_.take();
    if (block == nullptr) {
      sink.on_dropped(leg, port, DatagramDrop::no_block);
      continue;
    }
    std::copy(bytes.begin(), bytes.end(), block->plain.begin());
    sink.on_datagram(leg, port, make_datagram(std::move(block), static_cast<std::uint16_t>(bytes.size()), from));
  }
}

void HandRecord::book(CallId, std::vector<Booking> bookings, std::function<void(Result<void>, Now)> done) {
  waiting_.push_back({std::move(bookings), std::move(done)});
}

void HandRecord::answer_all(const Result<void>& result, Now now) {
  // What the answers bring about waits for the next round, as with a real record.
  std::deque<Submission> answered = std::exchange(waiting_, {});
  for (Submission& submission : answered) {
    if (result) booked.insert(booked.end(), submission.bookings.begin(), submission.bookings.end());
    submission.done(result, now);
  }
}

void HandRecord::answer_first(const Result<void>& result, Now now) {
  Submission first = std::move(waiting_.front());
  waiting_.pop_front();
  if (result) booked.insert(booked.end(), first.bookings.begin(), first.bookings.end());
  first.done(result, now);
}

RigOptions ShardRig::defaults() {
  RigOptions options;
  options.consent.policy = Policy::per_party;
  options.consent.purposes = PurposeSet::of(Purpose(0));
  REQUIRE(options.consent.digits.bind('1', DigitAction::decide(Decision::granted, options.consent.purposes)));
  REQUIRE(options.consent.digits.bind('9', DigitAction::decide(Decision::denied, {})));
  return options;
}

ShardRig::ShardRig(RigOptions options)
    : options_(options),
      purposes_(*PurposeRegistry::create({"quality", "consent-evidence"})),
      pages_(options.page_count) {
  auto arena = SecureArena::create(options.arena_blocks * sizeof(Block), ArenaBacking::locked_memory);
  REQUIRE(arena);
  arena_memory_ = arena->memory();
  blocks_.emplace(std::move(*arena));
  queue_.emplace(*blocks_);
  sealer_.emplace(
      *queue_, pages_,
      [this](std::span<SealedPage> pages) {
        const std::lock_guard lock(mutex_);
        for (const SealedPage& page : pages) {
          seal_delays.add(page.times().full.until(page.times().sealed));
          kept_.push_back(
              {page.segment(), page.seq().value, page.kind(), Bytes(page.bytes().begin(), page.bytes().end())});
        }
      },
      Sealer::Settings{options.workers, sealing_clock()});
  source_.emplace(*blocks_);
  srtp = *make_srtp_engine(options.srtp_means, 16, ArenaBacking::locked_memory);
  shard.emplace(Shard::Parts{*blocks_, *queue_, *sealer_, *this, *source_, *srtp, record, purposes_, lease,
                             [this](FinishedCall finished) { abandoned.push_back(std::move(finished)); },
                             [this] { return now.mono + working; },
                             [this](LegId leg, DtlsLook look, ByteView datagram, const Endpoint& from) {
                               handshakes.push_back({leg, look, {datagram.begin(), datagram.end()}, from});
                             }},
                options.shard);

  NewCall call{{new_id<CallId>(now.wall), {}, new_id<RecordingId>(now.wall), {}, now.wall}, options.consent, {}, {}};
  call_id = call.identity.id;
  for (std::size_t i = 0; i < options.legs; ++i) {
    const std::string ref = "p" + std::to_string(i);
    call.participants.push_back({new_id<ParticipantId>(now.wall), ref, participant_key});
    keys_.push_back(SecretKey::random());
    key_ids_.push_back(new_id<KeyId>(now.wall));
    leg_ids.push_back(new_id<LegId>(now.wall));
    call.legs.push_back({leg_ids.back(),
                         "leg" + std::to_string(i),
                         ref,
                         {options.formats, options.dtmf_payload_type},
                         std::nullopt,
                         key_ids_.back(),
                         keys_.back().duplicate(),
                         {},
                         i < options.srtp.size() ? options.srtp[i] : nullptr});
  }
  streams_.resize(options.legs);
  lease.prove(now);
  REQUIRE(shard->add_call(std::move(call), now));
}

ShardRig::~ShardRig() {
  end_stall();
  for (int i = 0; i < kMostSteps && !shard->is_idle(); ++i) {
    shard->end_all(LiveCall::Ending::over, now);
    pass(10ms);
    std::this_thread::yield();
  }
  shard.reset();
  sealer_.reset();
}

// Workers read it whenever they like, and `now` is this thread's.
std::function<MonoTime()> ShardRig::sealing_clock() const {
  if (options_.workers != 0) return read_mono;
  return [this] { return now.mono; };
}

void ShardRig::step() {
  if (ledger_answers) lease.prove(now);
  if (auto_record) record.answer_all({}, now);
  shard->step(now);
  if (options_.workers == 0) sealer_->drain();
}

void ShardRig::pass(nanoseconds time) {
  for (nanoseconds passed{0}; passed < time; passed += 5ms) {
    now.mono += 5ms;
    now.wall += 5ms;
    step();
  }
}

void ShardRig::put_packet(std::size_t leg, ByteView payload, std::uint8_t payload_type) {
  Stream& stream = streams_.at(leg);
  RtpHeader header;
  header.payload_type = payload_type;
  header.sequence = SequenceNumber(stream.sequence++);
  header.timestamp = RtpTimestamp(stream.timestamp);
  header.ssrc = Ssrc(static_cast<std::uint32_t>(0x1000 + leg));
  Bytes datagram(kRtpHeaderBytes + payload.size());
  REQUIRE(write_rtp(header, payload, datagram) == datagram.size());
  source_->put(LegSlot(static_cast<std::uint32_t>(leg)), std::move(datagram));
}

void ShardRig::put_datagram(std::size_t leg, Bytes datagram, const Endpoint& from) {
  source_->put(LegSlot(static_cast<std::uint32_t>(leg)), std::move(datagram), from);
}

void ShardRig::talk(std::size_t leg, std::uint8_t tone) { say(leg, Bytes(160, tone)); }

void ShardRig::say(std::size_t leg, ByteView payload, std::uint8_t payload_type, std::uint32_t ticks) {
  put_packet(leg, payload, payload_type);
  streams_.at(leg).timestamp += ticks;
  pass(20ms);
}

void ShardRig::report_clock(std::size_t leg, WallTime sender_clock) {
  Bytes report{0x80, 200, 0, 6};
  append_be32(report, static_cast<std::uint32_t>(0x1000 + leg));
  append_be64(report, ntp_time_of(sender_clock).value);
  append_be32(report, streams_.at(leg).timestamp);
  append_be64(report, 0);  // packets and bytes
  source_->put(LegSlot(static_cast<std::uint32_t>(leg)), std::move(report));
}

void ShardRig::press(std::size_t leg, char digit) {
  const Bytes event{static_cast<std::uint8_t>(digit - '0'), 10, 0, 160};
  put_packet(leg, event, 101);
  streams_.at(leg).timestamp += 160;
  pass(20ms);
}

void ShardRig::decide(std::size_t participant, Decision decision, Decided done) {
  const PurposeSet purposes = decision == Decision::granted ? options_.consent.purposes : PurposeSet{};
  call().decide(ParticipantIndex(static_cast<std::uint8_t>(participant)), decision, purposes, {SignalType::api, ""},
                "test", now, std::move(done), now.mono - asked_before);
}

void ShardRig::grant_all() {
  for (std::size_t i = 0; i < options_.legs; ++i) decide(i, Decision::granted);
  pass(10ms);
}

std::vector<std::uint32_t> ShardRig::segment_numbers() const {
  std::vector<std::uint32_t> numbers;
  for (const SegmentOpened& segment : segments_) numbers.push_back(segment.number);
  return numbers;
}

FinishedCall ShardRig::end() {
  std::optional<FinishedCall> finished;
  REQUIRE(shard->end_call(call_id, now, [&](FinishedCall done) { finished = std::move(done); }));
  for (int i = 0; i < kMostSteps && !finished; ++i) {
    pass(10ms);
    std::this_thread::yield();  // real workers need real time
  }
  REQUIRE(finished);
  return *finished;
}

LiveCall& ShardRig::call() {
  LiveCall* found = shard->find(call_id);
  REQUIRE(found != nullptr);
  return *found;
}

Gate ShardRig::gate(std::size_t leg) { return call().consent().gate(LegIndex(static_cast<std::uint8_t>(leg))); }

std::size_t ShardRig::sealed_pages() {
  const std::lock_guard lock(mutex_);
  return kept_.size();
}

std::size_t ShardRig::final_pages() {
  const std::lock_guard lock(mutex_);
  const auto is_final = [](const KeptPage& page) { return page.kind == PageKind::final; };
  return static_cast<std::size_t>(std::count_if(kept_.begin(), kept_.end(), is_final));
}

std::size_t ShardRig::segment_count(std::size_t leg) const {
  return static_cast<std::size_t>(std::count_if(segments_.begin(), segments_.end(), [&](const SegmentOpened& segment) {
    return segment.owner.leg == leg_ids.at(leg);
  }));
}

bool ShardRig::arena_holds(ByteView marker) const {
  return std::search(arena_memory_.begin(), arena_memory_.end(), marker.begin(), marker.end()) != arena_memory_.end();
}

std::vector<OpenedPacket> ShardRig::opened(std::size_t leg) {
  std::vector<OpenedPacket> packets;
  for (const SegmentOpened& segment : segments_) {
    if (segment.owner.leg != leg_ids.at(leg)) continue;
    const auto more = open_segment(segment, keys_.at(leg));
    packets.insert(packets.end(), more.begin(), more.end());
  }
  return packets;
}

std::vector<OpenedPacket> ShardRig::open_segment(const SegmentOpened& segment, const SecretKey& key) {
  std::vector<KeptPage> pages;
  {
    const std::lock_guard lock(mutex_);
    std::copy_if(kept_.begin(), kept_.end(), std::back_inserter(pages),
                 [&](const KeptPage& page) { return page.segment == segment.id; });
  }
  std::sort(pages.begin(), pages.end(), [](const KeptPage& a, const KeptPage& b) { return a.seq < b.seq; });
  REQUIRE(!pages.empty());
  for (std::size_t i = 0; i < pages.size(); ++i) REQUIRE(pages[i].seq == i);  // no frame twice, none missing

  const auto opener = FrameOpener::create(pages.front().bytes, data_keys_from([&](std::string_view) { return &key; }));
  REQUIRE(opener);
  FrameCipher cipher;
  MatroskaReader reader;
  std::vector<OpenedPacket> packets;
  for (std::size_t i = 1; i < pages.size(); ++i) {
    Bytes plain(opener->plain_capacity());
    const auto frame = opener->open(cipher, pages[i].seq, pages[i].bytes, plain);
    REQUIRE(frame);
    const auto read = reader.feed(ByteView(plain).first(frame->plain_bytes));
    REQUIRE(read);
    for (const auto& packet : *read) {
      packets.push_back({reader.head()->start + packet.at, Bytes(packet.payload.begin(), packet.payload.end()),
                         segment.use, reader.head()->codec});
    }
  }
  return packets;
}

}  // namespace assent
