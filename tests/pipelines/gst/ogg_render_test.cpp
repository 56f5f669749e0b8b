#include "pipelines/gst/ogg_render.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "catch.h"
#include "tests/pipelines/gst/synthetic_leg.h"

using namespace assent;
using namespace assent::gst;
using namespace assent::test;

namespace {

Bytes ogg_of(std::vector<std::vector<Packet>> legs, const TrackSpec& spec) {
  auto render = OggRender::open(legs_of(std::move(legs)), spec);
  if (!render) FAIL(render.error().what);
  Bytes all;
  Bytes part(5000);
  while (true) {
    const auto got = (*render)->read(part);
    if (!got) FAIL(got.error().what);
    if (*got == 0) return all;
    all.insert(all.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(*got));
  }
}

// The samples ffmpeg decodes from it: interleaved, 8 kHz.
std::vector<std::int16_t> decoded_by_ffmpeg(const Bytes& ogg) {
  char folder[] = "/tmp/assent-ogg-XXXXXX";
  REQUIRE(mkdtemp(folder) != nullptr);
  const std::filesystem::path path(folder);
  std::ofstream(path / "in.ogg", std::ios::binary)
      .write(reinterpret_cast<const char*>(ogg.data()), static_cast<std::streamsize>(ogg.size()));
  const auto command =
      "ffmpeg -nostdin -v error -i " + (path / "in.ogg").string() + " -f s16le -ar 8000 " + (path / "out.raw").string();
  const int status = std::system(command.c_str());
  std::ifstream in(path / "out.raw", std::ios::binary);
  const std::string raw(std::istreambuf_iterator<char>(in), {});
  std::filesystem::remove_all(path);
  REQUIRE(status == 0);
  std::vector<std::int16_t> samples(raw.size() / 2);
  std::memcpy(samples.data(), raw.data(), samples.size() * 2);
  return samples;
}

double level(const std::vector<std::int16_t>& samples, std::size_t channel) {
  double sum = 0;
  for (std::size_t i = channel; i < samples.size(); i += 2) sum += static_cast<double>(samples[i]) * samples[i];
  return std::sqrt(sum / (static_cast<double>(samples.size()) / 2));
}

}  // namespace

TEST_CASE("an ogg is Opus of the right length with each leg on its side") {
  if (std::system("command -v ffmpeg >/dev/null 2>&1") != 0) {
    WARN("skipped: ffmpeg is not installed");
    return;
  }
  for (const std::uint32_t rate : {8000U, 44100U}) {
    const auto ogg = ogg_of({tone(400, {CodecName::l16, rate, 1}, 250), {}}, {{kOrigin, kOrigin + 5s}, rate});
    CHECK(text_of(ByteView(ogg).first(4)) == "OggS");
    CHECK(text_of(ogg).find("OpusHead") != std::string::npos);
    const auto samples = decoded_by_ffmpeg(ogg);
    CHECK(std::abs(static_cast<double>(samples.size()) / 2 - 5 * 8000) < 0.03 * 8000);
    CHECK(level(samples, 0) == Approx(10000 / std::sqrt(2)).epsilon(0.1));
    CHECK(level(samples, 1) < 100);
  }
}

TEST_CASE("an ogg of a failing leg ends with the leg's error") {
  std::vector<std::unique_ptr<LegAudioSource>> legs;
  legs.push_back(std::make_unique<FailingLeg>());
  auto render = OggRender::open(std::move(legs), {{kOrigin, kOrigin + 5s}});
  REQUIRE(render.has_value());
  Bytes out(1000);
  CHECK((*render)->read(out).error().what == "segment 7: frame 3");
}
