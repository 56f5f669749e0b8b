// How well keys are heard as tones in speech: how often speech alone is taken for a key, how many keys of those pressed
// beside it are heard, and what listening costs a packet. The speech comes from a file of G.711 mu-law at 8000 Hz
// (bench/micro/key_tones.py makes it); the keys are made here, held for 80 ms, one every two seconds.
//
//     key_tone_bench speech.ulaw
#include <cmath>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "engine/ingest/inband_dtmf.h"
#include "tests/engine/ingest/key_tones.h"

namespace assent {
namespace {

constexpr std::size_t kPacket = 160;
constexpr std::size_t kPeriod = 16000;  // samples from one key to the next
constexpr std::size_t kPress = 640;     // 80 ms
constexpr std::size_t kAnswer = 2400;   // 300 ms: a key is heard in time, or not

double sample_of(std::uint8_t code) {
  const int value = ~code & 0xFF;
  const int magnitude = (((value & 0x0F) << 3) + 0x84) << ((value >> 4) & 7);
  return value & 0x80 ? 0x84 - magnitude : magnitude - 0x84;
}

struct Heard {
  std::size_t at;  // sample
  char key;
};

std::vector<Heard> listen(const Bytes& audio) {
  InbandDtmf detector;
  std::vector<Heard> heard;
  for (std::size_t at = 0; at + kPacket <= audio.size(); at += kPacket) {
    const HeardKeys found = detector.hear(Codec{}, ByteView(audio).subspan(at, kPacket), 0ns);
    for (const char key : found.all()) {
      heard.push_back({at, key});
    }
  }
  return heard;
}

Bytes louder(const Bytes& speech, double db) {
  Bytes out;
  out.reserve(speech.size());
  const double factor = std::pow(10, db / 20);
  for (const std::uint8_t code : speech) out.push_back(ulaw_of(clipped(sample_of(code) * factor)));
  return out;
}

// Root mean square of the samples in which somebody speaks.
double loudness(const Bytes& speech) {
  double sum = 0;
  double count = 1;
  for (const std::uint8_t code : speech) {
    const double sample = sample_of(code);
    if (std::abs(sample) < 100) continue;
    sum += sample * sample;
    ++count;
  }
  return std::sqrt(sum / count);
}

void count_false_keys(const Bytes& speech) {
  const double hours = static_cast<double>(speech.size()) / 8000 / 3600;
  for (const double db : {0.0, -6.0, -12.0, -18.0, 6.0}) {
    const auto heard = listen(louder(speech, db));
    std::string keys;
    for (const Heard& each : heard) keys += each.key;
    std::printf("speech alone, %+3.0f dB: %zu keys in %.2f h, %.2f an hour %s\n", db, heard.size(), hours,
                static_cast<double>(heard.size()) / hours, keys.c_str());
  }
}

// Keys whose two tones together are `above` dB above the speech.
void count_true_keys(const Bytes& speech, double above) {
  const double tone = loudness(speech) * std::pow(10, above / 20);  // of the sum of both, root mean square: its peak
  Bytes audio;
  audio.reserve(speech.size());
  std::size_t pressed = 0;
  for (std::size_t i = 0; i < speech.size(); ++i) {
    double sample = sample_of(speech[i]);
    const std::size_t in_period = i % kPeriod;
    if (in_period < kPress) {
      const auto [low, high] = frequencies_of(kAllKeys[i / kPeriod % kAllKeys.size()]);
      const double turn = 2 * std::numbers::pi * static_cast<double>(in_period) / 8000;
      sample += tone * (std::sin(turn * low) + std::sin(turn * high));
    }
    pressed += in_period == 0 ? 1U : 0U;
    audio.push_back(ulaw_of(clipped(sample)));
  }
  std::vector<bool> found(pressed);
  std::size_t wrong = 0;
  for (const Heard& each : listen(audio)) {
    const std::size_t which = each.at / kPeriod;
    const bool right = each.key == kAllKeys[which % kAllKeys.size()] && each.at % kPeriod < kAnswer;
    if (!right || found[which]) ++wrong;
    if (right) found[which] = true;
  }
  std::size_t count = 0;
  for (const bool each : found) count += each ? 1U : 0U;
  std::printf("keys %+3.0f dB above the speech: %zu of %zu heard, %.2f %%; %zu wrong or twice\n", above, count, pressed,
              100.0 * static_cast<double>(count) / static_cast<double>(pressed), wrong);
}

// Of the processor, whoever else uses it.
void time_it(const Bytes& speech) {
  const std::clock_t start = std::clock();
  (void)listen(speech);
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  std::printf("%.0f ns of CPU a packet of 20 ms\n", seconds * 1e9 / static_cast<double>(speech.size() / kPacket));
}

}  // namespace
}  // namespace assent

int main(int argc, char** argv) {
  if (argc != 2 || std::string(argv[1]) == "--help") {
    std::printf("key_tone_bench SPEECH: keys heard in a file of G.711 mu-law; bench/micro/key_tones.py makes one\n");
    return argc == 2 ? 0 : 2;
  }
  std::ifstream file(argv[1], std::ios::binary);
  const assent::Bytes speech{std::istreambuf_iterator<char>(file), {}};
  if (speech.size() < assent::kPeriod) {
    std::printf("%s: no speech in it\n", argv[1]);
    return 1;
  }
  assent::count_false_keys(speech);
  for (const double above : {20.0, 15.0, 10.0, 6.0, 0.0}) assent::count_true_keys(speech, above);
  assent::time_it(speech);
  return 0;
}
