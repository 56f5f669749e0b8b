#include "tests/sim/simulated_leg.h"

#include <algorithm>
#include <array>

#include "base/limits.h"
#include "base/result.h"

namespace assent::sim {
namespace {

constexpr int kPacketsAPress = 3;
constexpr auto kEventTime = 20ms;
// What is overtaken for so long is certain to be waited for still, sweeps included.
constexpr auto kCertain = limits::kReorderWindowDefault - 25ms;
// A straggler of the source before that comes later than this would be taken for a change back.
constexpr auto kStraggling = 25ms;
// No source comes and goes while another's packets are on their way: which of them is the older nobody could tell.
constexpr auto kBetweenChanges = 250ms;

std::uint8_t filler(const Marked& what) { return static_cast<std::uint8_t>(what.packet * 7 + what.leg * 31 + 1); }

}  // namespace

Bytes marked_payload(Marked what, std::size_t bytes) {
  Bytes payload(bytes, filler(what));
  store_be64(payload.data(), kMarker);
  payload[8] = static_cast<std::uint8_t>(what.leg);
  store_be32(payload.data() + 9, static_cast<std::uint32_t>(what.packet));
  return payload;
}

std::optional<Marked> find_marked(ByteView payload) {
  if (payload.size() < kMarkedBytes || load_be64(payload.data()) != kMarker) return std::nullopt;
  return Marked{payload[8], load_be32(payload.data() + 9)};
}

std::optional<Marked> read_marked(ByteView payload) {
  const auto what = find_marked(payload);
  if (!what) return std::nullopt;
  const bool whole = std::all_of(payload.begin() + kMarkedBytes, payload.end(),
                                 [&](std::uint8_t byte) { return byte == filler(*what); });
  return whole ? what : std::nullopt;
}

LegHabits LegHabits::draw(Random& random) {
  LegHabits habits;
  constexpr std::array kTimes{20ms, 20ms, 20ms, 10ms, 30ms};
  habits.packet_time = kTimes.at(upto(random, kTimes.size() - 1));
  if (happens(random, 0.1)) habits.payload_type = SimulatedLeg::kL16;
  if (happens(random, 0.3)) return habits;  // a perfect network
  if (happens(random, 0.6)) habits.loss = 0.02;
  if (happens(random, 0.1)) habits.loss = 0.3;
  if (happens(random, 0.5)) habits.reorder = 0.05;
  if (happens(random, 0.3)) habits.straggle = 0.02;
  if (happens(random, 0.4)) habits.duplicate = 0.05;
  if (happens(random, 0.3)) habits.silence = 0.01;
  if (happens(random, 0.5)) habits.jitter = 15ms;
  return habits;
}

SimulatedLeg::SimulatedLeg(std::size_t index, MonoTime from, Random& random)
    : index_(index),
      habits_(LegHabits::draw(random)),
      next_(from + upto(random, 300ms)),
      silent_until_(from),
      sequence_(static_cast<std::uint16_t>(random())),
      timestamp_(static_cast<std::uint32_t>(random())) {}

void SimulatedLeg::talk(MonoTime now, Random& random) {
  while (next_ <= now) {
    const auto ticks = static_cast<std::uint32_t>(habits_.packet_time.count() * 8);
    if (next_ >= silent_until_) {
      const std::size_t bytes = habits_.payload_type == kL16 ? 2 * std::size_t{ticks} : ticks;
      const Bytes payload = marked_payload({index_, packets_}, bytes);
      send({.due = next_, .packet = packets_++}, habits_.payload_type, timestamp_, payload, random);
      if (happens(random, habits_.silence)) silent_until_ = next_ + 100ms + upto(random, 900ms);
    }
    timestamp_ += ticks;
    next_ += habits_.packet_time;
  }
}

// RFC 4733: the key's packets take the place of audio, with one timestamp and a growing duration.
void SimulatedLeg::press(char digit, MonoTime now, Random& random) {
  const std::size_t number = presses.size();
  presses.push_back({.digit = digit});
  const auto event = static_cast<std::uint8_t>(digit == '*' ? 10 : digit == '#' ? 11 : digit - '0');
  for (int i = 0; i < kPacketsAPress; ++i) {
    const auto end_and_volume = static_cast<std::uint8_t>(i + 1 == kPacketsAPress ? 0x8A : 0x0A);
    Bytes payload{event, end_and_volume};
    append_be16(payload, static_cast<std::uint16_t>(160 * (i + 1)));
    send({.due = now + i * kEventTime, .press = number}, kEvents, timestamp_, payload, random);
  }
  // What is said goes on behind it.
  next_ = std::max(next_, now + kPacketsAPress * kEventTime);
  timestamp_ += static_cast<std::uint32_t>(160 * kPacketsAPress);
}

void SimulatedLeg::change_source(MonoTime now, Random& random) {
  if (now - changed_ < kBetweenChanges) return;
  changed_ = now;
  std::erase_if(on_the_way_, [&](const Coming& coming) { return coming.due > now + kStraggling; });
  ++stream_;
  sequence_ = static_cast<std::uint16_t>(random());
  timestamp_ = static_cast<std::uint32_t>(random());
}

void SimulatedLeg::send_rubbish(MonoTime now, Random& random) {
  Bytes rubbish(upto(random, 300));
  for (std::uint8_t& byte : rubbish) byte = static_cast<std::uint8_t>(random());
  // As RTP it is of a type that nobody agreed on.
  if (rubbish.size() > 1) rubbish[1] = 0x55;
  on_the_way_.insert(on_the_way_.begin(), {.due = now, .datagram = std::move(rubbish), .stream = stream_});
}

void SimulatedLeg::send(Coming coming, std::uint8_t payload_type, std::uint32_t timestamp, ByteView payload,
                        Random& random) {
  RtpHeader header;
  header.payload_type = payload_type;
  header.sequence = SequenceNumber(sequence_++);
  header.timestamp = RtpTimestamp(timestamp);
  header.ssrc = Ssrc(static_cast<std::uint32_t>(0x1000 * (index_ + 1)) + stream_);
  coming.datagram.resize(kRtpHeaderBytes + payload.size());
  ASSENT_CHECK(write_rtp(header, payload, coming.datagram) == coming.datagram.size());
  coming.place = ++place_;
  coming.stream = stream_;
  const auto on_its_way = [&](Coming copy) {
    copy.due += upto(random, habits_.jitter);
    if (happens(random, habits_.reorder)) copy.due += upto(random, 45ms);
    if (happens(random, habits_.straggle)) copy.due += upto(random, 120ms);
    const auto place = std::upper_bound(on_the_way_.begin(), on_the_way_.end(), copy.due,
                                        [](MonoTime due, const Coming& other) { return due < other.due; });
    on_the_way_.insert(place, std::move(copy));
  };
  if (happens(random, habits_.loss)) return;
  if (happens(random, habits_.duplicate)) on_its_way(coming);
  on_its_way(std::move(coming));
}

std::vector<Coming> SimulatedLeg::arrived(MonoTime now) {
  const auto end =
      std::find_if(on_the_way_.begin(), on_the_way_.end(), [now](const Coming& coming) { return coming.due > now; });
  std::vector<Coming> come(std::make_move_iterator(on_the_way_.begin()), std::make_move_iterator(end));
  on_the_way_.erase(on_the_way_.begin(), end);
  return come;
}

bool SimulatedLeg::may_be_missed(const Coming& coming, MonoTime now, std::uint64_t version) {
  if (coming.packet) {
    if (*coming.packet >= came_.size()) came_.resize(*coming.packet + 1);
    came_[*coming.packet] = true;
  }
  if (coming.stream < heard_stream_) return true;
  if (coming.stream > heard_stream_) {
    passed_.clear();
    begins_with_.reset();
  }
  heard_stream_ = coming.stream;
  if (coming.packet && !begins_with_) begins_with_ = coming.place;
  std::erase_if(passed_, [now](const Passed& passed) { return passed.at + 1s < now; });

  // It is waited for while what overtook it waits; a turn of the gate ends all waiting.
  bool certain = true;
  for (const Passed& passed : passed_) {
    if (passed.place <= coming.place) continue;
    certain = certain && now - passed.at < kCertain && passed.version == version;
  }
  passed_.push_back({coming.place, now, version});
  return !certain || (begins_with_ && coming.place < *begins_with_);
}

}  // namespace assent::sim
