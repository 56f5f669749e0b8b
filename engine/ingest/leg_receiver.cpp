#include "engine/ingest/leg_receiver.h"

#include <algorithm>
#include <string>
#include <utility>

namespace assent {
namespace {

Result<void> check_formats(const std::vector<LegFormat>& formats) {
  if (!formats.empty() && formats.size() <= limits::kFormatsPerLeg) return {};
  return error(Errc::invalid, "a leg has 1 to " + std::to_string(limits::kFormatsPerLeg) +
                                  " audio payload types, not " + std::to_string(formats.size()));
}

// Each payload type stands for one thing. 13 is comfort noise whether or not it is named.
Result<void> check_payload_types(const LegPayloads& payloads) {
  std::vector<std::uint8_t> types;
  for (const LegFormat& format : payloads.formats) types.push_back(format.payload_type);
  for (const auto& one : {payloads.dtmf, payloads.redundancy}) {
    if (one) types.push_back(*one);
  }
  types.push_back(payloads.comfort_noise.value_or(kComfortNoisePayloadType));
  for (auto type = types.begin(); type != types.end(); ++type) {
    const std::string which = "payload type " + std::to_string(*type);
    if (*type > kPayloadTypeMax) return error(Errc::invalid, which + " is more than 127");
    if (std::find(types.begin(), type, *type) != type) return error(Errc::invalid, which + " stands for two things");
    const bool is_noise = type + 1 == types.end();
    if (*type == kComfortNoisePayloadType && !is_noise) return error(Errc::invalid, which + " is comfort noise");
  }
  return {};
}

Result<void> check_payloads(const LegPayloads& payloads) {
  if (auto checked = check_formats(payloads.formats); !checked) return checked.error();
  return check_payload_types(payloads);
}

Result<void> check_setup(const LegReceiverSetup& setup) {
  if (auto checked = check_payloads(setup.payloads); !checked) return checked.error();
  if (setup.reorder_window < 0ns || setup.reorder_window > limits::kReorderWindowMax) {
    return error(Errc::invalid, "the reorder window is 0 to 500 ms");
  }
  return {};
}

}  // namespace

ReceiverCounts& ReceiverCounts::operator+=(const ReceiverCounts& more) {
  packets += more.packets;
  bytes += more.bytes;
  audio += more.audio;
  comfort_noise += more.comfort_noise;
  lost += more.lost;
  restored += more.restored;
  late += more.late;
  duplicated += more.duplicated;
  reordered += more.reordered;
  strays += more.strays;
  foreign_source += more.foreign_source;
  source_moves += more.source_moves;
  unknown_payload_type += more.unknown_payload_type;
  malformed_payload += more.malformed_payload;
  for (std::size_t i = 0; i < malformed.size(); ++i) malformed[i] += more.malformed[i];
  malformed_rtcp += more.malformed_rtcp;
  truncated += more.truncated;
  no_block += more.no_block;
  rtcp += more.rtcp;
  ssrc_changes += more.ssrc_changes;
  sequence_restarts += more.sequence_restarts;
  timestamp_jumps += more.timestamp_jumps;
  codec_changes += more.codec_changes;
  sender_reports_adopted += more.sender_reports_adopted;
  sender_reports_ignored += more.sender_reports_ignored;
  digits += more.digits;
  return *this;
}

Result<LegReceiver> LegReceiver::create(const LegReceiverSetup& setup) {
  if (auto checked = check_setup(setup); !checked) return checked.error();
  return LegReceiver(setup);
}

LegReceiver::LegReceiver(const LegReceiverSetup& setup)
    : current_(setup.payloads.formats.front()),
      dtmf_(setup.payloads.dtmf),
      redundancy_(setup.payloads.redundancy),
      window_(setup.reorder_window),
      timeline_(setup.payloads.formats.front().codec.clock_rate),
      formats_(setup.payloads.formats),
      comfort_noise_(setup.payloads.comfort_noise),
      reorder_window_(setup.reorder_window) {
  pin(setup.source);
}

void LegReceiver::pin(std::optional<Endpoint> source) {
  given_ = !source ? Pin::open : source->port == 0 ? Pin::address : Pin::endpoint;
  pin_ = given_;
  source_ = source.value_or(Endpoint{});
}

void LegReceiver::hear_from(const Endpoint& source) {
  const bool is_learned = pin_ == Pin::endpoint && given_ != Pin::endpoint;
  const bool is_elsewhere = given_ == Pin::address && source.address != source_.address;
  if (!is_learned || is_elsewhere || source == source_) return;
  ++counts_.source_moves;
  source_ = source;
}

Result<void> LegReceiver::agree_on(const LegPayloads& payloads, LegSink& sink) {
  if (auto checked = check_payloads(payloads); !checked) return checked;
  formats_ = payloads.formats;
  dtmf_ = payloads.dtmf;
  redundancy_ = payloads.redundancy;
  comfort_noise_ = payloads.comfort_noise;
  latest_payload_bytes_ = 0;
  if (std::find(formats_.begin(), formats_.end(), current_) != formats_.end()) return {};
  // The same codec under another type is no change of codec, and its clock runs on.
  const auto same = std::find_if(formats_.begin(), formats_.end(),
                                 [&](const LegFormat& format) { return format.codec == current_.codec; });
  if (same != formats_.end()) {
    current_ = *same;
    return {};
  }
  adopt_format(formats_.front(), latest_sequence_, sink);
  return {};
}

std::optional<Endpoint> LegReceiver::source() const {
  if (pin_ != Pin::endpoint) return std::nullopt;
  return source_;
}

void LegReceiver::count_drop(DatagramDrop why) {
  switch (why) {
    case DatagramDrop::truncated: ++counts_.truncated; break;
    case DatagramDrop::no_block: ++counts_.no_block; break;
  }
}

// RTCP may come from another port than RTP, and muxed with it, too.
bool LegReceiver::takes_from(const Endpoint& from, DatagramPort port, MonoTime now) {
  const bool by_address = pin_ == Pin::address || port == DatagramPort::rtcp;
  const bool takes =
      pin_ == Pin::open || (by_address ? from.address == source_.address : from == source_) || may_move_to(from, now);
  if (!takes) ++counts_.foreign_source;
  return takes;
}

// ---- what is it, and whose ----------------------------------------------------------------------------------------

void LegReceiver::receive(Datagram&& datagram, DatagramPort port, Now now, LegSink& sink) {
  const Endpoint& from = datagram.source();  // stays when the datagram's block moves on
  if (port == DatagramPort::rtcp || is_rtcp(datagram.bytes())) return receive_rtcp(datagram.bytes(), from, now, sink);
  RtpFlaw flaw = RtpFlaw::none;
  auto packet = RtpPacket::open(std::move(datagram), flaw);
  if (!packet) {
    ++counts_.malformed[static_cast<std::size_t>(flaw)];
    return;
  }
  receive_rtp(std::move(*packet), from, now, sink);
}

void LegReceiver::receive_rtp(RtpPacket&& packet, const Endpoint& from, Now now, LegSink& sink) {
  if (!accept_source(packet, from, now.mono)) return;
  last_from_source_ = now.mono;
  ++packets_;
  bytes_ += packet.header().payload_size;
  if (!accept_stream(packet, now, sink)) return;
  if (packet.header().payload_type == current_.payload_type) {
    jitter_.see(packet.header().timestamp, now.mono, codec().clock_rate);
  }
  const SequenceNumber sequence = packet.header().sequence;
  window_.push(sequence, std::move(packet), now.mono, [&](RtpPacket&& next_packet, MonoTime arrival) {
    hand_on(next_packet, Now{arrival, now.wall - (now.mono - arrival)}, sink);
  });
}

// The first source whose packet could be the leg's audio or digits becomes the leg's, unless one was given.
bool LegReceiver::accept_source(const RtpPacket& packet, const Endpoint& from, MonoTime now) {
  if (pin_ == Pin::endpoint) {
    if (from == source_) return true;
    if (!has_moved(packet, from, now)) {
      ++counts_.foreign_source;
      return false;
    }
    ++counts_.source_moves;
    source_ = from;
    return true;
  }
  if (pin_ == Pin::address && from.address != source_.address) {
    ++counts_.foreign_source;
    return false;
  }
  const Content content = content_of(packet);
  if (!is_plausible(content)) {
    ++(content.kind != Kind::unknown ? counts_.malformed_payload : counts_.unknown_payload_type);
    return false;
  }
  source_ = from;
  pin_ = Pin::endpoint;
  return true;
}

bool LegReceiver::may_move_to(const Endpoint& from, MonoTime now) const {
  if (given_ == Pin::endpoint || (given_ == Pin::address && from.address != source_.address)) return false;
  return streaming_ && now - last_from_source_ >= limits::kSourceSilence;
}

// Who cannot read the stream cannot know its SSRC and where it is, and who can does not get in while the source sends.
// A machine that somebody named may begin another stream at another port, after a hold.
bool LegReceiver::has_moved(const RtpPacket& packet, const Endpoint& from, MonoTime now) const {
  if (!may_move_to(from, now) || !is_plausible(content_of(packet))) return false;
  const RtpHeader& header = packet.header();
  const auto ahead = static_cast<std::uint16_t>(header.sequence.value - latest_sequence_.value);
  if (header.ssrc == ssrc_ && ahead != 0 && ahead <= limits::kSourceAhead) return true;
  return given_ == Pin::address && now - last_from_source_ >= limits::kHoldGap;
}

// True when the packet is to take its turn in the leg's stream. Only audio that makes sense may begin a new one. A
// packet of the stream that makes no sense takes its turn, too, or its sequence number would be missed as lost.
bool LegReceiver::accept_stream(const RtpPacket& packet, Now now, LegSink& sink) {
  const RtpHeader& header = packet.header();
  if (streaming_ && header.ssrc == ssrc_) return true;
  const Content content = content_of(packet);
  if (content.kind != Kind::audio) {
    // Some gateways send digits as a stream of their own beside the audio: they are heard, and the audio goes on.
    hand_on(packet, now, sink);
    return false;
  }
  if (!is_plausible(content)) {
    ++counts_.malformed_payload;
    return false;
  }
  if (former_ && header.ssrc == former_->ssrc && now.mono - former_->left < reorder_window_) {
    ++counts_.late;
    return false;
  }
  begin_stream(header.ssrc, now, sink);
  return true;
}

void LegReceiver::begin_stream(Ssrc ssrc, Now now, LegSink& sink) {
  if (streaming_) {
    finish(now, sink);
    ++counts_.ssrc_changes;
    former_ = Former{ssrc_, now.mono};
  }
  window_.restart();
  timeline_.restart(codec().clock_rate);
  jitter_.restart();
  ssrc_ = ssrc;
  streaming_ = true;
  bye_seen_ = false;
}

LegReceiver::Content LegReceiver::content_of(const RtpPacket& packet) const {
  const std::uint8_t payload_type = packet.header().payload_type;
  if (!is_redundant(packet)) return {kind_of(payload_type), payload_type, packet.payload()};
  const auto all = parse_redundant_payload(packet.payload());
  if (!all) return {Kind::malformed, payload_type, {}};
  return {kind_of(all->primary.payload_type), all->primary.payload_type, all->primary.payload};
}

LegReceiver::Kind LegReceiver::kind_of(std::uint8_t payload_type) const {
  if (payload_type == current_.payload_type) return Kind::audio;
  if (payload_type == dtmf_) return Kind::digits;
  if (payload_type == kComfortNoisePayloadType || payload_type == comfort_noise_) return Kind::comfort_noise;
  return format_of(payload_type) != nullptr ? Kind::audio : Kind::unknown;
}

const LegFormat* LegReceiver::format_of(std::uint8_t payload_type) const {
  if (current_.payload_type == payload_type) return &current_;
  for (const LegFormat& format : formats_) {
    if (format.payload_type == payload_type) return &format;
  }
  return nullptr;
}

bool LegReceiver::is_plausible(const Content& content) const {
  switch (content.kind) {
    case Kind::audio: return ticks_of(format_of(content.payload_type)->codec, content.payload).has_value();
    case Kind::digits: return parse_telephone_event(content.payload).has_value();
    case Kind::comfort_noise: return true;
    case Kind::malformed:
    case Kind::unknown: return false;
  }
  return false;
}

// ---- in media order -------------------------------------------------------------------------------------------------

void LegReceiver::hand_on(const RtpPacket& packet, Now arrived, LegSink& sink) {
  const Content content = content_of(packet);
  if (is_redundant(packet)) hand_on_earlier(packet, arrived, sink);
  switch (content.kind) {
    case Kind::audio: hand_on_audio(packet.header(), content, arrived, sink); break;
    case Kind::digits: hand_on_digits(packet.header(), content.payload, arrived, sink); break;
    case Kind::comfort_noise: ++counts_.comfort_noise; break;
    case Kind::malformed: ++counts_.malformed_payload; break;
    case Kind::unknown: ++counts_.unknown_payload_type; break;
  }
  if (streaming_ && packet.header().ssrc == ssrc_) latest_sequence_ = packet.header().sequence;
  // The next one has the type of redundancy again, and what it carries before its audio: no size tells where.
  if (is_redundant(packet)) latest_payload_bytes_ = 0;
}

void LegReceiver::hand_on_audio(const RtpHeader& header, const Content& content, Now arrived, LegSink& sink) {
  const LegFormat format = *format_of(content.payload_type);
  const auto ticks = ticks_of(format.codec, content.payload);
  if (!ticks) {
    ++counts_.malformed_payload;
    return;
  }
  if (format.payload_type != current_.payload_type) adopt_format(format, header.sequence, sink);
  const auto place = timeline_.place(header.timestamp, *ticks, arrived);
  if (place.anchored && audio_ != 0) sink.on_timeline_break();
  ++audio_;
  latest_payload_bytes_ = static_cast<std::uint16_t>(content.payload.size());
  sink.on_audio(content.payload, place.at, *ticks);
}

void LegReceiver::adopt_format(const LegFormat& format, SequenceNumber sequence, LegSink& sink) {
  const bool same_clock = format.codec.clock_rate == codec().clock_rate;
  current_ = format;
  ++counts_.codec_changes;
  jitter_.restart();
  if (!same_clock) {
    const bool follows = sequence == next(latest_sequence_);
    timeline_.change_clock(format.codec.clock_rate,
                           follows ? RtpTimeline::Follows::the_packet_before : RtpTimeline::Follows::a_gap);
  }
  sink.on_codec_change(format.codec);
}

// What came before this packet and was lost, as far as it has it, too. Only where the clock is the one that the
// timeline has: nothing else can be placed before what comes next.
void LegReceiver::hand_on_earlier(const RtpPacket& packet, Now arrived, LegSink& sink) {
  const auto all = parse_redundant_payload(packet.payload());
  if (!all || !streaming_ || packet.header().ssrc != ssrc_) return;
  for (const RedundantBlock& block : all->blocks_before()) {
    RtpHeader header = packet.header();
    header.timestamp = RtpTimestamp(header.timestamp.value - block.ticks_before);
    const Content content{kind_of(block.payload_type), block.payload_type, block.payload};
    if (block.ticks_before == 0 || block.payload.empty() || !is_plausible(content)) continue;
    if (content.kind == Kind::digits) hand_on_digits(header, block.payload, arrived, sink);
    if (content.kind != Kind::audio || !timeline_.is_free(header.timestamp)) continue;
    const Codec& codec = format_of(block.payload_type)->codec;
    const bool fits =
        codec.clock_rate == this->codec().clock_rate && *ticks_of(codec, block.payload) <= block.ticks_before;
    if (!fits) continue;
    ++counts_.restored;
    hand_on_audio(header, content, arrived, sink);
  }
}

std::optional<ExpectedStream> LegReceiver::foresee() const {
  const auto sequence = window_.expected();
  if (pin_ != Pin::endpoint || !streaming_ || !sequence) return std::nullopt;
  const auto tick_bytes = static_cast<std::uint32_t>(codec().tick_bytes());
  if (tick_bytes == 0 || latest_payload_bytes_ == 0) return std::nullopt;
  const std::uint32_t ticks = latest_payload_bytes_ / tick_bytes;
  const std::uint32_t millisecond_ticks = ticks * 1000;
  if (millisecond_ticks % codec().clock_rate != 0) return std::nullopt;
  const auto next = timeline_.foresee(ticks);
  if (!next) return std::nullopt;
  const milliseconds duration(millisecond_ticks / codec().clock_rate);
  return ExpectedStream{.payload_type = current_.payload_type,
                        .sequence = *sequence,
                        .timestamp = next->timestamp,
                        .ssrc = ssrc_,
                        .source = source_,
                        .payload_bytes = latest_payload_bytes_,
                        .ticks = static_cast<std::uint16_t>(ticks),
                        .duration = duration,
                        .at = next->at,
                        .due = next->due,
                        .late = jitter_.latest() - (next->due - duration),
                        .jitter_ns = jitter_.now_ns()};
}

void LegReceiver::passed(const PassedPackets& passed) {
  last_from_source_ = passed.last;
  window_.passed(passed.packets);
  latest_sequence_ = SequenceNumber(static_cast<std::uint16_t>(latest_sequence_.value + passed.packets));
  timeline_.passed(std::uint32_t{passed.packets} * passed.ticks, passed.last);
  jitter_.passed(std::uint32_t{passed.packets} * passed.ticks, passed.last, passed.jitter_ns, passed.packets);
  packets_ += passed.packets;
  bytes_ += std::uint64_t{passed.packets} * passed.payload_bytes;
  audio_ += passed.packets;
}

void LegReceiver::hand_on_digits(const RtpHeader& header, ByteView payload, Now arrived, LegSink& sink) {
  const bool own_stream = streaming_ && header.ssrc == ssrc_;
  const bool well_formed = digits_.see_packet(header, payload, [&](char digit, RtpTimestamp start) {
    ++counts_.digits;
    sink.on_digit(digit, own_stream ? timeline_.locate(start, arrived) : arrived.wall);
  });
  if (!well_formed) ++counts_.malformed_payload;
}

void LegReceiver::poll(Now now, LegSink& sink) {
  window_.poll(now.mono, [&](RtpPacket&& packet, MonoTime arrival) {
    hand_on(packet, Now{arrival, now.wall - (now.mono - arrival)}, sink);
  });
}

void LegReceiver::finish(Now now, LegSink& sink) {
  window_.flush([&](RtpPacket&& packet, MonoTime arrival) {
    hand_on(packet, Now{arrival, now.wall - (now.mono - arrival)}, sink);
  });
}

// ---- RTCP -----------------------------------------------------------------------------------------------------------

void LegReceiver::receive_rtcp(ByteView compound, const Endpoint& from, Now now, LegSink& sink) {
  // RTCP may come from another port than RTP, but not from another machine; and not before it is known which.
  if (pin_ == Pin::open || from.address != source_.address) {
    ++counts_.foreign_source;
    return;
  }
  const auto contents = parse_rtcp(compound);
  if (!contents) {
    ++counts_.malformed_rtcp;
    return;
  }
  ++counts_.rtcp;
  if (!streaming_) return;
  if (contents->sender && contents->sender->ssrc == ssrc_) timeline_.on_sender_report(*contents->sender, now);
  if (contents->says_bye(ssrc_) && !bye_seen_) {
    bye_seen_ = true;
    finish(now, sink);
    sink.on_bye(now);
  }
}

ReceiverCounts LegReceiver::counts() const {
  ReceiverCounts counts = counts_;
  counts.packets += packets_;
  counts.bytes += bytes_;
  counts.audio += audio_;
  const ReorderCounts order = window_.counts();
  counts.lost += order.lost;
  counts.late += order.late;
  counts.duplicated += order.duplicated;
  counts.reordered += order.reordered;
  counts.strays += order.strays;
  counts.sequence_restarts += order.restarts;
  counts.timestamp_jumps += timeline_.counts().jumps;
  counts.sender_reports_adopted += timeline_.counts().reports_adopted;
  counts.sender_reports_ignored += timeline_.counts().reports_ignored;
  return counts;
}

}  // namespace assent
