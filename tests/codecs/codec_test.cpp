#include "codecs/codec.h"

#include "catch.h"

using namespace assent;

TEST_CASE("a codec's text form is that of an SDP rtpmap") {
  CHECK(to_text(Codec{CodecName::pcmu, 8000, 1}) == "PCMU/8000");
  CHECK(to_text(Codec{CodecName::l16, 44100, 2}) == "L16/44100/2");
}

TEST_CASE("every codec we record survives its text form") {
  for (const auto name : {CodecName::pcmu, CodecName::pcma, CodecName::l16}) {
    for (const auto rate : kClockRates) {
      for (std::uint8_t channels = 1; channels <= kMaxChannels; ++channels) {
        const Codec codec{name, rate, channels};
        REQUIRE(parse_codec(to_text(codec)).value() == codec);
      }
    }
  }
}

TEST_CASE("a codec name is matched in either case") {
  CHECK(parse_codec_name("pcmu") == CodecName::pcmu);
  CHECK(parse_codec_name("L16") == CodecName::l16);
  CHECK_FALSE(parse_codec_name("PCM"));
  CHECK_FALSE(parse_codec_name(""));
}

TEST_CASE("a codec we do not record is refused with the value that is wrong") {
  CHECK(make_codec({"G729", 8000, 1}).error().what.find("G729") != std::string::npos);
  CHECK(make_codec({"PCMU", 8001, 1}).error().what.find("8001") != std::string::npos);
  CHECK(make_codec({"L16", 48000, 3}).error().what.find("3 channels") != std::string::npos);
  CHECK(make_codec({"PCMU", -1, 1}).error().code == Errc::unsupported);
  CHECK(make_codec({"PCMU", INT64_MAX, 1}).error().code == Errc::unsupported);
  CHECK(make_codec({"PCMU", 8000, 0}).error().code == Errc::unsupported);
  CHECK(make_codec({"PCMU", 8000, 257}).error().code == Errc::unsupported);
}

TEST_CASE("a codec text that is not NAME/RATE or NAME/RATE/CHANNELS is refused") {
  for (const auto* text :
       {"", "PCMU", "PCMU/", "PCMU/8000/", "PCMU/8000/1/", "PCMU/8000/1/1", "/8000", "PCMU/8k", "PCMU/ 8000"}) {
    INFO(text);
    CHECK_FALSE(parse_codec(text));
  }
}

TEST_CASE("an error about a codec quotes no control bytes and no more than a line") {
  const auto failure = make_codec({std::string(5000, '\n'), 8000, 1}).error();
  CHECK(failure.what.size() < 200);
  CHECK(failure.what.find('\n') == std::string::npos);
}

TEST_CASE("samples are counted in whole instants of all channels") {
  CHECK(Codec{CodecName::pcmu, 8000, 1}.samples_in(160) == 160);
  CHECK(Codec{CodecName::l16, 48000, 2}.samples_in(3840) == 960);
  CHECK(Codec{CodecName::l16, 48000, 2}.samples_in(3843) == 960);
}
