#include "codecs/codec.h"

#include "catch.h"

using namespace assent;

TEST_CASE("a codec's text form is that of an SDP rtpmap") {
  CHECK(to_text(Codec{CodecName::pcmu, 8000, 1}) == "PCMU/8000");
  CHECK(to_text(Codec{CodecName::l16, 44100, 2}) == "L16/44100/2");
}

TEST_CASE("every codec we record survives its text form") {
  std::vector<Codec> all{{CodecName::g722, 8000, 1},
                         {CodecName::opus, 48000, 1},
                         {CodecName::opus, 48000, 2},
                         {CodecName::amr, 8000, 1},
                         {CodecName::amr_wb, 16000, 1},
                         {CodecName::amr, 8000, 1, FramePacking::octet_aligned},
                         {CodecName::g729, 8000, 1},
                         {CodecName::ilbc, 8000, 1},
                         {CodecName::amr_wb, 16000, 1, FramePacking::octet_aligned}};
  for (const auto name : {CodecName::pcmu, CodecName::pcma, CodecName::l16}) {
    for (const auto rate : kClockRates) {
      for (std::uint8_t channels = 1; channels <= kMaxChannels; ++channels) all.push_back({name, rate, channels});
    }
  }
  for (const Codec& codec : all) REQUIRE(parse_codec(to_text(codec)).value() == codec);
  CHECK(parse_codecs(to_text(all)).value() == all);
}

TEST_CASE("a codec name is matched in either case") {
  CHECK(parse_codec_name("pcmu") == CodecName::pcmu);
  CHECK(parse_codec_name("L16") == CodecName::l16);
  CHECK_FALSE(parse_codec_name("PCM"));
  CHECK_FALSE(parse_codec_name(""));
}

TEST_CASE("a codec we do not record is refused with the value that is wrong") {
  CHECK(make_codec({"GSM", 8000, 1}).error().what.find("GSM") != std::string::npos);
  CHECK(make_codec({"G722", 16000, 1}).error().what.find("its RTP clock rate is 8000") != std::string::npos);
  CHECK(make_codec({"opus", 16000, 2}).error().what.find("48000") != std::string::npos);
  CHECK(make_codec({"AMR", 8000, 2}).error().what.find("2 channels") != std::string::npos);
  CHECK(make_codec({"AMR-WB", 16000, 1, "octet-align=1; interleaving=2"}).error().what.find("interleaving") !=
        std::string::npos);
  CHECK(make_codec({"PCMU", 8001, 1}).error().what.find("8001") != std::string::npos);
  CHECK(make_codec({"L16", 48000, 3}).error().what.find("3 channels") != std::string::npos);
  CHECK(make_codec({"PCMU", -1, 1}).error().code == Errc::unsupported);
  CHECK(make_codec({"PCMU", INT64_MAX, 1}).error().code == Errc::unsupported);
  CHECK(make_codec({"PCMU", 8000, 0}).error().code == Errc::unsupported);
  CHECK(make_codec({"PCMU", 8000, 257}).error().code == Errc::unsupported);
}

TEST_CASE("a codec text that is not NAME/RATE or NAME/RATE/CHANNELS is refused") {
  for (const auto* text : {"", " ", "PCMU", "PCMU/", "PCMU/8000/", "PCMU/8000/1/", "PCMU/8000/1/1", "/8000", "PCMU/8k",
                           "PCMU/ 8000", "PCMU /8000"}) {
    INFO(text);
    CHECK_FALSE(parse_codec(text));
  }
}

TEST_CASE("an error about a codec quotes no control bytes and no more than a line") {
  const auto failure = make_codec({std::string(5000, '\n'), 8000, 1}).error();
  CHECK(failure.what.size() < 200);
  CHECK(failure.what.find('\n') == std::string::npos);
}

TEST_CASE("of opus the sound's channels stand in the parameters, not in the rtpmap") {
  CHECK(make_codec({"opus", 48000, 2}).value().channels == 1);
  CHECK(make_codec({"opus", 48000, 2, "sprop-stereo=1;useinbandfec=1"}).value().channels == 2);
  CHECK(make_codec({"OPUS", 48000, 2, " minptime=10; SPROP-STEREO = 1 "}).value().channels == 2);
  CHECK(make_codec({"opus", 48000, 2, "stereo=1;sprop-stereo=0"}).value().channels == 1);
  CHECK(to_text(Codec{CodecName::opus, 48000, 1}) == "opus/48000/2");
}

TEST_CASE("of AMR the parameters say how frames are packed") {
  CHECK(make_codec({"AMR", 8000}).value().packing == FramePacking::compact);
  CHECK(make_codec({"AMR", 8000, 1, "mode-set=0,2; octet-align=1; crc=0"}).value().packing ==
        FramePacking::octet_aligned);
}

TEST_CASE("several codecs are one line, and one of them that is wrong is an error") {
  CHECK(to_text(std::vector<Codec>{{}, {CodecName::opus, 48000, 2}}) == "PCMU/8000, opus/48000/2 sprop-stereo=1");
  CHECK_FALSE(parse_codecs("PCMU/8000,"));
  CHECK_FALSE(parse_codecs(""));
  CHECK_FALSE(parse_codecs("PCMU/8000, GSM/8000"));
}

TEST_CASE("a tick of G.722 is two samples") {
  constexpr Codec g722{CodecName::g722, 8000, 1};
  CHECK(g722.tick_bytes() == 1);
  CHECK(g722.sample_rate() == 16000);
  CHECK(Codec{CodecName::l16, 48000, 2}.tick_bytes() == 4);
  CHECK(Codec{CodecName::opus, 48000, 1}.tick_bytes() == 0);
}
