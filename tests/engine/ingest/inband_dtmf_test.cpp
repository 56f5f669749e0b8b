#include "engine/ingest/inband_dtmf.h"

#include <array>
#include <random>
#include <string>

#include "catch.h"
#include "key_tones.h"

namespace assent {
namespace {

const Codec kPcmu{};
constexpr std::size_t kPacketBytes = 160;  // 20 ms
constexpr double kUsualMs = 80;            // how long a key is held at least by most telephones

// What is heard of the samples in packets of so many milliseconds.
std::string heard(const Codec& codec, const std::vector<double>& samples, std::size_t packet_ms = 20) {
  InbandDtmf detector;
  std::string keys;
  const std::size_t per_packet = codec.clock_rate * packet_ms / 1000;
  for (std::size_t at = 0; at < samples.size(); at += per_packet) {
    const std::size_t end = std::min(samples.size(), at + per_packet);
    const Bytes payload = payload_of(
        codec, {samples.begin() + static_cast<std::ptrdiff_t>(at), samples.begin() + static_cast<std::ptrdiff_t>(end)});
    const HeardKeys found = detector.hear(codec, payload, 0ns);
    for (const char key : found.all()) keys += key;
  }
  return keys;
}

// All keys one after the other, with the usual pause.
std::vector<double> all_keys(std::uint32_t rate, const KeyTone& how = {}, double ms = kUsualMs) {
  ToneSamples line(rate);
  line.silence(100);
  for (const char key : kAllKeys) {
    line.press(key, ms, how);
    line.silence(kUsualMs);
  }
  return line.samples();
}

std::vector<Codec> all_codecs() {
  std::vector<Codec> codecs;
  for (const CodecName name : {CodecName::pcmu, CodecName::pcma}) codecs.push_back({name, 8000, 1});
  for (const std::uint32_t rate : kClockRates) {
    for (const std::uint8_t channels : {std::uint8_t{1}, std::uint8_t{2}}) {
      codecs.push_back({CodecName::l16, rate, channels});
    }
  }
  return codecs;
}

}  // namespace

TEST_CASE("every key is heard in every codec, rate and number of channels") {
  for (const Codec& codec : all_codecs()) {
    INFO(to_text(codec));
    CHECK(heard(codec, all_keys(codec.clock_rate)) == kAllKeys);
  }
}

TEST_CASE("every key is heard at every level a line brings, and with its twist") {
  for (const Codec& codec : {kPcmu, Codec{CodecName::pcma, 8000, 1}, Codec{CodecName::l16, 8000, 1}}) {
    for (const double level : {-3.0, -8.0, -16.0, -24.0, -26.0}) {
      // Telephones send the column louder than the row, lines take more of it away.
      for (const double twist : {0.0, 3.0, -6.0}) {
        INFO(to_text(codec) << " at " << level << " dBm0, the column " << twist << " dB above the row");
        const KeyTone how{twist > 0 ? level - twist : level, twist > 0 ? level : level + twist};
        CHECK(heard(codec, all_keys(8000, how)) == kAllKeys);
      }
    }
  }
}

TEST_CASE("every key is heard beside noise that is 15 dB weaker") {
  std::mt19937 generator(1);
  std::normal_distribution<double> noise(0, peak_of(-10) / std::pow(10, 15.0 / 20));
  auto samples = all_keys(8000);
  for (double& sample : samples) sample += noise(generator);
  CHECK(heard(kPcmu, samples) == kAllKeys);
}

TEST_CASE("a press is one, however long, and two are two") {
  ToneSamples held;
  held.press('1', 5000);
  CHECK(heard(kPcmu, held.samples()) == "1");
  ToneSamples twice;
  twice.press('1', kUsualMs);
  twice.silence(50);
  twice.press('1', kUsualMs);
  twice.silence(50);
  twice.press('9', kUsualMs);
  CHECK(heard(kPcmu, twice.samples()) == "119");
}

TEST_CASE("what is too short to be a press is none") {
  CHECK(heard(kPcmu, all_keys(8000, {}, 20)).empty());
  CHECK(heard(kPcmu, all_keys(8000, {}, 40)) == kAllKeys);
}

TEST_CASE("one tone alone, a tone beside its place and noise are no keys") {
  ToneSamples tones;
  for (const double hertz : {697.0, 770.0, 852.0, 941.0, 1209.0, 1336.0, 1477.0, 1633.0, 440.0, 1000.0}) {
    tones.tone(hertz, -6, 200);
    tones.silence(50);
  }
  CHECK(heard(kPcmu, tones.samples()).empty());
  CHECK(heard(kPcmu, all_keys(8000, {-10, -10, 1.035})).empty());
  CHECK(heard(kPcmu, all_keys(8000, {-10, -10, 0.965})).empty());
  CHECK(heard(kPcmu, all_keys(8000, {-10, -10, 1.01})) == kAllKeys);
  CHECK(heard(kPcmu, all_keys(8000, {-10, -10, 0.99})) == kAllKeys);
  std::mt19937 generator(2);
  std::normal_distribution<double> noise(0, 4000);
  std::vector<double> samples(8000 * 60);
  for (double& sample : samples) sample = noise(generator);
  CHECK(heard(kPcmu, samples).empty());
}

TEST_CASE("keys do not depend on how the audio is cut into packets") {
  const auto samples = all_keys(8000);
  for (const std::size_t packet_ms : std::array<std::size_t, 7>{1, 5, 10, 30, 60, 125, 250}) {
    INFO(packet_ms);
    CHECK(heard(kPcmu, samples, packet_ms) == kAllKeys);
  }
}

TEST_CASE("a lost packet does not make two presses of one, and silence that was not sent does not join two") {
  ToneSamples line;
  line.press('5', 400);
  const Bytes tone = payload_of(kPcmu, line.samples());
  const auto count = [&](nanoseconds gap) {
    InbandDtmf detector;
    std::size_t presses = 0;
    for (std::size_t packet = 0; packet < 20; ++packet) {
      const ByteView payload = ByteView(tone).subspan(packet * kPacketBytes, kPacketBytes);
      const HeardKeys found = detector.hear(kPcmu, payload, packet == 10 ? gap : 0ns);
      presses += found.all().size();
    }
    return presses;
  };
  CHECK(count(0ns) == 1);
  CHECK(count(20ms) == 1);
  CHECK(count(InbandDtmf::kBridged) == 1);
  CHECK(count(200ms) == 2);
  CHECK(count(-20ms) == 1);  // a sender's clock that jitters
}

TEST_CASE("what was forgotten is not gone on with") {
  ToneSamples line;
  line.press('5', 60);
  const Bytes tone = payload_of(kPcmu, line.samples());
  const auto heard_in = [&](InbandDtmf& detector, std::size_t packet) {
    const HeardKeys found = detector.hear(kPcmu, ByteView(tone).subspan(packet * kPacketBytes, kPacketBytes), 0ns);
    return found.all().size();
  };
  InbandDtmf detector;
  CHECK(heard_in(detector, 0) == 0);
  CHECK(heard_in(detector, 1) == 1);
  InbandDtmf forgetful;
  CHECK(heard_in(forgetful, 0) == 0);
  forgetful.forget();
  CHECK(heard_in(forgetful, 1) == 0);
  CHECK(heard_in(forgetful, 2) == 1);
}

TEST_CASE("no bytes are too odd to be listened to") {
  std::mt19937 generator(3);
  for (const Codec& codec : all_codecs()) {
    InbandDtmf detector;
    for (int i = 0; i < 200; ++i) {
      Bytes payload(generator() % 4000 / codec.tick_bytes() * codec.tick_bytes());
      for (std::uint8_t& byte : payload) byte = static_cast<std::uint8_t>(generator());
      (void)detector.hear(codec, payload, milliseconds(generator() % 100));
    }
  }
}

}  // namespace assent
