#include "engine/ingest/leg_receiver.h"

#include <algorithm>
#include <string>
#include <utility>

namespace assent {
namespace {

Result<void> check_format(const LegFormat& format, std::span<const LegFormat> before) {
  const std::string which = "payload type " + std::to_string(format.payload_type);
  if (format.payload_type > kPayloadTypeMax) return error(Errc::invalid, which + " is more than 127");
  if (format.payload_type == kComfortNoisePayloadType) return error(Errc::invalid, which + " is comfort noise");
  for (const auto& other : before) {
    if (other.payload_type == format.payload_type) return error(Errc::invalid, which + " stands for two codecs");
  }
  return {};
}

Result<void> check_setup(const LegReceiverSetup& setup) {
  if (setup.formats.empty() || setup.formats.size() > limits::kFormatsPerLeg) {
    return error(Errc::invalid, "a leg has 1 to " + std::to_string(limits::kFormatsPerLeg) +
                                    " audio payload types, not " + std::to_string(setup.formats.size()));
  }
  for (std::size_t i = 0; i < setup.formats.size(); ++i) {
    if (auto checked = check_format(setup.formats[i], setup.formats.first(i)); !checked) return checked.error();
  }
  if (setup.dtmf_payload_type) {
    if (auto checked = check_format({*setup.dtmf_payload_type, {}}, setup.formats); !checked) return checked.error();
  }
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
  late += more.late;
  duplicated += more.duplicated;
  reordered += more.reordered;
  strays += more.strays;
  foreign_source += more.foreign_source;
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
    : current_(setup.formats.front()),
      dtmf_payload_type_(setup.dtmf_payload_type),
      window_(setup.reorder_window),
      timeline_(setup.formats.front().codec.clock_rate),
      format_count_(setup.formats.size()),
      reorder_window_(setup.reorder_window) {
  std::copy(setup.formats.begin(), setup.formats.end(), formats_.begin());
  pin(setup.source);
}

void LegReceiver::pin(std::optional<Endpoint> source) {
  pin_ = !source ? Pin::open : source->port == 0 ? Pin::address : Pin::endpoint;
  source_ = source.value_or(Endpoint{});
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
  if (!accept_source(packet, from)) return;
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
bool LegReceiver::accept_source(const RtpPacket& packet, const Endpoint& from) {
  if (pin_ == Pin::endpoint) {
    if (from == source_) return true;
    ++counts_.foreign_source;
    return false;
  }
  if (pin_ == Pin::address && from.address != source_.address) {
    ++counts_.foreign_source;
    return false;
  }
  if (!is_plausible(packet)) {
    const bool known = kind_of(packet.header().payload_type) != Kind::unknown;
    ++(known ? counts_.malformed_payload : counts_.unknown_payload_type);
    return false;
  }
  source_ = from;
  pin_ = Pin::endpoint;
  return true;
}

// True when the packet is to take its turn in the leg's stream. Only audio that makes sense may begin a new one. A
// packet of the stream that makes no sense takes its turn, too, or its sequence number would be missed as lost.
bool LegReceiver::accept_stream(const RtpPacket& packet, Now now, LegSink& sink) {
  const RtpHeader& header = packet.header();
  if (streaming_ && header.ssrc == ssrc_) return true;
  if (kind_of(header.payload_type) != Kind::audio) {
    // Some gateways send digits as a stream of their own beside the audio: they are heard, and the audio goes on.
    hand_on(packet, now, sink);
    return false;
  }
  if (!is_plausible(packet)) {
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

LegReceiver::Kind LegReceiver::kind_of(std::uint8_t payload_type) const {
  if (payload_type == current_.payload_type) return Kind::audio;
  if (payload_type == dtmf_payload_type_) return Kind::digits;
  if (payload_type == kComfortNoisePayloadType) return Kind::comfort_noise;
  return format_of(payload_type) != nullptr ? Kind::audio : Kind::unknown;
}

const LegFormat* LegReceiver::format_of(std::uint8_t payload_type) const {
  if (current_.payload_type == payload_type) return &current_;
  for (std::size_t i = 0; i < format_count_; ++i) {
    if (formats_[i].payload_type == payload_type) return &formats_[i];
  }
  return nullptr;
}

bool LegReceiver::is_plausible(const RtpPacket& packet) const {
  const std::uint8_t payload_type = packet.header().payload_type;
  switch (kind_of(payload_type)) {
    case Kind::audio: return ticks_of(format_of(payload_type)->codec, packet.payload()).has_value();
    case Kind::digits: return parse_telephone_event(packet.payload()).has_value();
    case Kind::comfort_noise: return true;
    case Kind::unknown: return false;
  }
  return false;
}

// ---- in media order -------------------------------------------------------------------------------------------------

void LegReceiver::hand_on(const RtpPacket& packet, Now arrived, LegSink& sink) {
  switch (kind_of(packet.header().payload_type)) {
    case Kind::audio: return hand_on_audio(packet, arrived, sink);
    case Kind::digits: return hand_on_digits(packet, arrived, sink);
    case Kind::comfort_noise: ++counts_.comfort_noise; return;
    case Kind::unknown: ++counts_.unknown_payload_type; return;
  }
}

void LegReceiver::hand_on_audio(const RtpPacket& packet, Now arrived, LegSink& sink) {
  const LegFormat format = *format_of(packet.header().payload_type);
  const auto ticks = ticks_of(format.codec, packet.payload());
  if (!ticks) {
    ++counts_.malformed_payload;
    return;
  }
  if (format.payload_type != current_.payload_type) {
    const bool same_clock = format.codec.clock_rate == codec().clock_rate;
    current_ = format;
    ++counts_.codec_changes;
    jitter_.restart();
    if (!same_clock) timeline_.restart(format.codec.clock_rate);
    sink.on_codec_change(format.codec);
  }
  const auto place = timeline_.place(packet.header().timestamp, *ticks, arrived);
  if (place.anchored && audio_ != 0) sink.on_timeline_break();
  ++audio_;
  latest_payload_bytes_ = packet.header().payload_size;
  sink.on_audio(packet, place.at, *ticks);
}

std::optional<ExpectedStream> LegReceiver::foresee() const {
  const auto sequence = window_.expected();
  if (pin_ != Pin::endpoint || !streaming_ || !sequence) return std::nullopt;
  const auto ticks = static_cast<std::uint32_t>(latest_payload_bytes_ / codec().frame_bytes());
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
  window_.passed(passed.packets);
  timeline_.passed(std::uint32_t{passed.packets} * passed.ticks);
  jitter_.passed(std::uint32_t{passed.packets} * passed.ticks, passed.last, passed.jitter_ns, passed.packets);
  packets_ += passed.packets;
  bytes_ += std::uint64_t{passed.packets} * passed.payload_bytes;
  audio_ += passed.packets;
}

void LegReceiver::hand_on_digits(const RtpPacket& packet, Now arrived, LegSink& sink) {
  const bool own_stream = streaming_ && packet.header().ssrc == ssrc_;
  const bool well_formed = digits_.see_packet(packet.header(), packet.payload(), [&](char digit, RtpTimestamp start) {
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
